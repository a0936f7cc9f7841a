import { describe, expect, it } from 'vitest';
import { placeholdersIn } from '../../src/image/command-line.js';
import { parsePlaceholder } from '../../src/image/placeholders.js';
import { PRESETS, type PresetName } from '../../src/image/preset-name.js';
import { INTO_MEMORY, presetArguments } from '../../src/image/presets.js';
import type { Role } from '../../src/image/role.js';
import { mergedText } from '../fixtures/merged-text.js';

const given = (name: PresetName, roles: readonly Role[], own = '') => {
  const preset = presetArguments(name, new Set(roles));
  return preset.kind === 'refused' ? preset.reason : mergedText(own, preset.layer);
};
const NETWORKED: readonly Role[] = ['kernel', 'initramfs', 'squashfs'];
const SQUASHFS = '{blob.squashfs.url}';

describe('a preset', () => {
  it.each<readonly [PresetName, string]>([
    ['garden-linux', `gl.ovl=/:tmpfs gl.url=${SQUASHFS} gl.live=1 ip=dhcp`],
    ['flatcar-live', 'flatcar.first_boot=1'],
    ['debian-live', `fetch=${SQUASHFS} boot=live`],
    ['ubuntu-casper', `url=${SQUASHFS} boot=casper netboot=url ip=dhcp`],
    ['alpine', `modloop=${SQUASHFS} modules=loop,squashfs ip=dhcp`],
  ])('of %s', (name, always) => {
    expect(given(name, NETWORKED)).toBe(always);
  });

  it('gives what has no value behind what has one', () => {
    expect(given('fedora-coreos-live', NETWORKED)).toBe(
      `coreos.live.rootfs_url=${SQUASHFS} ignition.platform.id=metal ignition.firstboot`,
    );
    expect(given('dracut-live', NETWORKED)).toBe(`root=live:${SQUASHFS} rd.neednet=1 ip=dhcp rd.live.image`);
    expect(given('talos', [])).toBe('talos.platform=metal pti=on init_on_alloc=1 init_on_free=1 slab_nomerge');
  });

  it('says each word once, whatever the image says', () => {
    expect(given('dracut-live', NETWORKED, 'root=/dev/sda1 rd.live.image quiet ip=off ip=x')).toBe(
      `root=live:${SQUASHFS} quiet ip=dhcp rd.neednet=1 rd.live.image`,
    );
  });

  it.each<PresetName>(['fedora-coreos-live', 'dracut-live', 'debian-live', 'ubuntu-casper', 'alpine'])(
    'is refused where the layer of its root is missing: %s',
    (name) => {
      expect(given(name, ['kernel', 'initramfs', 'disk'])).toBe(
        `preset ${name} needs a squashfs layer, and this image has none: add --squashfs to image build`,
      );
    },
  );

  it('has Ubuntu fetch its ISO where there is no squashfs, and says no more that it lies on a disc', () => {
    const said = 'iso-scan/filename=/x quiet';
    expect(given('ubuntu-casper', ['kernel', 'initramfs', 'iso'], said)).toBe(
      'quiet url={blob.iso.url} boot=casper netboot=url ip=dhcp',
    );
    expect(given('ubuntu-casper', [...NETWORKED, 'iso'])).toContain(`url=${SQUASHFS}`);
    expect(given('fedora-coreos-live', NETWORKED, 'coreos.liveiso=fcos quiet')).not.toContain('liveiso');
  });

  it('finds its root in the initramfs', () => {
    expect(given('garden-linux', ['kernel', 'initramfs'])).toBe('ip=dhcp');
    expect(given('flatcar-live', ['kernel', 'initramfs'])).toBe('flatcar.first_boot=1');
  });

  it.each(PRESETS)('names placeholders that there are: %s', (name) => {
    const kinds = placeholdersIn(given(name, NETWORKED)).map((found) => parsePlaceholder(found).kind);
    expect(kinds).toEqual(kinds.map(() => 'url'));
  });

  it('says who wants its words', () => {
    const preset = presetArguments('talos', new Set());
    expect(preset).toMatchObject({ kind: 'layer', layer: { from: 'preset talos', isPreset: true } });
  });
});

it('fetches into memory what holds the URL of a layer, and nothing else', () => {
  expect([...INTO_MEMORY].sort()).toEqual([
    `coreos.live.rootfs_url=${SQUASHFS}`,
    `fetch=${SQUASHFS}`,
    `gl.url=${SQUASHFS}`,
    `modloop=${SQUASHFS}`,
    `root=live:${SQUASHFS}`,
    'url={blob.iso.url}',
    `url=${SQUASHFS}`,
  ]);
});
