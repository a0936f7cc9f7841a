/** What an artifact is for (IronCore image format). `disk` is a root or whole-disk image that an installer writes. */
export const ROLES = ['kernel', 'initramfs', 'squashfs', 'cmdline', 'uki', 'iso', 'disk'] as const;

export type Role = (typeof ROLES)[number];
