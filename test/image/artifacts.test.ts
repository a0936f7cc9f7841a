import { describe, expect, it } from 'vitest';
import { artifactsOf } from '../../src/image/artifacts.js';
import type { Role } from '../../src/image/role.js';
import { layers, manifest } from '../fixtures/images.js';

const IRONCORE = 'application/vnd.ironcore.image.';

describe('artifactsOf', () => {
  it.each<[string, Role]>([
    [`${IRONCORE}kernel`, 'kernel'],
    [`${IRONCORE}initramfs`, 'initramfs'],
    [`${IRONCORE}squashfs`, 'squashfs'],
    [`${IRONCORE}cmdline`, 'cmdline'],
    [`${IRONCORE}uki`, 'uki'],
    [`${IRONCORE}iso`, 'iso'],
    [`${IRONCORE}rootfs`, 'disk'],
    [`${IRONCORE}disk.img`, 'disk'],
    [`${IRONCORE}vmlinuz.v1alpha1.vmlinuz`, 'kernel'],
    [`${IRONCORE}initramfs.v1alpha1.initramfs`, 'initramfs'],
    [`${IRONCORE}squashfs.v1alpha1.squashfs`, 'squashfs'],
    [`${IRONCORE}rootfs.v1alpha1.rootfs`, 'disk'],
    ['application/vnd.onmetal.image.vmlinuz.v1alpha1.vmlinuz', 'kernel'],
    ['application/vnd.onmetal.image.initramfs.v1alpha1.initramfs', 'initramfs'],
    ['application/vnd.onmetal.image.rootfs.v1alpha1.rootfs', 'disk'],
    ['application/io.gardenlinux.kernel', 'kernel'],
    ['application/io.gardenlinux.initrd', 'initramfs'],
    ['application/io.gardenlinux.squashfs', 'squashfs'],
  ])('takes %s for the %s', (mediaType, role) => {
    expect(artifactsOf(manifest(layers(mediaType))).map((artifact) => artifact.role)).toEqual([role]);
  });

  it('ignores layers it does not know', () => {
    const found = artifactsOf(manifest(layers('text/markdown', `${IRONCORE}kernel`, 'constructor')));
    expect(found.map(({ role }) => role)).toEqual(['kernel']);
  });

  it('takes the last of a current type before any of a legacy one', () => {
    const all = layers(
      'application/io.gardenlinux.kernel',
      `${IRONCORE}kernel`,
      `${IRONCORE}kernel`,
      `${IRONCORE}vmlinuz.v1alpha1.vmlinuz`,
    );
    expect(artifactsOf(manifest(all))).toEqual([{ role: 'kernel', descriptor: all[2] }]);
  });
});
