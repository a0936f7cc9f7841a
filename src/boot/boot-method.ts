/**
 * How an operator wants an image started. `auto`: by whatever is best for the machine; `kernel`: a kernel with its initramfs, of
 * layers or out of a UKI or an ISO; `uki`: a UKI as it is; `iso`: an ISO as it is; `local`: not at all, the machine boots its disk.
 */
export const BOOT_METHODS = ['auto', 'kernel', 'uki', 'iso', 'local'] as const;
export type BootMethod = (typeof BOOT_METHODS)[number];
export type ImageMethod = Exclude<BootMethod, 'local'>;

/** Where an image is wanted all the same: by whoever wishes it for the next boot, or asks what would be. */
export function imageMethod(boot: BootMethod): ImageMethod {
  return boot === 'local' ? 'auto' : boot;
}
