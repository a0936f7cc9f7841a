import { describe, expect, it } from 'vitest';
import type { DoneWhen } from '../../src/boot/policy.js';
import type { FirmwareFile } from '../../src/booter/firmware-step.js';
import type { Images } from '../../src/booter/mapped-images.js';
import { BootlayerError, type ErrorCode } from '../../src/errors.js';
import type { ImageContents, ResolvedImage } from '../../src/image/image.js';
import { layerTypeOf } from '../../src/image/media-type.js';
import type { Role } from '../../src/image/role.js';
import { descriptorOf } from '../../src/oci/descriptor.js';
import { ReadySource, ScriptedSource } from '../fakes/blob-source.js';
import { testBooter } from '../fixtures/booter.js';
import { readIsoOf, readUkiOf } from '../fixtures/contents.js';
import { assignment, facts, MAC, machine, OTHER_MAC, UUID } from '../fixtures/mappings.js';
import { PassingClock } from '../fixtures/passing-clock.js';
import { resolvedImage } from '../fixtures/plans.js';
import { neighbours } from '../fixtures/policies.js';
import { program } from '../fixtures/programs.js';
import { gate, settled } from '../fixtures/waiting.js';

const GET = { isHead: false };
const HEAD = { isHead: true };

const FROM = '192.168.77.20';
const ASKS = facts({ architecture: 'amd64', firmware: ['uefi-http'], sourceAddress: FROM });
/** Nobody wishes arguments of it. */
const BOTH = resolvedImage(['kernel', 'initramfs', 'squashfs', 'uki'], { commandLine: '' });
const told = (name: string) => expect.objectContaining({ event: name }) as unknown;

const LINUX = { name: '.linux', contents: 'kernel' };
const CMDLINE = { name: '.cmdline', contents: 'quiet' };
const PLAIN = program([CMDLINE, LINUX]);
const SIGNED = program([CMDLINE, LINUX], { isSigned: true });
/** It takes the arguments of its loader. */
const BARE = program([LINUX]);
const LARGE = program([{ name: '.text', contents: Buffer.alloc(400_000) }, CMDLINE, LINUX]);

/** An image of that file alone, and where it comes from. */
function ukiImage(bytes: Buffer, more: Partial<ResolvedImage> = {}) {
  const artifacts = [{ role: 'uki' as const, descriptor: descriptorOf(layerTypeOf('uki'), bytes) }];
  return { image: resolvedImage([], { artifacts, ...more }), source: new ReadySource(bytes) };
}

/** All bytes are there at once, unless they are not: `begins` says when. */
function step({
  begins = async () => 1,
  ...more
}: Parameters<typeof testBooter>[0] & { begins?: () => Promise<number> } = {}) {
  const reader = {
    size: 4,
    available: begins,
    read: async (target: Uint8Array) => target.fill(0).length,
    whole: async () => undefined,
    close: async () => undefined,
  };
  return testBooter({ image: BOTH, blobs: { open: async () => reader, prefetch: () => undefined }, ...more });
}

const failing = (thrown: Error): Partial<Images> => ({ resolve: () => Promise.reject(thrown) });
const loader = (reason: string, code?: ErrorCode): FirmwareFile => ({ kind: 'loader', reason, ...(code && { code }) });

describe('what firmware starts', () => {
  it('is the UKI of the image, planned, kept, and known as the machine’s at its address', async () => {
    const { booter, plans, events, clock } = step();
    const file = await booter.firmware.file(ASKS, GET);
    if (file.kind !== 'uki') return expect.unreachable(file.reason);
    const uki = BOTH.artifacts.find(({ role }) => role === 'uki');
    expect(file.artifact).toEqual({ ...uki, location: BOTH.location });
    expect(file.plan).toMatchObject({ kind: 'uki', machine: 'node-01', assignment: 'all', uki });
    expect(file.plan.extras.map(({ role }) => role)).toEqual(['squashfs']);
    expect(plans.plans).toEqual([file.plan]);
    expect(events).toEqual([
      {
        ...{ event: 'uki.planned', machine: 'node-01', address: FROM, assignment: 'all' },
        ...{ image: BOTH.reference, plan: file.plan.id },
      },
    ]);
    booter.artifacts.begun(file.artifact, { address: FROM, protocol: 'http', range: undefined, sent: () => 0 });
    expect(events.at(-1)).toMatchObject({ event: 'artifact.started', machine: 'node-01', role: 'uki' });
    // It is what the plan names, which a change of the mapping does not end.
    booter.remap({ machines: [], assignments: [], defaults: { kernelArgs: {} } });
    clock.milliseconds += 60_000;
    const { digest } = file.artifact.descriptor;
    expect(await booter.artifacts.find({ digest: digest }, FROM)).toEqual(file.artifact);
  });

  const DISK =
    'it holds only a disk image, which is written to a disk by an installer and not booted: add --kernel and --initramfs, or --uki, to image build';

  it.each<[string, readonly Role[], string]>([
    ['no UKI', ['kernel', 'initramfs'], 'registry.lab:5000/os/debian:12 is started by iPXE: it has no UKI'],
    ['nothing that boots', ['disk'], `registry.lab:5000/os/debian:12 cannot be booted: ${DISK}`],
  ])('is iPXE where the image has %s', async (_, roles, reason) => {
    const { booter, plans, events } = step({ image: resolvedImage(roles) });
    expect(await booter.firmware.file(ASKS, GET)).toEqual(loader(reason));
    expect(plans.plans).toEqual([]);
    expect(events).toEqual([{ event: 'uki.replaced', machine: 'node-01', address: FROM, reason }]);
  });

  it('is iPXE where its bytes cannot be had, or do not come', async () => {
    const broken = step({
      begins: () => Promise.reject(new BootlayerError('REGISTRY_UNREACHABLE', 'cannot reach it')),
    });
    expect(await broken.booter.firmware.file(ASKS, GET)).toEqual(loader('cannot reach it', 'REGISTRY_UNREACHABLE'));
    expect(broken.plans.plans).toEqual([]);
  });

  it('is iPXE, which waits, while the server ends', async () => {
    const { booter } = step();
    booter.drain();
    expect(await booter.firmware.file(ASKS, GET)).toEqual(loader('the server is restarting'));
  });

  it('is told of, where its facts name several machines', async () => {
    const other = machine({ name: 'node-02', macs: [OTHER_MAC], uuid: UUID });
    const { booter, events } = step({ machines: [machine(), other] });
    await booter.firmware.file({ ...ASKS, uuid: UUID }, GET);
    expect(events).toContainEqual(told('machine.contradicted'));
  });

  it('is iPXE where only that can report what decides', async () => {
    const waits = assignment({ name: 'asset', match: { asset: ['A'] } });
    const { booter, plans } = step({ assignments: [waits, assignment()] });
    expect(await booter.firmware.file(ASKS, GET)).toEqual(loader('"asset" waits for what iPXE alone reports'));
    expect(plans.plans).toEqual([]);
  });

  it.each<[string, ResolvedImage]>([
    ['a UKI', BOTH],
    ['an ISO', resolvedImage(['iso'], { commandLine: '', contents: { iso: readIsoOf() } })],
  ])('is iPXE in the place of %s where the machine is to report, which only iPXE tells where', async (_what, image) => {
    const of = (doneWhen: DoneWhen) =>
      step({
        image,
        assignments: [assignment({ policy: { mode: 'once', doneWhen } })],
        neighbours: neighbours({ [FROM]: MAC }),
      }).booter.firmware.file(ASKS, GET);
    expect(await of('reported')).toEqual(
      loader('it is to report that it is done, and what firmware starts is not told where'),
    );
    expect((await of('started')).kind).toBe('uki');
  });

  it('is what a machine boots once instead, which need not report by that', async () => {
    const assignments = [assignment({ policy: { mode: 'once', doneWhen: 'reported' } })];
    const { booter, standings } = step({ assignments, neighbours: neighbours({ [FROM]: MAC }) });
    const next = { id: 'n1', image: 'registry.lab:5000/os/rescue:1', wishedAt: 0 };
    await standings.change({ machine: 'node-01', keys: ['name node-01'] }, (one) => ({ ...one, next }));
    expect((await booter.firmware.file(ASKS, GET)).kind).toBe('uki');
  });

  it('is iPXE, which waits, where the image is late', async () => {
    const { booter, clock, events } = step({ images: { resolve: () => new Promise(() => undefined) } });
    clock.late = true;
    expect(await booter.firmware.file(ASKS, GET)).toEqual(loader('its image is not there yet'));
    expect(events).toEqual([told('uki.replaced')]);
  });

  it.each([
    [new BootlayerError('REGISTRY_UNREACHABLE', 'cannot reach registry.lab:5000'), 'cannot reach registry.lab:5000'],
    [new BootlayerError('IMAGE_NOT_FOUND', 'no such image'), 'no such image'],
    [new BootlayerError('REGISTRY_DENIED', 'denied for robot$secret'), 'the registry refuses access'],
  ])('is iPXE, which shows it, where there is no image: %s', async (thrown, reason) => {
    const { booter, events } = step({ images: failing(thrown) });
    expect(await booter.firmware.file(ASKS, GET)).toEqual(loader(reason, thrown.code));
    expect(events).toEqual([{ event: 'uki.replaced', machine: 'node-01', address: FROM, reason, code: thrown.code }]);
  });

  it('is iPXE where something of ours broke, which is told', async () => {
    const { booter, events } = step({ images: failing(new TypeError('x is not a function')) });
    expect(await booter.firmware.file(ASKS, GET)).toEqual(loader('internal error', 'INTERNAL'));
    expect(events).toMatchObject([
      { event: 'fault', doing: 'choosing what node-01 starts', reason: 'x is not a function' },
      { event: 'uki.replaced', reason: 'internal error' },
    ]);
  });

  it('is nothing for a machine that is not mapped, which is asked anew each time', async () => {
    const { booter, events } = step({ machines: [], assignments: [] });
    const refused = { kind: 'refused', reason: 'no assignment matches this machine', isUnassigned: true };
    expect(await booter.firmware.file(ASKS, GET)).toEqual(refused);
    const { kind: _kind, ...why } = refused;
    expect(events).toEqual([{ event: 'uki.refused', machine: ASKS.macs[0], address: FROM, ...why }]);
    booter.remap({ machines: [], assignments: [assignment()], defaults: { kernelArgs: {} } });
    expect((await booter.firmware.file(ASKS, GET)).kind).toBe('uki');
  });

  it('is nothing for a machine that is to boot its disk, and tells whose word that is', async () => {
    const { booter, events } = step({ assignments: [assignment({ boot: 'local' })] });
    const said = { assignment: 'all', why: 'assigned', reason: 'its assignment says so (boot: local)' };
    expect(await booter.firmware.file(ASKS, GET)).toEqual({ kind: 'local', ...said });
    expect(events).toEqual([{ event: 'uki.local', machine: 'node-01', address: FROM, ...said }]);
  });

  it('is each machine’s own where several are behind one address, and what they fetch is nobody’s then', async () => {
    const { booter, events } = step({ machines: [machine(), machine({ name: 'node-02', macs: [OTHER_MAC] })] });
    const files = [await booter.firmware.file(ASKS, GET)];
    files.push(await booter.firmware.file({ ...ASKS, macs: [OTHER_MAC] }, GET));
    const [, file] = files;
    if (file?.kind !== 'uki') return expect.unreachable();
    expect(files.map((one) => one.kind === 'uki' && one.plan.machine)).toEqual(['node-01', 'node-02']);
    booter.artifacts.begun(file.artifact, { address: FROM, protocol: 'http', range: undefined, sent: () => 0 });
    expect(events.at(-1)).toMatchObject({ event: 'artifact.started', address: FROM });
    expect(events.at(-1)).not.toHaveProperty('machine');
  });

  it('is that of its address where its URL says neither MAC nor UUID, and nothing where it matters who asks', async () => {
    const nameless = { ...ASKS, macs: [] };
    const { booter } = step();
    expect(await booter.firmware.file(nameless, GET)).toMatchObject({ kind: 'uki', plan: { machine: FROM } });
    const policy = { mode: 'once', doneWhen: 'started' } as const;
    const once = step({ assignments: [assignment({ policy })] });
    expect(await once.booter.firmware.file(nameless, GET)).toMatchObject({ kind: 'local', why: 'doubted' });
  });

  it('is the UKI without the kernel arguments that somebody wants, and tells that', async () => {
    for (const more of [
      { defaults: { kernelArgs: { append: ['quiet'] } } },
      { assignments: [assignment({ kernelArgs: [{ remove: ['quiet'] }] })] },
      { machines: [machine({ kernelArgs: { append: ['quiet'] } })] },
    ]) {
      const { booter, events } = testBooter({ ...ukiImage(SIGNED), ...more });
      expect(await booter.firmware.file(ASKS, GET)).toMatchObject({ kind: 'uki', unmet: ['arguments'] });
      expect(events.at(-1)).toMatchObject({ event: 'uki.planned', unmet: ['arguments'] });
    }
  });

  it.each<[string, ImageContents]>([
    ['though its registry has not said what it holds', {}],
    ['whatever its registry says', { uki: readUkiOf({ isSigned: true }) }],
  ])('is iPXE where a UKI that is not signed is to be opened, %s', async (_what, contents) => {
    const { image, source } = ukiImage(PLAIN, { contents });
    const defaults = { kernelArgs: { append: ['debug'] } };
    const { booter } = testBooter({ image, defaults, source });
    expect(await booter.firmware.file(ASKS, GET)).toEqual(
      loader(`${image.reference} is started by iPXE: kernel arguments are given to a kernel that iPXE starts`),
    );
  });

  it.each<[string, ImageContents]>([
    ['where its registry has not said that it has none of its own', {}],
    ['where its registry says that it has its own', { uki: readUkiOf() }],
  ])('is iPXE where the UKI takes the arguments of its image, %s', async (_what, contents) => {
    const { image, source } = ukiImage(BARE, { contents, commandLine: 'console=ttyS0' });
    const { booter } = testBooter({ image, source });
    expect(await booter.firmware.file(ASKS, GET)).toEqual(
      loader(`${image.reference} is started by iPXE: it takes kernel arguments of its loader, and firmware gives none`),
    );
  });

  it('is the UKI of which its registry says that it is none', async () => {
    const none = { kind: 'refused', reason: 'it is no program of UEFI', isProgram: false } as const;
    const { booter } = testBooter(ukiImage(PLAIN, { contents: { uki: none }, commandLine: '' }));
    expect(await booter.firmware.file(ASKS, GET)).toMatchObject({ kind: 'uki', unmet: [] });
  });

  describe('where the UKI is not all there in time', () => {
    const taken = (contents: ImageContents, more: Partial<ResolvedImage> = {}) => {
      const clock = new PassingClock();
      const { image } = ukiImage(LARGE, { contents, ...more });
      const source = new ScriptedSource();
      void source.feed().then((feed) => feed.send(LARGE.subarray(0, 300_000)));
      return { ...testBooter({ clock, image, source }), passing: clock };
    };

    it('is iPXE, which waits, while nothing is known of it, and says so before firmware has given up', async () => {
      const { booter, plans, passing } = taken({});
      const reason = expect.stringMatching(/the UKI of .* is on its way: 6\d % of 393 KiB$/) as string;
      expect(await passing.through(booter.firmware.file(ASKS, GET))).toEqual({ kind: 'loader', reason });
      expect(passing.milliseconds).toBeLessThanOrEqual(3_000);
      expect(plans.plans).toEqual([]);
    });

    it.each<[string, ImageContents, Partial<ResolvedImage>]>([
      ['its registry says that it has arguments of its own', { uki: readUkiOf() }, {}],
      ['nobody wishes others', {}, { commandLine: '' }],
    ])('is the UKI all the same, as it begins to come, where %s', async (_what, contents, more) => {
      const { booter, passing } = taken(contents, more);
      expect(await passing.through(booter.firmware.file(ASKS, GET))).toMatchObject({ kind: 'uki', unmet: [] });
      expect(passing.milliseconds).toBeLessThanOrEqual(200);
    });
  });

  it('is iPXE where the image came too late, of which no plan is kept', async () => {
    const clock = new PassingClock();
    const image = { ...ukiImage(PLAIN).image, commandLine: '' };
    const source = new ReadySource(PLAIN);
    const { booter, plans } = testBooter({ clock, source, images: { resolve: () => clock.after(3_500, image) } });
    expect(await clock.through(booter.firmware.file(ASKS, GET))).toEqual(loader('its image is not there yet'));
    await clock.through(clock.after(1_000, undefined));
    await settled();
    expect(plans.plans).toEqual([]);
  });

  it('is the UKI though its plan cannot be kept', async () => {
    const { booter, plans, events } = step();
    plans.savePlan = () => Promise.reject(new BootlayerError('DISK_FULL', 'no room'));
    expect((await booter.firmware.file(ASKS, GET)).kind).toBe('uki');
    expect(events).toEqual([told('plan.unsaved'), told('uki.planned')]);
  });
});

describe('what firmware starts when it asks again', () => {
  /** Two images, of which the first has a UKI. */
  function changing() {
    let image = BOTH;
    const parts = step({ images: { resolve: async () => image } });
    const change = () => {
      image = resolvedImage(['kernel', 'initramfs']);
    };
    return { ...parts, change };
  }

  it('is the same for fifteen seconds, though the image is another: it has asked for the size', async () => {
    const { booter, clock, events, change } = changing();
    const head = await booter.firmware.file(ASKS, HEAD);
    change();
    clock.milliseconds = 14_999;
    expect(await booter.firmware.file(ASKS, GET)).toBe(head);
    expect(events).toHaveLength(1);
    clock.milliseconds = 15_000;
    expect((await booter.firmware.file(ASKS, GET)).kind).toBe('loader');
    expect(events).toEqual([told('uki.planned'), told('uki.replaced')]);
  });

  it('is chosen anew by a HEAD that is not the same attempt', async () => {
    const { booter, clock, change } = changing();
    await booter.firmware.file(ASKS, HEAD);
    change();
    clock.milliseconds = 1_999;
    expect((await booter.firmware.file(ASKS, HEAD)).kind).toBe('uki');
    clock.milliseconds = 14_000;
    expect((await booter.firmware.file(ASKS, HEAD)).kind).toBe('loader');
    clock.milliseconds = 28_000;
    expect((await booter.firmware.file(ASKS, GET)).kind).toBe('loader');
  });

  it('is nothing any more, however it asks, from the moment in which the machine is done', async () => {
    const policy = { mode: 'once', doneWhen: 'started' } as const;
    const { booter, clock, standings } = step({
      assignments: [assignment({ policy })],
      neighbours: neighbours({ [FROM]: MAC }),
    });
    expect((await booter.firmware.file(ASKS, HEAD)).kind).toBe('uki');
    const done = { at: 1, by: 'operator' } as const;
    await standings.change({ machine: 'node-01', keys: ['name node-01'] }, (one) => ({ ...one, done }));
    clock.milliseconds = 1;
    const reason = expect.stringContaining('it is done since') as string;
    const refused = { kind: 'local', assignment: 'all', why: 'done', reason };
    expect(await booter.firmware.file(ASKS, HEAD)).toEqual(refused);
    expect(await booter.firmware.file(ASKS, GET)).toEqual(refused);
    await standings.change({ machine: 'node-01', keys: ['name node-01'] }, ({ done: _, ...one }) => one);
    expect((await booter.firmware.file(ASKS, GET)).kind).toBe('uki');
    // It is judged anew, so that the wish is known to be of this boot.
    const wish = { at: 1, wishedAt: 1 };
    await standings.change({ machine: 'node-01', keys: ['name node-01'] }, (one) => ({ ...one, reprovision: wish }));
    expect((await booter.firmware.file(ASKS, GET)).kind).toBe('uki');
    expect(standings.of(['name node-01'])?.reprovision?.boot).toBeDefined();
  });

  it('is by the mapping in force', async () => {
    const { booter } = step();
    expect((await booter.firmware.file(ASKS, HEAD)).kind).toBe('uki');
    booter.remap({ machines: [], assignments: [], defaults: { kernelArgs: {} } });
    expect((await booter.firmware.file(ASKS, GET)).kind).toBe('refused');
  });

  it('is nobody’s else who asks in its name from elsewhere', async () => {
    const { booter, change } = changing();
    await booter.firmware.file({ ...ASKS, sourceAddress: '10.9.9.9' }, GET);
    change();
    expect((await booter.firmware.file(ASKS, GET)).kind).toBe('loader');
  });

  it('is iPXE again, though the UKI is there now', async () => {
    const { passed, open } = gate();
    const { booter, clock } = step({ images: { resolve: () => passed.then(() => BOTH) } });
    clock.late = true;
    expect((await booter.firmware.file(ASKS, GET)).kind).toBe('loader');
    clock.late = false;
    open();
    await settled();
    expect((await booter.firmware.file(ASKS, GET)).kind).toBe('loader');
    clock.milliseconds = 15_000;
    expect((await booter.firmware.file(ASKS, GET)).kind).toBe('uki');
  });

  it('is its own, and no other machine’s', async () => {
    const { booter, change } = changing();
    await booter.firmware.file(ASKS, GET);
    change();
    expect((await booter.firmware.file({ ...ASKS, macs: [OTHER_MAC] }, GET)).kind).toBe('loader');
  });

  it('is that of its own architecture, though somebody has asked in its name for another', async () => {
    const { booter, change } = changing();
    await booter.firmware.file({ ...ASKS, architecture: 'arm64' }, GET);
    change();
    expect((await booter.firmware.file(ASKS, GET)).kind).toBe('loader');
  });

  it('is remembered of ten thousand machines', async () => {
    const { booter, change } = changing();
    await booter.firmware.file(ASKS, GET);
    change();
    const ask = (from: number, to: number) =>
      Promise.all(
        Array.from({ length: to - from }, (_, index) =>
          booter.firmware.file(
            {
              ...ASKS,
              macs: [],
              sourceAddress: `10.0.${(from + index) >> 8}.${(from + index) & 255}`,
            },
            GET,
          ),
        ),
      );
    await ask(0, 9_999);
    expect((await booter.firmware.file(ASKS, GET)).kind).toBe('uki');
    await ask(10_000, 10_001);
    expect((await booter.firmware.file(ASKS, GET)).kind).toBe('loader');
  });
});
