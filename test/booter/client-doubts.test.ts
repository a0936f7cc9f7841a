import { expect, it } from 'vitest';
import type { Assignment } from '../../src/boot/assignment.js';
import { BootUrls } from '../../src/booter/boot-urls.js';
import { assignmentDoubts } from '../../src/booter/client-doubts.js';
import { createMapping } from '../../src/booter/mapping.js';
import type { ResolvedImage } from '../../src/image/image.js';
import type { Iso } from '../../src/image/iso.js';
import type { IsoFiles } from '../../src/image/iso-files.js';
import { KERNELS, OPENED_ISO, readIsoOf, readUkiOf } from '../fixtures/contents.js';
import { assignment, MAC, machine } from '../fixtures/mappings.js';
import { resolvedImage } from '../fixtures/plans.js';

const IMAGE = 'registry.lab:5000/os/debian:12';
const MACHINES = [machine({ architecture: 'arm64', labels: { rack: 'r1' } })];

const as = (architecture: string, image: ResolvedImage, { reference = IMAGE, variant = 'metal' } = {}) => ({
  key: { reference, wish: { os: 'linux', architecture, variant } as const },
  image,
});
const LAYERS = as('amd64', resolvedImage());
const BARE = as('amd64', resolvedImage(['kernel', 'initramfs'], { contents: { kernel: KERNELS.bare } }));
const DISK = as('arm64', resolvedImage(['disk']));

function doubts(more: Partial<Assignment>, ...resolutions: readonly ReturnType<typeof as>[]) {
  const one = assignment(more);
  const mapping = createMapping({ machines: MACHINES, assignments: [one], defaults: { kernelArgs: {} } });
  const urls = new BootUrls(() => 'http://10.0.2.2:8080');
  return assignmentDoubts(one, { mapping, mapped: { resolutions: () => resolutions }, urls, seesDhcp: true });
}

it('has none where everybody boots it, or nothing is known of it', async () => {
  expect(await doubts({}, LAYERS)).toEqual([]);
  expect(await doubts({})).toEqual([]);
});

it('says who does not boot it, and why', async () => {
  const noStub =
    'its kernel has no EFI stub (CONFIG_EFI_STUB), and UEFI starts none without: give image build one that has';
  expect(await doubts({}, BARE)).toEqual(
    ['ipxe-uefi', 'uefi-http'].map(
      (client) =>
        `assignment "all": its image for amd64 does not boot machines that come as ${client}: ${BARE.image.reference} cannot be booted: ${noStub}`,
    ),
  );
  expect(await doubts({ kernelArgs: [{ append: ['&&'] }] }, LAYERS)).toEqual([
    expect.stringMatching(/^assignment "all": its image for amd64 boots none of its machines: .*"&&"/),
  ]);
});

it('says of kernel arguments that an ISO or a UKI is not given', async () => {
  const iso = as('amd64', resolvedImage(['iso'], { commandLine: '', contents: { iso: readIsoOf() } }));
  const kernelArgs = [{ append: ['quiet'] }];
  expect(await doubts({ kernelArgs }, iso)).toEqual([]);
  expect(await doubts({ boot: 'iso' }, iso)).toEqual([]);
  expect(await doubts({ boot: 'iso', kernelArgs }, iso)).toEqual([
    expect.stringMatching(
      /^assignment "all": where an ISO is booted as it is, .*: take kernelArgs out, or leave boot: iso out/,
    ),
  ]);
  const uki = as('amd64', resolvedImage(['uki'], { commandLine: '', contents: { uki: readUkiOf() } }));
  expect(await doubts({ boot: 'uki', match: { firmware: ['uefi'] }, kernelArgs }, uki)).toEqual([
    expect.stringMatching(/^assignment "all": where a UKI is started as it is, .*: build them into the UKI/),
  ]);
});

it('goes by what was read for this assignment', async () => {
  const files = { kernel: '/k', initramfs: [] };
  const of = (opening: Iso['opening'], isoFiles?: IsoFiles) => {
    const image = resolvedImage(['iso'], { commandLine: '', contents: { iso: readIsoOf({ opening }) } });
    const known = as('amd64', image);
    return {
      ...known,
      key: { ...known.key, wish: { ...known.key.wish, ...(isoFiles !== undefined && { isoFiles }) } },
    };
  };
  const all = [of(OPENED_ISO), of({ kind: 'closed', reason: '/k is not in it' }, files)];
  expect(await doubts({}, ...all)).toEqual([]);
  expect(await doubts({ iso: { files: { ...files, initramfs: ['/i'] } } }, ...all)).toEqual([]);
  expect(await doubts({ iso: { files } }, ...all)).toEqual([
    expect.stringMatching(/boots none of its machines: .*: \/k is not in it: name in the assignment, by iso.kernel/),
  ]);
});

it('minds nobody whom the assignment is not for', async () => {
  expect(await doubts({ match: { firmware: ['bios'] } }, BARE)).toEqual([]);
  expect(await doubts({ match: { firmware: ['uefi'] } }, BARE)).toEqual([
    expect.stringContaining('boots none of its machines') as string,
  ]);
  expect(await doubts({ boot: 'local' }, DISK)).toEqual([]);
});

it.each<[Assignment['match'], readonly string[]]>([
  [{ arch: ['amd64'] }, []],
  [{ arch: ['arm64'] }, ['arm64']],
  [{ machine: ['node-01'] }, ['arm64']],
  [{ labels: { rack: ['r1'] } }, ['arm64']],
  [{ labels: { rack: ['r2'] } }, []],
  [{ mac: [MAC] }, ['arm64']],
])('looks at the architectures that %j may be of', async (match, expected) => {
  const told = await doubts({ match }, LAYERS, DISK);
  expect(told.map((text) => /image for (\S+) boots none/.exec(text)?.[1])).toEqual(expected);
});

it('minds no other image, and no other variant of its own', async () => {
  const { image } = DISK;
  expect(await doubts({}, as('arm64', image, { reference: 'registry.lab:5000/os/other:1' }))).toEqual([]);
  expect(await doubts({}, as('arm64', image, { variant: 'cloud' }))).toEqual([]);
});
