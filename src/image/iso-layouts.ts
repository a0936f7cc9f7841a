import type { PresetName } from './preset-name.js';

/** How a family of systems lays out its images. Of each list of paths, the first that there is counts; `*` stands for part of a name. */
export type IsoLayout = {
  /** For people. */
  readonly system: string;
  readonly kernels: readonly string[];
  readonly initramfses: readonly string[];
  /** Of its root file system, which it can fetch. */
  readonly roots?: readonly string[];
  /** Which arguments make it fetch that by network, where there is no CD. */
  readonly preset?: PresetName;
  /** Why it will not find its files when it is booted without the image as a medium. */
  readonly wants?: string;
};

const INSTALL = ['amd', 'a64', '386', 'arm64'].map((name) => `/install.${name}`);

/** The most telling ones first: what several have is last. */
export const ISO_LAYOUTS: readonly IsoLayout[] = [
  {
    system: 'Ubuntu (casper)',
    kernels: ['/casper/vmlinuz', '/casper/vmlinuz.efi', '/casper/hwe-vmlinuz'],
    initramfses: [
      '/casper/initrd',
      '/casper/initrd.lz',
      '/casper/initrd.gz',
      '/casper/initrd.img',
      '/casper/hwe-initrd',
    ],
    preset: 'ubuntu-casper',
  },
  {
    system: 'Debian live',
    kernels: ['/live/vmlinuz', '/live/vmlinuz-*'],
    initramfses: ['/live/initrd.img', '/live/initrd.img-*', '/live/initrd'],
    roots: ['/live/filesystem.squashfs'],
    preset: 'debian-live',
  },
  {
    system: "Debian's installer",
    kernels: INSTALL.map((folder) => `${folder}/vmlinuz`),
    initramfses: INSTALL.map((folder) => `${folder}/initrd.gz`),
    wants: 'its initramfs looks for a CD; that of netboot (debian-installer-*-netboot) does not',
  },
  {
    system: 'Fedora CoreOS',
    kernels: ['/images/pxeboot/vmlinuz'],
    initramfses: ['/images/pxeboot/initrd.img'],
    roots: ['/images/pxeboot/rootfs.img'],
    preset: 'fedora-coreos-live',
  },
  {
    system: 'Fedora live',
    kernels: ['/images/pxeboot/vmlinuz', ...['x86_64', 'aarch64'].map((name) => `/boot/${name}/loader/linux`)],
    initramfses: ['/images/pxeboot/initrd.img', ...['x86_64', 'aarch64'].map((name) => `/boot/${name}/loader/initrd`)],
    roots: ['/LiveOS/squashfs.img', '/LiveOS/rootfs.img'],
    preset: 'dracut-live',
  },
  {
    system: "Fedora's or RHEL's installer",
    kernels: ['/images/pxeboot/vmlinuz'],
    initramfses: ['/images/pxeboot/initrd.img'],
    wants: 'it looks for a medium by its label: name a mirror by inst.repo=',
  },
  {
    system: 'Arch Linux',
    kernels: ['/arch/boot/x86_64/vmlinuz-linux', '/arch/boot/vmlinuz-linux', '/arch/boot/aarch64/vmlinuz-linux'],
    initramfses: [
      '/arch/boot/x86_64/initramfs-linux.img',
      '/arch/boot/initramfs-linux.img',
      '/arch/boot/aarch64/initramfs-linux.img',
    ],
    wants: 'it looks for a medium by its label: name a mirror by archiso_http_srv=',
  },
  {
    system: 'Alpine',
    kernels: ['/boot/vmlinuz-lts', '/boot/vmlinuz-virt', '/boot/vmlinuz-*'],
    initramfses: ['/boot/initramfs-lts', '/boot/initramfs-virt', '/boot/initramfs-*'],
    roots: ['/boot/modloop-lts', '/boot/modloop-virt', '/boot/modloop-*'],
    preset: 'alpine',
  },
  {
    system: 'Flatcar',
    kernels: ['/flatcar/vmlinuz', '/flatcar/vmlinuz-a'],
    initramfses: ['/flatcar/cpio.gz'],
    preset: 'flatcar-live',
  },
  {
    system: 'Talos',
    kernels: ['/boot/vmlinuz'],
    initramfses: ['/boot/initramfs.xz'],
    preset: 'talos',
  },
];
