import { describe, expect, it } from 'vitest';
import type { BlobSource } from '../../src/blob/blob-store.js';
import type { Images } from '../../src/booter/mapped-images.js';
import { BootlayerError } from '../../src/errors.js';
import { testBooter } from '../fixtures/booter.js';
import { assignment, IMAGE, MAC, machine, OTHER_MAC, UUID } from '../fixtures/mappings.js';
import { resolvedImage } from '../fixtures/plans.js';
import { settled } from '../fixtures/waiting.js';

/** Of ours. */
const EXIT = 'iseq ${platform} pcbios && exit 0 || exit 1';
const FROM = '10.0.2.15';
const QUERY = { mac: MAC, buildarch: 'x86_64', platform: 'pcbios' };

function images(problem: BootlayerError | 'silent'): Partial<Images> {
  return {
    resolve: () => (problem === 'silent' ? new Promise(() => undefined) : Promise.reject(problem)),
    askedFor: () => (problem === 'silent' ? 8 : undefined),
    sourcesOf: () => [{ name: 'none', fetch: () => Promise.reject(new Error('none')) }],
  };
}

const ADDRESS = '192.168.77.20';
const UNKNOWN = { code: 'BLOB_UNKNOWN' };

describe('Booter.greeting', () => {
  it('reports everything the contract names', () => {
    const { booter } = testBooter();
    const script = booter.greeting(FROM);
    expect(script).toBe(booter.greeting(FROM));
    const report = /boot\/script\?(\S+)/.exec(script)?.[1] ?? '';
    const names = report.split('&').map((pair) => pair.split('=')[0]);
    expect(names).toEqual(
      'mac uuid serial asset manufacturer product hostname ip buildarch platform secureboot memory modules attempt'.split(
        ' ',
      ),
    );
    expect(script).toContain('cpuid --ext 29');
  });
});

describe('Booter.script', () => {
  it('boots kernel and initramfs by digest, with the arguments of all who have a say', async () => {
    const { booter, plans, events } = testBooter({
      image: resolvedImage(['kernel', 'initramfs', 'squashfs'], { commandLine: 'quiet root=live:{blob.squashfs.url}' }),
      assignments: [assignment({ kernelArgs: [{ remove: ['quiet'], append: ['ip=dhcp'] }] })],
      defaults: { kernelArgs: { append: ['console=ttyS0'] } },
    });
    const script = await booter.script(QUERY, FROM);
    const [plan] = plans.kernelPlans;
    const url = (hex = '', name = '') => `http://10.0.2.2:8080/blobs/sha256/${hex.slice(7)}/${name}`;
    const squashfs = url(plan?.extras[0]?.descriptor.digest, 'root.squashfs');
    expect(script).toContain(
      `kernel ${url(plan?.kernel.descriptor.digest, 'vmlinuz')} initrd=initrd root=live:${squashfs} console=ttyS0 ip=dhcp || goto failed`,
    );
    expect(script).toContain(
      `initrd --name initrd ${url(plan?.initramfs[0]?.descriptor.digest, 'initrd')} || goto failed`,
    );
    expect(events.find(({ event }) => event === 'script.sent')).toEqual({
      event: 'script.sent',
      machine: 'node-01',
      address: FROM,
      assignment: 'all',
      image: 'registry.lab:5000/os/debian:12',
      plan: plan?.id,
      way: 'kernel',
    });
  });

  it('warns of too little memory, on the screen and in what is told, and boots all the same', async () => {
    const size = 3 * 2 ** 30;
    const image = resolvedImage(['kernel', 'initramfs', 'squashfs'], { commandLine: 'fetch={blob.squashfs.url}' });
    const artifacts = image.artifacts.map((one) =>
      one.role === 'squashfs' ? { ...one, descriptor: { ...one.descriptor, size } } : one,
    );
    const { booter, events } = testBooter({ image: { ...image, artifacts } });
    const modules = `0008${'.'.repeat(16)}`;
    const script = await booter.script({ ...QUERY, modules }, FROM);
    const warning = 'echo Bootlayer: it needs at least 3073 MiB of memory, and the machine has 2048 MiB\n';
    expect(script.slice(script.indexOf(warning))).toMatch(/^echo .*\n(.*\n)*kernel http:.*\n(.*\n)*boot /);
    const needed = size + 'kernel '.length + 'initramfs '.length;
    expect(events.at(-1)).toMatchObject({ event: 'script.sent', shortage: { needed, has: 2 * 2 ** 30 } });
    for (const enough of [{ memory: '3073' }, {}]) {
      expect(await booter.script({ ...QUERY, ...enough }, FROM)).not.toContain('of memory');
      expect(events.at(-1)).not.toHaveProperty('shortage');
    }
  });

  it('gives the same bytes for the same plan', async () => {
    expect(await testBooter().booter.script(QUERY, FROM)).toBe(await testBooter().booter.script(QUERY, '10.0.2.99'));
  });

  it('makes a plan durable once for a while, however often it is asked for', async () => {
    const { booter, plans, clock } = testBooter();
    for (let turn = 0; turn < 3; turn += 1) await booter.script(QUERY, FROM);
    expect(plans.plans).toHaveLength(1);
    clock.milliseconds += 3_600_000;
    await booter.script(QUERY, FROM);
    expect(plans.plans).toHaveLength(2);
  });

  it.each(['DISK_FULL', 'DATA_UNUSABLE'] as const)(
    'boots though its plan cannot be kept (%s), and tells of it',
    async (code) => {
      const { plans } = testBooter();
      plans.savePlan = () => Promise.reject(new BootlayerError(code, 'no room'));
      const { booter, events } = testBooter({ plans });
      expect(await booter.script(QUERY, FROM)).toContain('Bootlayer: node-01 boots');
      expect(events.find(({ event }) => event === 'plan.unsaved')).toMatchObject({
        machine: 'node-01',
        reason: 'no room',
      });
    },
  );

  it('names a machine that nothing matches', async () => {
    const { booter, events } = testBooter({ assignments: [assignment({ match: { mac: [OTHER_MAC] } })] });
    const script = await booter.script(QUERY, FROM);
    expect(script).toContain('echo Bootlayer: nothing to boot for node-01');
    expect(script).toContain(`echo MAC ${MAC}`);
    expect(script).toContain('echo no assignment matches this machine');
    expect(script.endsWith(`\n${EXIT}\n`)).toBe(true);
    expect(events.at(-1)).toMatchObject({ event: 'script.refused', machine: 'node-01' });
  });

  it('asks for the architecture when neither the machine nor the records know it', async () => {
    const { booter } = testBooter();
    expect(await booter.script({ mac: MAC }, FROM)).toContain('does not report its architecture');
  });

  it('refuses an image that holds only a disk, with that reason', async () => {
    const { booter } = testBooter({ image: resolvedImage(['disk']) });
    expect(await booter.script(QUERY, FROM)).toContain('it holds only a disk image');
  });

  it('refuses arguments that iPXE would take apart', async () => {
    const { booter } = testBooter({ assignments: [assignment({ kernelArgs: [{ append: ['a', '&&', 'shell'] }] })] });
    const script = await booter.script(QUERY, FROM);
    expect(script).toContain('cannot be given by iPXE');
    expect(script).not.toContain('&& shell');
  });

  it('refuses arguments that name what the image does not have', async () => {
    const { booter } = testBooter({
      assignments: [assignment({ kernelArgs: [{ append: ['x={blob.squashfs.url}'] }] })],
    });
    expect(await booter.script(QUERY, FROM)).toContain('blob.squashfs.url');
  });

  it('makes hostile texts of a machine harmless', async () => {
    const { booter } = testBooter({ assignments: [] });
    const hostile = { mac: '', uuid: '', buildarch: '', serial: '${net0/mac} && shell\n#', product: '|| poweroff' };
    const script = await booter.script(hostile, '10.0.2.15 && shell');
    for (const line of script.replace(EXIT, '').split('\n'))
      expect(line).not.toMatch(/^\s*(shell|poweroff)|\$\{|&&|\|\| poweroff/);
  });

  it.each<[string, BootlayerError, string]>([
    [
      'a registry that is down',
      new BootlayerError('REGISTRY_UNREACHABLE', 'the registry is down'),
      'the registry is down',
    ],
    ['a full disk', new BootlayerError('DISK_FULL', '/data is full'), "the disk of the server's data is full"],
    [
      'data that cannot be used',
      new BootlayerError('DATA_UNUSABLE', '/data broke'),
      'the server cannot use its data now',
    ],
  ])('lets the machine wait for %s, within bounds', async (_name, problem, shown) => {
    const { booter, events } = testBooter({ images: images(problem) });
    const script = await booter.script({ ...QUERY, attempt: '3' }, FROM);
    expect(script).toContain(`waits (3 of 60): ${shown}`);
    expect(script).toContain('&attempt=4');
    expect(events.at(-1)).toMatchObject({ event: 'script.waiting', attempt: 3 });
    const last = await booter.script({ ...QUERY, attempt: '60' }, FROM);
    expect(last).toContain(`${shown} (asked 60 times)`);
    expect(last).not.toContain('/boot/script');
  });

  it.each<[string, BootlayerError]>([
    ['an image that is not there', new BootlayerError('IMAGE_NOT_FOUND', 'no such image')],
    ['an image without this architecture', new BootlayerError('IMAGE_NO_PLATFORM', 'it has linux/arm64')],
  ])('says at once that there is %s', async (_name, problem) => {
    const { booter } = testBooter({ images: images(problem) });
    expect(await booter.script(QUERY, FROM)).toContain(`echo ${problem.message}`);
  });

  it('answers in time although the image takes long', async () => {
    const { booter, clock } = testBooter({ images: images('silent') });
    clock.late = true;
    expect(await booter.script(QUERY, FROM)).toContain(
      'node-01 waits (1 of 60): registry.lab:5000/os/debian:12 is being resolved, asking for 8.00 s',
    );
  });

  it('tells a fault of its own to the log with its place, and to the machine only that there is one', async () => {
    const resolve = () => Promise.reject(new TypeError('x is not a function of /secret/path'));
    const { booter, events } = testBooter({ images: { ...images('silent'), resolve } });
    expect(await booter.script(QUERY, FROM)).toContain('waits (1 of 60): internal error');
    expect(events.find(({ event }) => event === 'fault')).toMatchObject({
      doing: 'preparing the boot of node-01',
      reason: 'x is not a function of /secret/path',
      stack: expect.stringContaining('booter.test.ts') as string,
    });
  });

  it('invites no machine while the server ends', async () => {
    const { booter, plans } = testBooter();
    booter.drain();
    expect(await booter.script(QUERY, FROM)).toContain('the server is restarting');
    expect(plans.plans).toEqual([]);
  });
});

describe('Booter.remap', () => {
  it('lets machines boot by the new mapping', async () => {
    const { booter } = testBooter({ assignments: [] });
    expect(await booter.script(QUERY, FROM)).toContain('no assignment matches');
    booter.remap({ machines: [], assignments: [assignment()], defaults: { kernelArgs: { append: ['new=1'] } } });
    const script = await booter.script(QUERY, FROM);
    expect(script).toContain(' new=1 ');
    expect(script).toContain(`Bootlayer: ${MAC} boots`);
  });

  it('goes on serving what issued plans name, and nothing else that is no longer mapped', async () => {
    const [planned, mapped] = [resolvedImage(), resolvedImage(['kernel', 'initramfs', 'squashfs'])];
    const squashfs = mapped.artifacts.find(({ role }) => role === 'squashfs')?.descriptor.digest ?? fail();
    const kernel = planned.artifacts[0]?.descriptor.digest ?? fail();
    const answers = [planned, mapped];
    const { booter } = testBooter({
      images: { resolve: async () => answers.shift() ?? fail(), askedFor: () => undefined, sourcesOf: () => [NOWHERE] },
      assignments: [
        assignment(),
        assignment({ name: 'more', match: { arch: ['amd64'] }, image: { ...IMAGE, tag: '2' } }),
      ],
      machines: [],
    });
    await booter.script({ ...QUERY, buildarch: 'arm64' }, FROM);
    await booter.mapped.resolveAll(new AbortController().signal);
    expect(await booter.artifacts.find({ digest: squashfs }, ADDRESS)).toBeDefined();
    booter.remap({ machines: [], assignments: [], defaults: { kernelArgs: {} } });
    await expect(booter.artifacts.find({ digest: squashfs }, ADDRESS)).rejects.toMatchObject(UNKNOWN);
    expect(await booter.artifacts.find({ digest: kernel }, ADDRESS)).toBeDefined();
  });

  it('serves nothing that the mapping ceased to name while its source was asked', async () => {
    const image = resolvedImage();
    let answer = (_image: typeof image): void => undefined;
    const resolve = () => new Promise<typeof image>((resolved) => (answer = resolved));
    const { booter } = testBooter({
      images: { resolve, askedFor: () => undefined, sourcesOf: () => [NOWHERE] },
      assignments: [assignment({ match: { arch: ['amd64'] } })],
    });
    const resolving = booter.mapped.resolveAll(new AbortController().signal);
    await settled();
    booter.remap({ machines: [], assignments: [], defaults: { kernelArgs: {} } });
    answer(image);
    await resolving;
    const digest = image.artifacts[0]?.descriptor.digest ?? fail();
    await expect(booter.artifacts.find({ digest }, ADDRESS)).rejects.toMatchObject(UNKNOWN);
  });
});

describe('a machine whose facts name two', () => {
  it('is the one its MAC says, and that is told', async () => {
    const machines = [machine(), machine({ name: 'node-02', macs: [OTHER_MAC], uuid: UUID, serial: 'S2' })];
    const { booter, events } = testBooter({ machines });
    expect(await booter.script({ ...QUERY, uuid: UUID, serial: 'S2' }, FROM)).toContain('Bootlayer: node-01 boots');
    // Not before its boot has begun, of which that is told.
    expect(events.at(-1)).toEqual({
      event: 'machine.contradicted',
      machine: 'node-01',
      address: FROM,
      knownBy: 'mac',
      others: 'uuid of node-02, serial of node-02',
    });
  });
});

const NOWHERE: BlobSource = { name: 'none', fetch: () => Promise.reject(new Error('none')) };

function fail(): never {
  throw new Error('the fixture has no kernel');
}
