import { type ArgumentLayer, changeByWords } from './merged-arguments.js';
import type { PresetName } from './preset-name.js';
import type { Role } from './role.js';

export type PresetArguments =
  | { readonly kind: 'layer'; readonly layer: ArgumentLayer }
  | { readonly kind: 'refused'; readonly reason: string };

type Preset = {
  /** Always given. Keys with values replace what the image says under them, so that there is one of each. */
  readonly words: readonly string[];
  /** By which the system finds its root, in the squashfs layer. */
  readonly root: readonly string[];
  /** The same where there is the ISO of it instead. */
  readonly rootOfIso?: readonly string[];
  /** Keys by which its ISO says that it lies on a disc. */
  readonly disc?: readonly string[];
  /** Whether the root may be elsewhere, such as in the initramfs. */
  readonly isRootOptional?: boolean;
};

const DEFINITIONS: Readonly<Record<PresetName, Preset>> = {
  // Its documentation of booting by iPXE, and the test of its feature _pxe. Its root may lie in the initramfs (/root.squashfs).
  'garden-linux': {
    words: ['ip=dhcp'],
    root: ['gl.ovl=/:tmpfs', 'gl.url={blob.squashfs.url}', 'gl.live=1'],
    isRootOptional: true,
  },
  // fedora-coreos-docs: live-booting. Its rootfs image takes the place of the squashfs.
  'fedora-coreos-live': {
    words: ['ignition.firstboot', 'ignition.platform.id=metal'],
    root: ['coreos.live.rootfs_url={blob.squashfs.url}'],
    disc: ['coreos.liveiso'],
  },
  // flatcar.org: booting by iPXE. Its /usr lies in the initramfs; first_boot runs Ignition.
  'flatcar-live': {
    words: ['flatcar.first_boot=1'],
    root: [],
  },
  // dracut.cmdline(7), and dracut's modules livenet and dmsquash-live.
  'dracut-live': {
    words: ['rd.neednet=1', 'ip=dhcp', 'rd.live.image'],
    root: ['root=live:{blob.squashfs.url}'],
    disc: ['rd.live.check'],
  },
  // live-boot(7). Its 9990-mount-http tells by the end of the URL, .squashfs, what it fetches.
  'debian-live': {
    words: ['boot=live'],
    root: ['fetch={blob.squashfs.url}'],
    disc: ['findiso', 'fromiso'],
  },
  // casper(7). Ubuntu's own initramfs takes a URL that ends in .iso; builds such as netboot.xyz's take a squashfs.
  'ubuntu-casper': {
    words: ['boot=casper', 'netboot=url', 'ip=dhcp'],
    root: ['url={blob.squashfs.url}'],
    rootOfIso: ['url={blob.iso.url}'],
    disc: ['iso-scan/filename'],
  },
  // talos.dev: reference/kernel, what is required and recommended there.
  talos: {
    words: ['talos.platform=metal', 'slab_nomerge', 'pti=on', 'init_on_alloc=1', 'init_on_free=1'],
    root: [],
  },
  // mkinitfs-bootparams(7), and the script of boot.alpinelinux.org. Where packages are (alpine_repo) is the operator's to say.
  alpine: {
    words: ['modules=loop,squashfs', 'ip=dhcp'],
    root: ['modloop={blob.squashfs.url}'],
  },
};

/**
 * Arguments by which these systems fetch their root, or the ISO, into memory, each as it is written here. Others, such as `httpfs` of
 * live-boot, read it from afar.
 */
export const INTO_MEMORY: ReadonlySet<string> = new Set(
  Object.values(DEFINITIONS)
    .flatMap(({ root, rootOfIso = [] }) => [...root, ...rootOfIso])
    .filter((word) => word.includes('{blob.')),
);

/** What `preset NAME` adds to the arguments of an image with these layers, or why it cannot. Pure. */
export function presetArguments(name: PresetName, roles: ReadonlySet<Role>): PresetArguments {
  const { words, root, rootOfIso, disc = [], isRootOptional = false } = DEFINITIONS[name];
  const found = roles.has('squashfs') ? root : roles.has('iso') ? rootOfIso : undefined;
  if (root.length > 0 && found === undefined && !isRootOptional) {
    return {
      kind: 'refused',
      reason: `preset ${name} needs a squashfs layer, and this image has none: add --squashfs to image build`,
    };
  }
  const change = changeByWords([...(found ?? []), ...words], disc);
  return { kind: 'layer', layer: { from: `preset ${name}`, change, isPreset: true } };
}
