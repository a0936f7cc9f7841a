import { describe, expect, it } from 'vitest';
import type { IsoWish } from '../../src/boot/assignment.js';
import { ALWAYS, type Policy } from '../../src/boot/policy.js';
import type { ImageWish } from '../../src/image/image.js';
import { type ReadIso, readIso } from '../../src/image/iso.js';
import { layerTypeOf } from '../../src/image/media-type.js';
import { descriptorOf } from '../../src/oci/descriptor.js';
import { hexOf } from '../../src/oci/digest.js';
import { ReadySource } from '../fakes/blob-source.js';
import { testBooter } from '../fixtures/booter.js';
import { OPENED_ISO, readIsoOf } from '../fixtures/contents.js';
import { bzImageHead } from '../fixtures/huge-uki.js';
import { assignment, facts, MAC, machine, OTHER_MAC } from '../fixtures/mappings.js';
import { resolvedImage } from '../fixtures/plans.js';
import { neighbours } from '../fixtures/policies.js';
import { rangesOf } from '../fixtures/ranges.js';
import { isoImage } from '../setup/iso.js';

const FROM = '192.168.77.20';
/** One module of that size, as SMBIOS has it, in the first of sixteen slots. */
const modulesOf = (size: string) => `${size}${'.'.repeat(16)}`;
const BIOS = { mac: MAC, buildarch: 'x86_64', platform: 'pcbios' };
const HTTP = facts({ architecture: 'amd64', firmware: ['uefi-http'], sourceAddress: FROM });

const [INITRD, SQUASHFS] = ['the initramfs of it', 'the root file system of it'];
const [RESCUE_KERNEL, MORE] = [Buffer.concat([bzImageHead(), Buffer.from('rescue')]), 'another initramfs'];
const ISO = await isoImage({
  files: {
    'live/vmlinuz': bzImageHead(),
    'live/initrd.img': INITRD,
    'live/filesystem.squashfs': SQUASHFS,
    'rescue/vmlinuz': RESCUE_KERNEL,
    'rescue/more': MORE,
    'boot/grub/grub.cfg': "menuentry 'Live' {\n linux /live/vmlinuz boot=live $more quiet\n initrd /live/initrd.img\n}",
    'efi.img': Buffer.alloc(2_048, 1),
  },
  options: ['-e', 'efi.img', '-no-emul-boot'],
});
const descriptor = descriptorOf(layerTypeOf('iso'), ISO);
const TRUTH = await readIso(rangesOf(ISO));
/** Whoever answers for the registry says that something else is started. */
const LIE = readIsoOf({ opening: { ...OPENED_ISO, commandLine: 'init=/bin/sh' } });
const HUGE_KERNEL = { ...OPENED_ISO.kernel, part: { offset: 40_960, length: 2 ** 40 } };
const HUGE_LIE = readIsoOf({ opening: { ...OPENED_ISO, kernel: HUGE_KERNEL } });

function step(said: ReadIso | undefined, kernelArgs: readonly string[] = []) {
  const artifacts = [{ role: 'iso' as const, descriptor }];
  const contents = said === undefined ? {} : { contents: { iso: said } };
  const image = resolvedImage([], { artifacts, commandLine: '', ...contents });
  const assignments = [assignment({ kernelArgs: kernelArgs.map((append) => ({ append: [append] })) })];
  return testBooter({ image, source: new ReadySource(ISO), assignments });
}

const partOf = (bytes: Buffer | string) => ({ offset: ISO.indexOf(bytes), length: bytes.length });
const urlOf = (bytes: Buffer | string, name: string) => {
  const { offset, length } = partOf(bytes);
  return `http://10.0.2.2:8080/blobs/sha256/${hexOf(descriptor.digest)}/${offset}+${length}/${name}`;
};

describe('a script of an opened ISO', () => {
  it.each<[string, ReadIso | undefined]>([
    ['says the truth', TRUTH],
    ['says otherwise', LIE],
    ['says nothing', undefined],
    ['says that it is none', { kind: 'refused', reason: 'it is no ISO 9660 image' }],
  ])('goes by its verified bytes, where its registry %s', async (_what, said) => {
    const { booter } = step(said);
    const script = await booter.script(BIOS, FROM);
    expect(script).toContain(`kernel ${urlOf(bzImageHead(), 'vmlinuz')} initrd=initrd boot=live quiet fetch=`);
    expect(script).toContain(` fetch=${urlOf(SQUASHFS, 'root.squashfs')} || goto failed`);
    expect(script).toContain(`initrd --name initrd ${urlOf(INITRD, 'initrd')} || goto failed`);
  });

  it('leads to parts that are kernel, initramfs and root file system to the journal', async () => {
    const { booter } = step(undefined);
    await booter.script(BIOS, FROM);
    const find = (slice: ReturnType<typeof partOf>) =>
      booter.artifacts.find({ digest: descriptor.digest, slice }, FROM);
    expect(await find(partOf(bzImageHead()))).toMatchObject({ role: 'kernel', slice: 'earlier' });
    expect(await find(partOf(INITRD))).toMatchObject({ role: 'initramfs', slice: 'last' });
    expect(await find(partOf(SQUASHFS))).toMatchObject({ role: 'squashfs', slice: 'later' });
  });
});

describe('a script of an ISO as it is', () => {
  const asItIs = ({ policy = ALWAYS, said }: { policy?: Policy; said?: ReadIso | undefined } = {}) =>
    testBooter({
      image: resolvedImage([], {
        ...{ artifacts: [{ role: 'iso', descriptor }], commandLine: '' },
        ...(said !== undefined && { contents: { iso: said } }),
      }),
      source: new ReadySource(ISO),
      neighbours: neighbours({ [FROM]: MAC }),
      assignments: [assignment({ boot: 'iso', policy, kernelArgs: [] })],
    });
  const UEFI = { ...BIOS, platform: 'efi' };
  const url = `http://10.0.2.2:8080/blobs/sha256/${hexOf(descriptor.digest)}/boot.iso`;

  it('has iPXE read it as a disc, where its firmware boots it', async () => {
    const { booter, events } = asItIs();
    expect(await booter.script(UEFI, FROM)).toContain(`sanboot --no-describe ${url} || goto failed\n:failed`);
    expect(events).toContainEqual(expect.objectContaining({ event: 'script.sent', way: 'iso' }));
    expect(await booter.script(BIOS, FROM)).toContain('its ISO has nothing that a BIOS boots');
  });

  it.each<[string, ReadIso | undefined]>([
    ['says nothing', undefined],
    ['says that more is loaded', HUGE_LIE],
  ])('warns of too little memory by its verified bytes, where its registry %s', async (_what, said) => {
    const { booter, events } = asItIs({ said });
    const needed = bzImageHead().length + 2 * INITRD.length;
    expect(await booter.script({ ...UEFI, modules: modulesOf('0180') }, FROM)).toContain('of memory');
    expect(events.at(-1)).toMatchObject({ event: 'script.sent', shortage: { needed, has: 1024 } });
    expect(await booter.script({ ...UEFI, modules: modulesOf('0880') }, FROM)).not.toContain('of memory');
  });

  it('is none where it would never be known that its machine is done', async () => {
    const { booter } = asItIs({ policy: { mode: 'once', doneWhen: 'started' } });
    expect(await booter.script(UEFI, FROM)).toContain('does not show when that is');
  });

  it('is given all the same to a machine that boots it once instead, and need not be done by that', async () => {
    const { booter, standings } = asItIs({ policy: { mode: 'once', doneWhen: 'started' } });
    const next = { id: 'n1', image: 'registry.lab:5000/os/rescue:1', wishedAt: 0 };
    await standings.change({ machine: 'node-01', keys: ['name node-01'] }, (one) => ({ ...one, next }));
    expect(await booter.script(UEFI, FROM)).toContain(`sanboot --no-describe ${url}`);
  });
});

describe('an assignment that says what of the ISO is started', () => {
  const OTHER = { ...BIOS, mac: OTHER_MAC };
  const OTHER_FROM = '192.168.77.21';
  const [KERNEL, RESCUE] = ['/live/vmlinuz', '/rescue/vmlinuz'];
  /** Each machine by an assignment of its own. */
  function twoOf(iso: IsoWish, images = imagesOf()) {
    const machines = [machine({ architecture: 'amd64' }), machine({ name: 'other', macs: [OTHER_MAC] })];
    const assignments = [
      assignment({ name: 'menu', match: { machine: ['node-01'] } }),
      assignment({ name: 'named', match: { machine: ['other'] }, iso }),
    ];
    return testBooter({ images, source: new ReadySource(ISO), machines, assignments });
  }
  /** Whoever answers for the registry says nothing of it, or what is not so. */
  const imagesOf = (said?: ReadIso) => ({
    resolve: async (_reference: unknown, { isoFiles }: ImageWish) =>
      resolvedImage([], {
        ...{ artifacts: [{ role: 'iso' as const, descriptor }], commandLine: '' },
        ...(said !== undefined && { contents: { iso: said } }),
        ...(isoFiles !== undefined && { isoFiles }),
      }),
  });

  it.each<[string, ReadIso | undefined]>([
    ['says nothing', undefined],
    ['says what the menu says', TRUTH],
  ])('has that, and no other machine has, where the registry %s', async (_what, said) => {
    const files = { kernel: RESCUE, initramfs: ['/live/initrd.img', '/rescue/more'] };
    const { booter } = twoOf({ files, kernelArgs: 'rescue n={machine.name}' }, imagesOf(said));
    for (let times = 0; times < 2; times += 1) {
      const named = await booter.script(OTHER, OTHER_FROM);
      const initrds = 'initrd=initrd0 initrd=initrd';
      expect(named).toContain(`kernel ${urlOf(RESCUE_KERNEL, 'vmlinuz')} ${initrds} rescue n=other || goto failed`);
      expect(named).toContain(`initrd --name initrd ${urlOf(MORE, 'initrd')}`);
      const menu = await booter.script(BIOS, FROM);
      expect(menu).toContain(`kernel ${urlOf(bzImageHead(), 'vmlinuz')} initrd=initrd boot=live quiet fetch=`);
      expect(menu).not.toContain('initrd0');
    }
  });

  it('has its machine told as started when the last that it is told to fetch is sent', async () => {
    const { booter } = twoOf({ files: { kernel: KERNEL, initramfs: [] } });
    await booter.script(OTHER, OTHER_FROM);
    await booter.script(BIOS, FROM);
    const find = (address: string, bytes: Buffer | string) =>
      booter.artifacts.find({ digest: descriptor.digest, slice: partOf(bytes) }, address);
    expect(await find(OTHER_FROM, bzImageHead())).toMatchObject({ role: 'kernel', slice: 'last' });
    expect(await find(FROM, bzImageHead())).toMatchObject({ role: 'kernel', slice: 'earlier' });
    expect(await find(FROM, INITRD)).toMatchObject({ role: 'initramfs', slice: 'last' });
  });

  it('counts for its machine no more when its firmware has been given all of the ISO', async () => {
    const booter = testBooter({
      images: imagesOf(TRUTH),
      source: new ReadySource(ISO),
      machines: [machine(), machine({ name: 'other', macs: [OTHER_MAC] })],
      assignments: [
        assignment({
          name: 'named',
          match: { machine: ['other'], firmware: ['bios'] },
          iso: { files: { kernel: KERNEL, initramfs: [] } },
        }),
        assignment(),
      ],
    }).booter;
    const find = () => booter.artifacts.find({ digest: descriptor.digest, slice: partOf(bzImageHead()) }, OTHER_FROM);
    await booter.script(OTHER, OTHER_FROM);
    await booter.script(BIOS, FROM);
    expect(await find()).toMatchObject({ role: 'kernel', slice: 'last' });
    const http = { ...HTTP, macs: [OTHER_MAC], sourceAddress: OTHER_FROM };
    expect(await booter.firmware.file(http, { isHead: false })).toMatchObject({ kind: 'uki', plan: { kind: 'iso' } });
    expect(await find()).toMatchObject({ role: 'kernel', slice: 'earlier' });
  });

  it('has its machine refused where that is not in it, by the path and the key to mend, whoever starts it', async () => {
    const files = { kernel: KERNEL, initramfs: ['/nothing'] };
    const { booter } = twoOf({ files });
    const reason = 'its ISO cannot be opened: /nothing, which iso.initramfs of the assignment names, is not in it';
    expect(await booter.script(OTHER, OTHER_FROM)).toContain(reason);
    expect(await booter.script(BIOS, FROM)).toContain(urlOf(INITRD, 'initrd'));
    const http = { ...HTTP, macs: [OTHER_MAC], sourceAddress: OTHER_FROM };
    expect(await booter.firmware.file(http, { isHead: false })).toMatchObject({ kind: 'loader' });
  });

  it('has UEFI HTTP Boot given iPXE, which starts that', async () => {
    const { booter } = twoOf({ kernelArgs: 'own' }, imagesOf(TRUTH));
    const http = { ...HTTP, macs: [OTHER_MAC], sourceAddress: OTHER_FROM };
    expect(await booter.firmware.file(http, { isHead: false })).toMatchObject({
      kind: 'loader',
      reason: expect.stringContaining('the assignment says what of its ISO is started') as string,
    });
    expect(await booter.firmware.file(HTTP, { isHead: false })).toMatchObject({ kind: 'uki' });
    const script = await booter.script({ ...OTHER, platform: 'efi' }, OTHER_FROM);
    expect(script).toContain(' own fetch=');
    expect(script).not.toContain('quiet');
  });
});

describe('UEFI HTTP Boot', () => {
  it('is given the ISO as it is, which is told of', async () => {
    const { booter, events } = step(TRUTH);
    const file = await booter.firmware.file(HTTP, { isHead: false });
    expect(file).toMatchObject({ kind: 'uki', artifact: { role: 'iso', descriptor }, plan: { kind: 'iso' } });
    expect(events).toContainEqual(expect.objectContaining({ event: 'uki.planned', isIso: true }));
  });

  it('is given iPXE where there are kernel arguments to give', async () => {
    const { booter } = step(TRUTH, ['quiet']);
    const file = await booter.firmware.file(HTTP, { isHead: false });
    expect(file).toMatchObject({
      kind: 'loader',
      reason: expect.stringContaining('kernel arguments are wanted, and an ISO as it is takes none') as string,
    });
  });
});
