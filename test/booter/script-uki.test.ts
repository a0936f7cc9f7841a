import { describe, expect, it } from 'vitest';
import type { ResolvedImage } from '../../src/image/image.js';
import { layerTypeOf } from '../../src/image/media-type.js';
import { type ReadUki, readUki } from '../../src/image/uki.js';
import { descriptorOf } from '../../src/oci/descriptor.js';
import { hexOf } from '../../src/oci/digest.js';
import { ReadySource, ScriptedSource } from '../fakes/blob-source.js';
import { testBooter } from '../fixtures/booter.js';
import { readUkiOf } from '../fixtures/contents.js';
import { bzImageHead } from '../fixtures/huge-uki.js';
import { assignment, MAC } from '../fixtures/mappings.js';
import { PassingClock } from '../fixtures/passing-clock.js';
import { resolvedImage } from '../fixtures/plans.js';
import { neighbours } from '../fixtures/policies.js';
import { program } from '../fixtures/programs.js';
import { rangesOf } from '../fixtures/ranges.js';
import { settled } from '../fixtures/waiting.js';

const FROM = '192.168.77.20';
const BIOS = { mac: MAC, buildarch: 'x86_64', platform: 'pcbios' };
const UEFI = { ...BIOS, platform: 'efi' };

const LINUX = bzImageHead();
const INITRD = Buffer.from('initrd of it');
const UKI = program([
  { name: '.cmdline', contents: 'console=tty1 quiet' },
  { name: '.initrd', contents: INITRD },
  { name: '.linux', contents: LINUX },
]);
/** A part of it can be seen. */
const BIG = program([
  { name: '.text', contents: Buffer.alloc(400_000) },
  { name: '.linux', contents: LINUX },
]);
const descriptor = descriptorOf(layerTypeOf('uki'), UKI);
const [linuxAt, initrdAt] = [UKI.indexOf(LINUX), UKI.indexOf(INITRD)];
const sliceUrl = (offset: number, length: number, name: string) =>
  `http://10.0.2.2:8080/blobs/sha256/${hexOf(descriptor.digest)}/${offset}+${length}/${name}`;
const KERNEL_URL = sliceUrl(linuxAt, LINUX.length, 'vmlinuz');
const INITRD_URL = sliceUrl(initrdAt, INITRD.length, 'initrd');

/** An image of that file alone, of which its registry says that. */
function imageOf(uki: ReadUki | undefined, bytes = UKI): ResolvedImage {
  return {
    ...resolvedImage(['uki'], uki === undefined ? {} : { contents: { uki } }),
    artifacts: [{ role: 'uki', descriptor: descriptorOf(layerTypeOf('uki'), bytes) }],
  };
}

const TRUTH = await readUki(rangesOf(UKI));
/** Whoever answers for the registry says that it is another. */
const LIE = readUkiOf({ commandLine: 'init=/bin/sh', initrds: [{ offset: 0, length: 1 }] });

const step = (image: ResolvedImage, more: Parameters<typeof testBooter>[0] = {}, bytes = UKI) =>
  testBooter({ image, source: new ReadySource(bytes), ...more });

describe('a script of an opened UKI', () => {
  it.each<[string, ReadUki | undefined]>([
    ['says otherwise', LIE],
    ['says nothing', undefined],
    ['says that it is none', { kind: 'refused', reason: 'it is no program of UEFI' }],
  ])('goes by its verified bytes, where its registry %s', async (_what, said) => {
    const { booter } = step(imageOf(said));
    const script = await booter.script(BIOS, FROM);
    expect(script).toContain(`kernel ${KERNEL_URL} initrd=initrd console=tty1 quiet || goto failed`);
    expect(script).toContain(`initrd --name initrd ${INITRD_URL} || goto failed`);
  });

  it.each<[string, ReadUki]>([
    ['the truth', TRUTH],
    ['a lie', LIE],
  ])(
    'leads to parts that are kernel and initramfs to the journal, after %s, and to nothing else',
    async (_what, said) => {
      const { booter, events } = step(imageOf(said));
      await booter.script(BIOS, FROM);
      const part = { offset: linuxAt, length: LINUX.length };
      const found = await booter.artifacts.find({ digest: descriptor.digest, slice: part }, FROM);
      expect(found).toMatchObject({ role: 'kernel', part });
      booter.artifacts.begun(found, { address: FROM, protocol: 'http', range: undefined, sent: () => 0 });
      expect(events.at(-1)).toMatchObject({ event: 'artifact.started', machine: 'node-01', role: 'kernel' });
      const initrd = { offset: initrdAt, length: INITRD.length };
      expect(await booter.artifacts.find({ digest: descriptor.digest, slice: initrd }, FROM)).toMatchObject({
        role: 'initramfs',
      });
      const other = await booter.artifacts.find({ digest: descriptor.digest, slice: { offset: 1, length: 1 } }, FROM);
      expect(other).not.toHaveProperty('part');
    },
  );

  it.each([
    [0, /the UKI of registry\.lab:5000\/os\/debian:12 is on its way: 6\d % of /],
    [1_000, /the UKI of registry\.lab:5000\/os\/debian:12 is on its way: 6\d % of /],
    [5_000, /registry\.lab:5000\/os\/debian:12 is being resolved/],
  ])(
    'is waited for on the screen within five seconds, where it took %i ms to resolve its image',
    async (took, said) => {
      const clock = new PassingClock();
      const source = new ScriptedSource();
      const image = imageOf(undefined, BIG);
      const { booter } = step(image, { clock, source, images: { resolve: () => clock.after(took, image) } });
      const answer = booter.script(BIOS, FROM);
      if (took < 4_000) void source.feed().then((feed) => feed.send(BIG.subarray(0, 300_000)));
      expect(await clock.through(answer)).toMatch(said);
      expect(clock.milliseconds).toBeLessThanOrEqual(4_000);
    },
  );

  it('is neither kept nor told of where the machine has been told to wait', async () => {
    const clock = new PassingClock();
    const image = imageOf(TRUTH);
    const policy = { mode: 'always', doneWhen: 'reported' } as const;
    const assignments = [assignment({ policy, kernelArgs: [{ append: ['done={done.url}'] }] })];
    const late = { clock, assignments, images: { resolve: () => clock.after(4_500, image) } };
    const { booter, plans, events } = step(image, late);
    expect(await clock.through(booter.script(BIOS, FROM))).toContain('is being resolved');
    await clock.through(clock.after(1_000, undefined));
    await settled();
    expect(plans.plans).toEqual([]);
    expect(events.map(({ event }) => event).filter((event) => !event.startsWith('fill'))).toEqual(['script.waiting']);
  });

  it('says what is wrong with one that cannot be opened', async () => {
    const bytes = program([{ name: '.text', contents: 'no kernel' }]);
    const { booter, events } = step(imageOf(undefined, bytes), {}, bytes);
    const script = await booter.script(BIOS, FROM);
    expect(script).toContain('its UKI cannot be opened: it has no section .linux');
    expect(events.map(({ event }) => event)).toContain('script.refused');
  });
});

describe('a script of a UKI as it is', () => {
  it('repeats the arguments of its verified bytes', async () => {
    const { booter, events } = step(imageOf(LIE));
    const script = await booter.script(UEFI, FROM);
    const url = `http://10.0.2.2:8080/blobs/sha256/${hexOf(descriptor.digest)}/boot.efi`;
    expect(script).toContain(`kernel ${url} console=tty1 quiet || goto failed`);
    expect(script).not.toContain('initrd');
    expect(events.find(({ event }) => event === 'script.sent')).toMatchObject({ way: 'uki' });
  });

  it('is refused to a machine that could not be told where to report', async () => {
    const bytes = program(
      [
        { name: '.cmdline', contents: 'quiet' },
        { name: '.linux', contents: LINUX },
      ],
      {
        isSigned: true,
      },
    );
    const policy = { mode: 'once', doneWhen: 'reported' } as const;
    const assignments = [assignment({ policy, kernelArgs: [{ append: ['done={done.url}'] }] })];
    const more = { assignments, neighbours: neighbours({ [FROM]: MAC }) };
    const { booter } = step(imageOf(undefined, bytes), more, bytes);
    const script = await booter.script({ ...UEFI, secureboot: '1' }, FROM);
    expect(script).toContain('it is to report that it is done, and a UKI is not told where');
    expect(await booter.script(UEFI, FROM)).toContain('quiet done=http://10.0.2.2:8080/boot/done/');
  });

  it('says on the screen what is lost under Secure Boot', async () => {
    const bytes = program(
      [
        { name: '.cmdline', contents: 'quiet' },
        { name: '.linux', contents: LINUX },
      ],
      {
        isSigned: true,
      },
    );
    const assignments = [assignment({ kernelArgs: [{ append: ['debug'] }] })];
    const { booter, events } = step(imageOf(undefined, bytes), { assignments }, bytes);
    const script = await booter.script({ ...UEFI, secureboot: '1' }, FROM);
    expect(script).toContain('echo Bootlayer: the kernel arguments of the mapping are not given');
    expect(script).not.toContain('debug');
    expect(events.find(({ event }) => event === 'script.sent')).toMatchObject({
      way: 'uki',
      unmet: ['arguments'],
    });
    // Where nothing is known of Secure Boot, iPXE would not have been started under it.
    expect(await booter.script(UEFI, FROM)).toContain('quiet debug || goto failed');
  });
});
