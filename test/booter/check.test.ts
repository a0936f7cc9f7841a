import { describe, expect, it } from 'vitest';
import type { Assignment } from '../../src/boot/assignment.js';
import { BootUrls } from '../../src/booter/boot-urls.js';
import { type CheckParts, checkMapping } from '../../src/booter/check.js';
import { createMapping, type MappingInput } from '../../src/booter/mapping.js';
import { BootlayerError } from '../../src/errors.js';
import type { ImageContents } from '../../src/image/image.js';
import type { Role } from '../../src/image/role.js';
import type { Machine } from '../../src/machine/machine.js';
import { NO_DOCUMENTS } from '../../src/provision/documents.js';
import { KERNELS, readIsoOf, readUkiOf } from '../fixtures/contents.js';
import { assignment, machine } from '../fixtures/mappings.js';
import { resolvedImage } from '../fixtures/plans.js';

const IMAGES: CheckParts['images'] = {
  resolve: async () => resolvedImage(),
  architecturesOf: async () => ['amd64', 'arm64'],
};

function check(
  input: Partial<MappingInput>,
  {
    images = IMAGES,
    documents = NO_DOCUMENTS,
    offline = false,
    seesDhcp = false,
    verifies = true,
  }: Partial<CheckParts> = {},
) {
  const mapping = createMapping({ machines: [], assignments: [], defaults: { kernelArgs: {} }, ...input });
  const urls = new BootUrls(() => 'http://10.0.2.2:8080');
  return checkMapping({ mapping, images, urls, documents, offline, seesDhcp, verifies });
}

describe('checkMapping', () => {
  it('resolves for every architecture an assignment claims, else for all that the image has', async () => {
    const { assignments, problems } = await check({
      machines: [machine({ architecture: 'arm64' })],
      assignments: [
        assignment({ name: 'machine', match: { machine: ['node-01'] } }),
        assignment({ name: 'named', match: { arch: ['riscv64'] } }),
        assignment({ name: 'any' }),
      ],
    });
    expect(
      assignments.map(({ assignment: name, targets }) => [name, targets.map(({ architecture }) => architecture)]),
    ).toEqual([
      ['machine', ['arm64']],
      ['named', ['riscv64']],
      ['any', ['amd64', 'arm64']],
    ]);
    expect(assignments[2]?.targets).toMatchObject([
      { kind: 'boots', clients: ['ipxe-bios', 'ipxe-uefi', 'uefi-http'] },
      { kind: 'boots', clients: ['ipxe-uefi', 'uefi-http'] },
    ]);
    expect(problems).toBe(0);
  });

  it('counts what would keep machines from booting, each with its reason', async () => {
    const gone = new BootlayerError('IMAGE_NOT_FOUND', 'no such image');
    const { assignments, machines, problems } = await check({
      machines: [
        machine({ architecture: 'amd64', kernelArgs: { append: ['a', '&&'] } }),
        machine({ name: 'node-02', macs: [], architecture: 'amd64', kernelArgs: { append: ['fine'] } }),
      ],
      assignments: [
        assignment({ match: { arch: ['amd64'] } }),
        assignment({ name: 'args', match: { asset: ['A'] }, kernelArgs: [{ append: ['x={blob.disk.url}'] }] }),
      ],
    });
    expect(assignments[0]?.targets[0]).toMatchObject({
      kind: 'refused',
      reason: expect.stringContaining('{blob.disk.url}') as string,
    });
    expect(machines).toEqual([{ machine: 'node-01', reason: expect.stringContaining('"&&"') as string }]);
    // The assignment's, for both architectures of its image, since any machine may have that tag; and the machine's.
    expect(problems).toBe(3);
    const images = { ...IMAGES, resolve: () => Promise.reject(gone), architecturesOf: () => Promise.reject(gone) };
    expect((await check({ assignments: [assignment()] }, { images })).assignments[0]?.targets).toEqual([
      { kind: 'refused', reason: 'no such image' },
    ]);
  });

  it('looks at everything the image has where strangers may match, or machines whose architecture is not said', async () => {
    const architectures = async (input: Partial<MappingInput>) =>
      (await check(input)).assignments[0]?.targets.map(({ architecture }) => architecture);
    const machines = [machine({ architecture: 'arm64' }), machine({ name: 'node-02', macs: [], labels: { a: 'b' } })];
    expect(await architectures({ machines, assignments: [assignment({ match: { machine: ['node-01'] } })] })).toEqual([
      'arm64',
    ]);
    expect(
      await architectures({ machines, assignments: [assignment({ match: { machine: ['node-01', 'node-02'] } })] }),
    ).toEqual(['arm64', 'amd64']);
    expect(await architectures({ machines, assignments: [assignment()] })).toEqual(['arm64', 'amd64']);
  });

  it('takes an image that names no architecture for one that every machine takes', async () => {
    const images = { ...IMAGES, architecturesOf: async () => [] };
    const { assignments, problems } = await check({ assignments: [assignment()] }, { images });
    expect([assignments[0]?.targets.map(({ kind, architecture }) => [kind, architecture]), problems]).toEqual([
      [['boots', undefined]],
      0,
    ]);
  });

  it('minds the kernel arguments of machines whose architecture is not said', async () => {
    const machines = [machine({ kernelArgs: { append: ['&&'] } })];
    expect((await check({ machines, assignments: [assignment()] })).machines).toMatchObject([{ machine: 'node-01' }]);
  });

  it('asks no registry when it is offline, and looks into layouts', async () => {
    const { assignments, problems } = await check(
      {
        assignments: [
          assignment({ name: 'a' }),
          assignment({ name: 'b', image: { kind: 'layout', folder: '/x', tag: '1', digest: undefined } }),
        ],
      },
      {
        offline: true,
        images: {
          ...IMAGES,
          resolve: async ({ kind }) => (kind === 'layout' ? resolvedImage() : expect.unreachable()),
        },
      },
    );
    expect(assignments.map(({ targets }) => targets.map(({ kind }) => kind))).toEqual([
      ['skipped'],
      ['boots', 'boots'],
    ]);
    expect(problems).toBe(0);
  });

  it('warns of another variant than somebody asked for', async () => {
    const images = { ...IMAGES, resolve: async () => ({ ...resolvedImage(), variant: 'cloud' }) };
    const about = async (variant: string) =>
      (await check({ machines: [machine()], assignments: [assignment({ variant })] }, { images })).warnings;
    expect(await about('edge')).toEqual([
      'assignment "all": its image for amd64 has no variant edge, and cloud is taken',
      'assignment "all": its image for arm64 has no variant edge, and cloud is taken',
    ]);
    expect([...(await about('cloud')), ...(await about('metal'))]).toEqual([]);
  });

  it('tells which machines boot an image, and what the others lack', async () => {
    const only = (roles: readonly Role[], { architecture = 'amd64', contents = {} } = {}) =>
      check(
        { assignments: [assignment({ match: { arch: [architecture] } })] },
        { images: { ...IMAGES, resolve: async () => resolvedImage(roles, { contents }) } },
      );
    const unread = await only(['uki', 'squashfs']);
    expect([unread.assignments[0]?.targets, unread.problems]).toMatchObject([
      [{ kind: 'boots', architecture: 'amd64', clients: ['ipxe-uefi', 'uefi-http'], blobs: [{}, {}] }],
      0,
    ]);
    expect(unread.warnings).toEqual([
      'assignment "all": its image for amd64 does not boot machines that come as ipxe-bios: registry.lab:5000/os/debian:12 cannot be booted: what its UKI holds is not known yet, since its registry did not say: try again',
    ]);
    expect(await only(['uki'], { contents: { uki: readUkiOf() } })).toMatchObject({
      assignments: [{ targets: [{ clients: ['ipxe-bios', 'ipxe-uefi', 'uefi-http'], refused: [] }] }],
      warnings: [],
    });
    const odd = { uki: { kind: 'refused', reason: 'it is no program of UEFI' } } as const;
    expect((await only(['kernel', 'initramfs', 'uki'], { contents: odd })).warnings).toEqual([
      expect.stringContaining(
        'holds a UKI that cannot be opened, and that UEFI alone can start, as it is: it is no program of UEFI: make',
      ),
    ]);
    expect(await only(['kernel', 'initramfs', 'uki'])).toMatchObject({ problems: 0, warnings: [] });
    expect(await only(['kernel'])).toMatchObject({ problems: 1, warnings: [] });
    const arm64 = { uki: readUkiOf({ architecture: 'arm64' }) };
    expect((await only(['uki'], { contents: arm64 })).assignments[0]?.targets).toMatchObject([
      { kind: 'refused', reason: expect.stringContaining('its UKI is for arm64, and the machine is amd64') as string },
    ]);
  });

  it('judges by the firmware that an assignment names, and by how it is to be booted', async () => {
    const about = async (more: Partial<Assignment>) => {
      const images = { ...IMAGES, resolve: async () => resolvedImage(['uki']) };
      const assignments = [assignment({ match: { arch: ['amd64'], firmware: ['bios'] }, ...more })];
      return (await check({ assignments }, { images })).assignments[0]?.targets;
    };
    expect(await about({})).toMatchObject([{ kind: 'refused' }]);
    expect(await about({ match: { arch: ['amd64'], firmware: ['uefi-http'] } })).toMatchObject([
      { kind: 'boots', clients: ['uefi-http'], refused: [] },
    ]);
    expect(await about({ match: { arch: ['amd64'] }, boot: 'uki' })).toMatchObject([
      { clients: ['ipxe-uefi', 'uefi-http'], refused: [{ client: 'ipxe-bios' }] },
    ]);
    expect(await about({ boot: 'local' })).toEqual([{ kind: 'local' }]);
  });

  it('looks for what only a record can say at each machine, and at none for what machines report', async () => {
    const named = (text: string, more: Partial<Machine> = {}) =>
      check({
        machines: [
          machine({ name: 'bare' }),
          machine({ name: 'full', labels: { rack: 'r1' }, hostname: 'full', ...more }),
        ],
        assignments: [assignment({ match: { arch: ['amd64'] }, kernelArgs: [{ append: [text] }] })],
      });
    expect(await named('x={machine.label.rack}')).toMatchObject({
      assignments: [{ targets: [{ kind: 'boots', refused: [] }] }],
      machines: [{ machine: 'bare', reason: expect.stringContaining('say its label rack in machines') as string }],
    });
    expect((await named('x={machine.hostname}')).machines).toHaveLength(1);
    for (const said of ['name', 'mac', 'uuid', 'serial', 'ip', 'arch'])
      expect(await named(`x={machine.${said}}`)).toMatchObject({ problems: 0, machines: [] });
  });

  it('warns of what an assignment says of an ISO where something else is started', async () => {
    const SAID = { iso: { kernelArgs: 'quiet' } };
    const about = async (roles: readonly Role[], contents: ImageContents, more: Partial<Assignment> = SAID) => {
      const images = { ...IMAGES, resolve: async () => resolvedImage(roles, { commandLine: '', contents }) };
      const one = assignment({ match: { arch: ['amd64'] }, ...more });
      return (await check({ assignments: [one] }, { images })).warnings;
    };
    const [iso, uki] = [readIsoOf(), readUkiOf()];
    expect(await about(['iso'], { iso })).toEqual([]);
    expect(await about(['iso', 'uki'], { iso, uki }, {})).toEqual([]);
    const [whose, counts] = [
      'assignment "all": its image for amd64',
      'what the assignment says under iso counts for nothing',
    ];
    expect(await about(['uki'], { uki })).toEqual([
      `${whose} has no ISO, and ${counts}: leave it out, or name an image that has one`,
    ]);
    const beside = `${whose} is started by what it holds beside its ISO, and ${counts}`;
    const remedy = 'leave it out, or build the image without kernel, initramfs and UKI';
    expect(await about(['uki', 'iso'], { iso, uki })).toEqual([`${beside}: ${remedy}`]);
    expect(await about(['kernel', 'initramfs', 'iso'], { iso }, { ...SAID, boot: 'kernel' })).toEqual([
      `${beside}: ${remedy}`,
    ]);
    // No UEFI starts that kernel.
    expect(await about(['kernel', 'initramfs', 'iso'], { iso, kernel: KERNELS.bare })).toEqual([
      `${beside} to machines that come as ipxe-bios: ${remedy}`,
    ]);
  });

  it('looks at each machine for what an assignment says of an ISO, too', async () => {
    const images = {
      ...IMAGES,
      resolve: async () => resolvedImage(['iso'], { commandLine: '', contents: { iso: readIsoOf() } }),
    };
    const machines = [machine({ name: 'bare' }), machine({ name: 'full', labels: { rack: 'r1' } })];
    const iso = { kernelArgs: 'x={machine.label.rack}' };
    const report = await check(
      { machines, assignments: [assignment({ match: { arch: ['amd64'] }, iso })] },
      { images },
    );
    expect(report.machines).toEqual([
      { machine: 'bare', reason: expect.stringContaining('say its label rack in machines') as string },
    ]);
  });

  it('warns of kernel arguments that a UKI is not given, where DHCP leads machines to it', async () => {
    const contents = { uki: readUkiOf({ isSigned: true }) };
    const images = { ...IMAGES, resolve: async () => resolvedImage(['kernel', 'initramfs', 'uki'], { contents }) };
    const assignments = [assignment({ match: { arch: ['amd64'] }, kernelArgs: [{ append: ['quiet'] }] })];
    expect((await check({ assignments }, { images })).warnings).toEqual([
      expect.stringContaining(
        'assignment "all": where Secure Boot is on, so that a UKI is started as it is, the kernel',
      ),
    ]);
    expect((await check({ assignments }, { images, seesDhcp: true })).warnings).toEqual([
      expect.stringContaining('assignment "all": where a UKI is started as it is, the kernel arguments'),
    ]);
    expect((await check({ assignments }, { seesDhcp: true })).warnings).toEqual([]);
    const always = assignments.map((one) => ({ ...one, boot: 'uki' as const }));
    expect((await check({ assignments: always }, { images })).warnings).toContainEqual(
      expect.stringContaining('assignment "all": where a UKI is started as it is'),
    );
  });
});

describe('policies', () => {
  const ONCE = { mode: 'once', doneWhen: 'reported' } as const;
  const REASON = expect.stringContaining('nothing tells the machine where to report that it is done') as string;
  const DONE = { append: ['done={done.url}'] };

  it('finds fault with once where the machine could never report that it is done, and boots each time', async () => {
    const { assignments, problems } = await check({ assignments: [assignment({ policy: ONCE })] });
    expect(assignments[0]?.targets[0]).toMatchObject({ kind: 'boots', neverDone: REASON });
    expect(problems).toBe(2);
  });

  it.each<[string, Partial<MappingInput>, CheckParts['images']?]>([
    ['its own arguments say where', { assignments: [assignment({ policy: ONCE, kernelArgs: [DONE] })] }],
    ['those of all do', { assignments: [assignment({ policy: ONCE })], defaults: { kernelArgs: DONE } }],
    [
      'those of machines do',
      { assignments: [assignment({ policy: ONCE })], machines: [machine({ kernelArgs: DONE })] },
    ],
    [
      'its image does',
      { assignments: [assignment({ policy: ONCE })] },
      {
        ...IMAGES,
        resolve: async () => resolvedImage(['kernel', 'initramfs'], { commandLine: 'done={done.url}' }),
      },
    ],
    ['its start is enough', { assignments: [assignment({ policy: { ...ONCE, doneWhen: 'started' } })] }],
  ])('takes once where %s', async (_name, input, images = IMAGES) => {
    expect((await check(input, { images })).problems).toBe(0);
  });

  it('warns of what it cannot look into', async () => {
    const report = await check({ assignments: [assignment({ policy: ONCE })] }, { offline: true });
    expect([report.problems, report.warnings]).toEqual([0, [REASON]]);
  });

  it.each<[string, Partial<Assignment>]>([
    ['its own arguments say where', { kernelArgs: [DONE] }],
    ['what it says of an ISO does', { iso: { kernelArgs: 'done={done.url}' } }],
  ])('warns of nothing that it cannot look into where %s', async (_name, more) => {
    const report = await check({ assignments: [assignment({ policy: ONCE, ...more })] }, { offline: true });
    expect(report.warnings).toEqual([]);
  });

  it('warns where anybody is handed what is for one machine', async () => {
    const provision = { kinds: [], documents: [], secrets: {}, life: 1, isOnce: false, isByAddress: true };
    const { warnings } = await check({ assignments: [assignment({ provision })] }, { verifies: false });
    expect(warnings).toEqual([
      expect.stringMatching(/^identity.verify is false, so what the provision of "\S+" hands out/),
    ]);
    expect((await check({ assignments: [assignment({ provision })] })).warnings).toEqual([]);
  });

  it('warns of machines that nobody can be shown to be', async () => {
    const input = {
      machines: [machine({ macs: [], serial: '7XK2' })],
      assignments: [assignment({ policy: { ...ONCE, doneWhen: 'started' } })],
    };
    expect((await check(input)).warnings).toEqual([
      expect.stringMatching(/^node-01 will not be booted, .*say its mac$/),
    ]);
    expect((await check(input, { verifies: false })).warnings).toEqual([]);
  });
});
