import type { Role } from './role.js';

/** How much a layer's type is worth: within one manifest the current name of a role beats its older ones. */
export type LayerKind = { readonly role: Role; readonly age: 'current' | 'legacy' };

const IRONCORE = 'application/vnd.ironcore.image.';
const ONMETAL = 'application/vnd.onmetal.image.';
const GARDEN_LINUX = 'application/io.gardenlinux.';

/**
 * Layer types by role (ironcore-image OCI-SPEC.md and image.go, its history under the name onmetal, Garden Linux as
 * boot-operator reads it). `rootfs` is what an installer writes to a disk, as `disk.img` is.
 */
const CURRENT: Readonly<Record<string, Role>> = {
  [`${IRONCORE}kernel`]: 'kernel',
  [`${IRONCORE}initramfs`]: 'initramfs',
  [`${IRONCORE}squashfs`]: 'squashfs',
  [`${IRONCORE}cmdline`]: 'cmdline',
  [`${IRONCORE}uki`]: 'uki',
  [`${IRONCORE}iso`]: 'iso',
  [`${IRONCORE}disk.img`]: 'disk',
  [`${IRONCORE}rootfs`]: 'disk',
};

const LEGACY: Readonly<Record<string, Role>> = {
  [`${IRONCORE}vmlinuz.v1alpha1.vmlinuz`]: 'kernel',
  [`${IRONCORE}initramfs.v1alpha1.initramfs`]: 'initramfs',
  [`${IRONCORE}squashfs.v1alpha1.squashfs`]: 'squashfs',
  [`${IRONCORE}rootfs.v1alpha1.rootfs`]: 'disk',
  [`${ONMETAL}vmlinuz.v1alpha1.vmlinuz`]: 'kernel',
  [`${ONMETAL}initramfs.v1alpha1.initramfs`]: 'initramfs',
  [`${ONMETAL}rootfs.v1alpha1.rootfs`]: 'disk',
  [`${GARDEN_LINUX}kernel`]: 'kernel',
  [`${GARDEN_LINUX}initrd`]: 'initramfs',
  [`${GARDEN_LINUX}squashfs`]: 'squashfs',
};

/** undefined for layers that are nobody's: they are ignored. */
export function layerKindOf(mediaType: string): LayerKind | undefined {
  const current = Object.hasOwn(CURRENT, mediaType) ? CURRENT[mediaType] : undefined;
  if (current !== undefined) return { role: current, age: 'current' };
  const legacy = Object.hasOwn(LEGACY, mediaType) ? LEGACY[mediaType] : undefined;
  return legacy === undefined ? undefined : { role: legacy, age: 'legacy' };
}

/** The type a role is written with. */
const WRITTEN: Readonly<Record<Role, string>> = {
  kernel: `${IRONCORE}kernel`,
  initramfs: `${IRONCORE}initramfs`,
  squashfs: `${IRONCORE}squashfs`,
  cmdline: `${IRONCORE}cmdline`,
  uki: `${IRONCORE}uki`,
  iso: `${IRONCORE}iso`,
  disk: `${IRONCORE}disk.img`,
};

export function layerTypeOf(role: Role): string {
  return WRITTEN[role];
}

export const IMAGE_CONFIG = `${IRONCORE}config.v1+json`;
