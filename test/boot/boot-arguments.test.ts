import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type ArgumentsInput, bootArguments, ownArguments } from '../../src/boot/boot-arguments.js';
import { fillPlaceholders, type KernelArgs, placeholdersIn } from '../../src/image/command-line.js';
import type { Role } from '../../src/image/role.js';
import { assignment, facts, machine } from '../fixtures/mappings.js';
import { resolvedImage } from '../fixtures/plans.js';

const LIVE: readonly Role[] = ['kernel', 'initramfs', 'squashfs'];

type Wishes = {
  readonly defaults?: KernelArgs;
  readonly args?: readonly KernelArgs[];
  readonly ofMachine?: KernelArgs;
  readonly architecture?: string;
  readonly roles?: readonly Role[];
};

function input({ defaults = {}, args = [], ofMachine = {}, architecture, roles = LIVE }: Wishes): ArgumentsInput {
  const reported = facts(architecture === undefined ? {} : { architecture });
  return {
    subject: {
      ...{ name: 'node-01', contradictions: [], mayBeKnown: false, facts: reported },
      machine: machine({ kernelArgs: ofMachine, labels: { rack: 'r1' } }),
    },
    assignment: assignment({ kernelArgs: args }),
    defaults,
    image: resolvedImage(roles),
  };
}

const told = (wishes: Wishes, commandLine = 'quiet') => {
  const args = bootArguments(input(wishes), { from: 'image', commandLine });
  return args.kind === 'refused' ? args.reason : args.words.map(({ text, from }) => `${text} (${from})`);
};

describe('the arguments of a boot', () => {
  it('are merged in the order of who says more of the machine', () => {
    expect(
      told({
        defaults: { append: ['a={machine.name}'] },
        args: [
          { from: 'defaults "serial"', append: ['b=1'] },
          { append: ['c={machine.label.rack}/{assignment.name}'] },
        ],
        ofMachine: { append: ['d={done.url}'] },
      }),
    ).toEqual([
      ...['quiet (image)', 'a=node-01 (defaults)', 'b=1 (defaults "serial")', 'c=r1/all (assignment)'],
      'd={done.url} (machine)',
    ]);
  });

  it('are those of a UKI where its kernel is started', () => {
    const args = bootArguments(input({}), { from: 'uki', commandLine: 'x={machine.name}' });
    expect(args).toMatchObject({ kind: 'arguments', words: [{ text: 'x=node-01', from: 'uki' }] });
  });

  it('take a preset, then consoles, then what is said beside them', () => {
    const kernelArgs = { preset: 'debian-live', consoles: true, remove: ['quiet'], append: ['console=hvc0'] } as const;
    expect(told({ args: [kernelArgs] }, 'quiet console=ttyS1 fetch=x')).toEqual([
      'fetch={blob.squashfs.url} (preset debian-live)',
      'boot=live (preset debian-live)',
      'console=tty0 (consoles)',
      'console=ttyS0,115200n8 (consoles)',
      'console=hvc0 (assignment)',
    ]);
  });

  it('take the last of several presets alone, where it stands', () => {
    const wishes = { defaults: { preset: 'debian-live' }, ofMachine: { preset: 'flatcar-live' } } as const;
    expect(told({ ...wishes, args: [{ append: ['x'] }], roles: ['kernel', 'initramfs'] })).toEqual([
      'quiet (image)',
      'x (assignment)',
      'flatcar.first_boot=1 (preset flatcar-live)',
    ]);
  });

  it('let the operator change or remove what a preset says', () => {
    const defaults = { preset: 'dracut-live' } as const;
    expect(
      told({ defaults, args: [{ append: ['ip=10.0.0.1'] }], ofMachine: { remove: ['rd.live.image'] } }, ''),
    ).toEqual([
      'root=live:{blob.squashfs.url} (preset dracut-live)',
      'rd.neednet=1 (preset dracut-live)',
      'ip=10.0.0.1 (assignment)',
    ]);
  });

  it('take the consoles of the architecture that is booted', () => {
    const defaults = { consoles: true } as const;
    expect(told({ defaults, architecture: 'arm64' }, '')).toEqual([
      'console=tty0 (consoles)',
      'console=ttyAMA0,115200n8 (consoles)',
    ]);
    expect(told({ defaults }, '')).toContain('console=ttyS0,115200n8 (consoles)');
    expect(told({ defaults, architecture: 'ppc64le' })).toContain('not of ppc64le');
  });

  it('are refused for a preset whose layer is missing', () => {
    expect(told({ defaults: { preset: 'alpine' }, roles: ['kernel', 'initramfs'] })).toBe(
      'preset alpine needs a squashfs layer, and this image has none: add --squashfs to image build',
    );
  });

  it('are refused where a value is not known, which may be another for another machine', () => {
    const args = bootArguments(input({ defaults: { append: ['h={machine.hostname}'] } }), {
      ...{ from: 'image', commandLine: '' },
    });
    expect(args).toEqual({
      kind: 'refused',
      reason:
        'the kernel arguments hold {machine.hostname}, which is not known of node-01: say its hostname in machines',
      isOfMachine: true,
    });
    const alike = bootArguments(input({ roles: [], defaults: { preset: 'alpine' } }), {
      from: 'image',
      commandLine: '',
    });
    expect(alike).toMatchObject({ kind: 'refused', isOfMachine: false });
  });

  it('are refused for a folder whose name is several words, whatever the machine is', () => {
    const image = resolvedImage(LIVE, { reference: 'oci:/my images:1' });
    const args = bootArguments({ ...input({}), image }, { from: 'image', commandLine: 'x={image.reference}' });
    expect(args).toMatchObject({
      kind: 'refused',
      reason: expect.stringContaining('{image.reference}, and what is configured for it has spaces') as string,
      isOfMachine: false,
    });
  });

  it("are refused where an image's own hold what is to come", () => {
    expect(told({}, 'x={provision.url}')).toBe(
      'the kernel arguments hold {provision.url}, and the assignment hands nothing out: say provision there',
    );
  });

  it('leave URLs and other braces for later', () => {
    expect(told({}, 'a={b c} d={server.host} e={foo.bar}')).toEqual([
      'a={b (image)',
      'c} (image)',
      'd={server.host} (image)',
      'e={foo.bar} (image)',
    ]);
  });
});

describe('braces around placeholders', () => {
  const reports = (serial: string, commandLine: string) => {
    const { subject, ...rest } = input({});
    const reporting = { ...subject, facts: facts({ serial }) };
    return bootArguments({ ...rest, subject: reporting }, { from: 'image', commandLine });
  };

  it.each([
    ['x={{machine.serial}}', 'done.url', '{done.url}'],
    ['{done.url} x={{machine.serial}}', 'done.url', '{done.url}'],
    ['{{machine.serial}}{server.url}', 'done.url', '{done.url}'],
    ['x={done.{machine.serial}}', 'url', '{done.url}'],
    ['x={{machine.serial}{machine.serial}}', 'done.url', '{done.urldone.url}'],
    ['x={{machine.serial}}', 'machine.serial', '{machine.serial}'],
    ['x={machine.label.{machine.serial}}', 'rack', '{machine.label.rack}'],
  ])('are refused where %s of a machine that reports %s would be filled again', (commandLine, serial, made) => {
    expect(reports(serial, commandLine)).toEqual({
      kind: 'refused',
      reason: `the kernel arguments hold braces around braces, which makes ${made} of them: leave out the outer`,
      isOfMachine: true,
    });
  });

  it('are refused of every machine where a name of the configuration makes one', () => {
    const { assignment: _other, ...rest } = input({});
    const own = { from: 'image', commandLine: '{{assignment.name}}' } as const;
    const args = bootArguments({ ...rest, assignment: assignment({ name: 'done.url' }) }, own);
    expect(args).toMatchObject({ kind: 'refused', isOfMachine: false });
  });

  it('stay as they are where they make none', () => {
    const args = reports('0012', 'x={{machine.serial}} {"a":{machine.name}} {{done.url}}');
    expect(args).toMatchObject({
      words: [{ text: 'x={0012}' }, { text: '{"a":node-01}' }, { text: '{{done.url}}' }],
    });
  });

  it('have nothing filled that was not asked for, here or in the script', () => {
    const unit = fc.constantFrom('{', '}', '{machine.serial}', '{server.url}', 'server.', 'server', '.', 'url', ' ');
    const serial = fc.constantFrom('server.url', 'url', 'server', 'machine.serial', '.');
    fc.assert(
      fc.property(fc.string({ unit, maxLength: 8 }), serial, (commandLine, reported) => {
        fc.pre(placeholdersIn(commandLine).every((name) => name === 'machine.serial' || name === 'server.url'));
        const args = reports(reported, commandLine);
        if (args.kind === 'refused') return;
        const line = args.words.map(({ text }) => text).join(' ');
        const filled = fillPlaceholders(line, new Map([['server.url', '<URL>']]));
        const asked = placeholdersIn(commandLine).filter((name) => name === 'server.url');
        const text = filled.kind === 'filled' ? filled.commandLine : expect.unreachable(filled.reason);
        expect(text.split('<URL>')).toHaveLength(asked.length + 1);
      }),
      { numRuns: 2_000 },
    );
  });
});

describe('the room for arguments', () => {
  const ROOM = 2_025;
  const kernel = { kind: 'bzimage', hasEfiStub: true, mostArgumentBytes: 255 } as const;

  it('is that of the architecture, less where its header says so', () => {
    const of = (wishes: Wishes, more = {}) =>
      bootArguments(input(wishes), { from: 'image', commandLine: 'quiet', ...more });
    expect(of({})).toMatchObject({ room: ROOM });
    expect(of({ architecture: 'riscv64' })).toMatchObject({ room: 1_001 });
    expect(of({}, { kernel })).toMatchObject({ room: 233 });
    expect(of({}, { initrds: 2 })).toMatchObject({ room: ROOM - 'initrd=initrd0 '.length });
    expect(of({}, { initrds: 0 })).toMatchObject({ room: ROOM + 13 });
  });

  it('is said where they are too long, also once names are filled in', () => {
    expect(told({}, 'a'.repeat(ROOM))).toHaveLength(1);
    expect(told({}, 'a'.repeat(ROOM + 1))).toBe(`its kernel arguments are ${ROOM + 1} bytes long, and ${ROOM} fit`);
    expect(told({}, `${'a'.repeat(ROOM - 10)} {machine.name}{server.url}`)).toHaveLength(2);
    expect(told({}, `${'a'.repeat(ROOM - 10)} {machine.name}{machine.name}`)).toContain(`${ROOM + 5} bytes long`);
  });

  it('is not looked for in what an image makes endless', () => {
    const removed = { defaults: { remove: ['x'] } };
    expect(told(removed, 'x '.repeat(8_192))).toEqual([]);
    expect(told(removed, `${'x '.repeat(8_192)}x`)).toBe('its kernel arguments are 16385 bytes long, and 2025 fit');
    expect(told({}, `{machine.hostname} ${'"a '.repeat(20_000)}`)).toBe(
      'its kernel arguments are 60019 bytes long, and 2025 fit',
    );
  });
});

describe('the own arguments of a kernel', () => {
  const wishes = { defaults: { append: ['x'], preset: 'alpine' }, roles: [] } as const;
  const own = (commandLine: string) => ownArguments(input(wishes), { from: 'uki', commandLine, initrds: 0 });

  it('have nothing of the operator, and their names filled in', () => {
    expect(own('quiet n={machine.name} u={server.url}')).toEqual({
      kind: 'arguments',
      words: [
        { text: 'quiet', from: 'uki' },
        { text: 'n=node-01', from: 'uki', written: 'n={machine.name}' },
        { text: 'u={server.url}', from: 'uki' },
      ],
      room: 2_047 - 'boot.efi '.length,
    });
  });

  it('are refused as those of others are', () => {
    expect(own('h={machine.hostname}')).toMatchObject({ kind: 'refused', isOfMachine: true });
    expect(own('a'.repeat(2_039))).toMatchObject({ reason: 'its kernel arguments are 2039 bytes long, and 2038 fit' });
    expect(own('a '.repeat(9_000))).toMatchObject({
      reason: 'its kernel arguments are 18000 bytes long, and 2038 fit',
    });
  });
});
