import { describe, expect, it } from 'vitest';
import { artifactsOf, type PlanInput, planBoot, startOf } from '../../src/boot/plan.js';
import { planScript } from '../../src/booter/boot-script.js';
import { BootUrls } from '../../src/booter/boot-urls.js';
import { roomForArguments } from '../../src/image/argument-room.js';
import type { Starter } from '../../src/image/bootable.js';
import { artifactOf, type ResolvedImage } from '../../src/image/image.js';
import type { Role } from '../../src/image/role.js';
import { digestOf } from '../../src/oci/digest.js';
import { OPENED_ISO, readIsoOf, readUkiOf } from '../fixtures/contents.js';
import { assignment, facts, machine } from '../fixtures/mappings.js';
import { resolvedImage } from '../fixtures/plans.js';

const ROLES: readonly Role[] = ['kernel', 'initramfs', 'squashfs', 'cmdline', 'uki', 'iso', 'disk'];
const BIOS: Starter = { client: 'ipxe-bios', architecture: 'amd64' };
const UEFI: Starter = { client: 'ipxe-uefi', architecture: 'amd64' };
const HTTP: Starter = { client: 'uefi-http', architecture: 'amd64' };
const QUIET = { append: ['quiet'] };

const input = (more: Partial<PlanInput> = {}): PlanInput => ({
  subject: { name: 'node-01', facts: facts(), contradictions: [], mayBeKnown: false },
  assignment: assignment(),
  image: resolvedImage(ROLES),
  defaults: {},
  starter: BIOS,
  ...more,
});

/** Of an image that has nothing else. */
const ukiAlone = (more: Parameters<typeof readUkiOf>[0] = {}): ResolvedImage =>
  resolvedImage(['uki', 'squashfs'], { contents: { uki: readUkiOf(more) } });

function planned(more: Partial<PlanInput> = {}) {
  const planning = planBoot(input(more));
  return planning.kind === 'plan' ? planning : expect.unreachable(planning.reason);
}

const of = (image: ResolvedImage, role: Role) => artifactOf(image, role) ?? expect.unreachable();

describe('a plan for layers', () => {
  it('names kernel, initramfs, arguments, what they may ask for, and where all of it is from', () => {
    const { id, ...plan } = planned().plan;
    const image = resolvedImage(ROLES);
    const { reference, location, digest, manifestDigest } = image;
    expect(plan).toEqual({
      ...{ kind: 'kernel', machine: 'node-01', assignment: 'all' },
      image: { reference, location, digest, manifestDigest },
      extras: [of(image, 'squashfs'), of(image, 'disk')],
      ...{ kernel: of(image, 'kernel'), initramfs: [of(image, 'initramfs')], kernelArgs: 'console=ttyS0' },
      argumentRoom: roomForArguments('amd64'),
    });
    expect(id).toBe(digestOf(Buffer.from(JSON.stringify(plan))));
  });

  it('fetches kernel and initramfs first', () => {
    const { plan } = planned();
    expect(startOf(plan).map(({ role }) => role)).toEqual(['kernel', 'initramfs']);
    expect(artifactsOf(plan).map(({ role }) => role)).toEqual(['kernel', 'initramfs', 'squashfs', 'disk']);
  });

  it('is the same for the same, and another for another machine, assignment, image or argument', () => {
    const subject = { ...input().subject, machine: machine({ kernelArgs: QUIET }) };
    const ids = [
      {},
      { subject: { ...input().subject, name: 'node-02' } },
      { assignment: assignment({ name: 'other' }) },
      { image: resolvedImage(ROLES, { manifestDigest: digestOf(Buffer.from('other')) }) },
      { subject },
    ].map((more) => planned(more).plan.id);
    expect(new Set(ids).size).toBe(5);
    expect(planned().plan.id).toBe(ids[0]);
  });
});

describe('a plan for a UKI as it is', () => {
  it('is by the firmware without arguments, which are lost', () => {
    const image = ukiAlone({ isSigned: true });
    const { plan, choice, words } = planned({ image, starter: HTTP, defaults: QUIET });
    expect(plan).toMatchObject({ kind: 'uki', by: 'firmware', uki: of(image, 'uki') });
    expect(plan).not.toHaveProperty('kernelArgs');
    expect(choice.unmet).toEqual(['arguments']);
    expect(words.map(({ text, from }) => `${text} ${from}`)).toEqual(['console=tty1 uki', 'quiet uki']);
  });

  it('is by iPXE with its own arguments, which its stub would not give it otherwise', () => {
    const { plan } = planned({ image: ukiAlone(), starter: UEFI });
    expect(plan).toMatchObject({ kind: 'uki', by: 'ipxe', kernelArgs: 'console=tty1 quiet' });
    expect(startOf(plan).map(({ role }) => role)).toEqual(['uki']);
  });

  it('takes other arguments where it has none itself', () => {
    const { plan, choice } = planned({ image: ukiAlone({ hasNoCommandLine: true }), starter: UEFI, defaults: QUIET });
    expect(plan).toMatchObject({ kind: 'uki', by: 'ipxe', kernelArgs: 'console=ttyS0 quiet' });
    expect(choice.unmet).toEqual([]);
  });
});

describe('a plan for an ISO', () => {
  const isoAlone = (opening: object = {}, more: Partial<ResolvedImage> = {}): ResolvedImage =>
    resolvedImage(['iso'], {
      ...{ commandLine: '', contents: { iso: readIsoOf({ opening: { ...OPENED_ISO, ...opening } }) } },
      ...more,
    });

  it('as it is has nothing but that', () => {
    const image = isoAlone();
    const { plan, words } = planned({ image, starter: HTTP });
    expect(plan).toMatchObject({ kind: 'iso', iso: of(image, 'iso'), by: 'firmware', extras: [] });
    expect([startOf(plan), words]).toEqual([[of(image, 'iso')], []]);
    const closed = isoAlone({}, { contents: { iso: readIsoOf({ opening: { kind: 'closed', reason: 'no kernel' } }) } });
    expect(planned({ image: closed }).plan).toMatchObject({ kind: 'iso', iso: of(image, 'iso'), by: 'ipxe' });
  });

  it('as it is says what its boot loader loads of it, where that is known', () => {
    const initrds = [1_000, 500].map((length) => ({ path: '/initrd', part: { offset: 43_008, length } }));
    const ofIso = (image: ResolvedImage) => planned({ image, starter: HTTP }).plan;
    const read = ofIso(isoAlone({ initrds }));
    expect(read).toMatchObject({ kind: 'iso', loads: { kernel: 2_048, initramfs: 1_500 } });
    const unread = ofIso(isoAlone({}, { contents: {} }));
    expect(unread).not.toHaveProperty('loads');
    expect(unread.id).not.toBe(read.id);
  });

  it('that is opened names parts of its layer, and the arguments of its menu', () => {
    const image = isoAlone();
    const { descriptor } = of(image, 'iso');
    const { plan, words } = planned({ image, defaults: QUIET });
    expect(plan).toMatchObject({
      kind: 'kernel',
      kernel: { role: 'kernel', descriptor, part: OPENED_ISO.kernel.part },
      initramfs: [{ role: 'initramfs', descriptor, part: OPENED_ISO.initrds[0].part }],
      kernelArgs: `${OPENED_ISO.commandLine} quiet`,
      extras: [],
    });
    expect(words[0]).toEqual({ text: 'boot=live', from: 'iso' });
  });

  it('has the arguments of the image in place of those', () => {
    const { plan, words } = planned({ image: isoAlone({}, { commandLine: 'own' }) });
    expect(plan).toMatchObject({ kernelArgs: 'own' });
    expect(words).toEqual([{ text: 'own', from: 'image' }]);
  });

  it('has those that the assignment says in place of both, with what the mapping changes of them', () => {
    const said = assignment({ iso: { kernelArgs: 'n={machine.name} quiet' }, kernelArgs: [{ remove: ['quiet'] }] });
    for (const commandLine of ['', 'own']) {
      const { plan, words } = planned({ image: isoAlone({}, { commandLine }), assignment: said });
      expect(plan).toMatchObject({ kernelArgs: 'n=node-01' });
      expect(words).toEqual([{ text: 'n=node-01', from: 'assignment iso', written: 'n={machine.name}' }]);
    }
  });

  it('by what the assignment says is no plan of another image', () => {
    const said = assignment({ iso: { files: { kernel: '/k', initramfs: [] }, kernelArgs: 'x' } });
    const image = ukiAlone({ commandLine: 'own' });
    expect(planned({ image, assignment: said }).plan).toEqual(planned({ image }).plan);
  });

  it('of a known system has it fetch its root, as part of the layer, without being told', () => {
    const root = { path: '/live/filesystem.squashfs', part: { offset: 65_536, length: 4_096 } };
    const image = isoAlone({ root, preset: 'debian-live' });
    const { plan } = planned({ image });
    expect(plan).toMatchObject({
      kernelArgs: 'boot=live quiet fetch={blob.squashfs.url}',
      extras: [{ role: 'squashfs', descriptor: of(image, 'iso').descriptor, part: root.part }],
    });
    const talos = { kernelArgs: [{ preset: 'talos' as const }] };
    expect(planned({ image, assignment: assignment(talos) }).plan).not.toMatchObject({
      kernelArgs: expect.stringContaining('fetch=') as string,
    });
  });

  it('that a system fetches whole is served for that', () => {
    const image = isoAlone({ preset: 'ubuntu-casper', commandLine: '---' });
    const { plan } = planned({ image });
    expect(plan).toMatchObject({ extras: [of(image, 'iso')] });
    expect(plan).toMatchObject({ kernelArgs: expect.stringContaining('url={blob.iso.url}') as string });
  });

  it('has UEFI HTTP Boot given iPXE where there are arguments to give', () => {
    const planning = planBoot(input({ image: isoAlone(), starter: HTTP, defaults: QUIET }));
    expect(planning).toMatchObject({
      kind: 'loader',
      reason: expect.stringContaining('kernel arguments are wanted, and an ISO as it is takes none') as string,
    });
  });
});

describe('a plan for an opened UKI', () => {
  it('names parts of its layer, and its own arguments with the changes', () => {
    const early = { offset: 100, length: 50 };
    const image = ukiAlone({ initrds: [early, { offset: 8_192, length: 1_000 }] });
    const { descriptor } = of(image, 'uki');
    const { plan, words } = planned({ image, defaults: QUIET });
    expect(plan).toMatchObject({
      kind: 'kernel',
      kernel: { role: 'kernel', descriptor, part: { offset: 4_096, length: 2_048 } },
      initramfs: [
        { role: 'initramfs', descriptor, part: early },
        { role: 'initramfs', descriptor, part: { offset: 8_192, length: 1_000 } },
      ],
      kernelArgs: 'console=tty1 quiet quiet',
      extras: [of(image, 'squashfs')],
    });
    expect(words).toHaveLength(3);
  });

  it('has as much room for arguments as the names of its initrds leave', () => {
    const initrds = [0, 1, 2].map((position) => ({ offset: 100 + position * 50, length: 50 }));
    const plans = [initrds, initrds.slice(1), []].map((some) => {
      const { plan } = planned({ image: ukiAlone({ initrds: some }) });
      const script = planScript(plan, new BootUrls(() => 'http://10.0.2.2'));
      const [, names = ''] = /^kernel \S+ ((?:initrd=\S+ )*)/m.exec(script.kind === 'script' ? script.text : '') ?? [];
      return { room: plan.kind === 'kernel' && plan.argumentRoom, names };
    });
    expect(plans).toEqual([
      { room: 2_047 - 'vmlinuz '.length - 44, names: 'initrd=initrd0 initrd=initrd1 initrd=initrd ' },
      { room: 2_047 - 'vmlinuz '.length - 29, names: 'initrd=initrd0 initrd=initrd ' },
      { room: 2_047 - 'boot.efi '.length, names: '' },
    ]);
  });

  it('may have no initramfs, and the arguments of the image where the UKI has none', () => {
    const { plan } = planned({ image: ukiAlone({ initrds: [], hasNoCommandLine: true }) });
    expect(plan).toMatchObject({ initramfs: [], kernelArgs: 'console=ttyS0' });
  });
});

it('has UEFI HTTP Boot given iPXE, and says why', () => {
  expect(planBoot(input({ image: resolvedImage(), starter: HTTP }))).toMatchObject({
    ...{
      kind: 'loader',
      reason: 'registry.lab:5000/os/debian:12 is started by iPXE: it has no UKI',
      choice: { way: 'kernel', by: 'ipxe' },
    },
  });
  expect(planBoot(input({ image: ukiAlone(), starter: HTTP, defaults: QUIET }))).toMatchObject({
    ...{ kind: 'loader', choice: { way: 'opened' } },
    reason: expect.stringContaining('by iPXE: kernel arguments are given to a kernel that iPXE starts') as string,
  });
});

it('is none where nothing can be started', () => {
  expect(planBoot(input({ image: resolvedImage(['kernel']) }))).toMatchObject({
    kind: 'refused',
    reason:
      'registry.lab:5000/os/debian:12 cannot be booted: it has a kernel but no initramfs: add --initramfs to image build',
  });
});
