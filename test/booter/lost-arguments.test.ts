import { describe, expect, it } from 'vitest';
import type { Assignment } from '../../src/boot/assignment.js';
import { UNMET_TEXTS } from '../../src/boot/choose-way.js';
import type { AssignmentCheck, LostArguments, TargetCheck } from '../../src/booter/check-report.js';
import { findLostArguments, lossesFor, remedyForUki } from '../../src/booter/lost-arguments.js';
import { createMapping, type MappingInput } from '../../src/booter/mapping.js';
import { CLIENTS, type Client } from '../../src/image/bootable.js';
import type { ReadIso } from '../../src/image/iso.js';
import type { Role } from '../../src/image/role.js';
import type { ReadUki } from '../../src/image/uki.js';
import { digestOf } from '../../src/oci/digest.js';
import { KERNELS, OPENED_ISO, readIsoOf, readUkiOf } from '../fixtures/contents.js';
import { assignment, machine } from '../fixtures/mappings.js';
import { resolvedImage } from '../fixtures/plans.js';

const QUIET = { append: ['quiet'] };
const NOTHING = { append: [], remove: [], replace: {} };

const BUILD_IN = 'build them into the UKI';
const ALWAYS: LostArguments = { what: 'uki', where: 'always', remedy: BUILD_IN };

const boots = (...lostArguments: readonly LostArguments[]): TargetCheck => ({
  ...{ kind: 'boots', architecture: 'amd64', digest: digestOf(Buffer.from('m')), clients: ['uefi-http'], refused: [] },
  ...(lostArguments.length > 0 && { lostArguments }),
  blobs: [],
});

/** Of assignments whose image has a UKI, unless their targets are said. */
function lost(input: Partial<MappingInput>, targets: readonly TargetCheck[] = [boots(ALWAYS)]) {
  const mapping = createMapping({ machines: [], assignments: [], defaults: { kernelArgs: {} }, ...input });
  const checks = mapping.assignments.map(({ name }): AssignmentCheck => ({ assignment: name, image: 'i', targets }));
  return findLostArguments(mapping, checks);
}

const TOLD = `: where a UKI is started as it is, ${UNMET_TEXTS.arguments}: ${BUILD_IN}`;

it('tells whose kernel arguments a UKI is not given', () => {
  const assignments = [
    assignment({ name: 'a', match: { machine: ['node-01'] }, kernelArgs: [NOTHING, QUIET] }),
    assignment({ name: 'b', kernelArgs: [NOTHING] }),
  ];
  const machines = [machine({ kernelArgs: QUIET }), machine({ name: 'node-02', macs: [], serial: 'S2' })];
  expect(lost({ assignments, machines, defaults: { kernelArgs: QUIET } })).toEqual([
    expect.stringContaining(`defaults.kernelArgs, by a, b${TOLD}`),
    expect.stringContaining(`assignment "a"${TOLD}`),
    expect.stringContaining(`machines[].kernelArgs, of node-01${TOLD}`),
  ]);
  expect(lost({ assignments: assignments.slice(1), machines: machines.slice(1) })).toEqual([]);
});

it('has nothing to say where no UKI is started as it is', () => {
  const assignments = [assignment({ kernelArgs: [QUIET] })];
  const defaults = { kernelArgs: QUIET };
  expect(lost({ assignments, defaults })).toHaveLength(2);
  expect(lost({ assignments, defaults }, [boots()])).toEqual([]);
  expect(lost({ assignments, defaults }, [{ kind: 'skipped' }, { kind: 'refused', reason: 'gone' }])).toEqual([]);
  expect(lost({ assignments, defaults }, [boots(), boots(ALWAYS)])).toHaveLength(2);
});

it('says where only Secure Boot has a UKI started as it is, and each thing that can be done once', () => {
  const assignments = [assignment({ kernelArgs: [QUIET] })];
  const secure = { what: 'uki', where: 'secure-boot', remedy: 'a' } as const;
  expect(lost({ assignments }, [boots(secure), boots(secure), boots({ ...secure, remedy: 'b' })])).toEqual([
    `assignment "all": where Secure Boot is on, so that a UKI is started as it is, ${UNMET_TEXTS.arguments}: a; b`,
  ]);
});

it('tells of an ISO that is booted as it is apart', () => {
  const assignments = [assignment({ kernelArgs: [QUIET] })];
  const ofIso = { what: 'iso', where: 'always', remedy: 'a' } as const;
  expect(lost({ assignments }, [boots(ALWAYS, ofIso)])).toEqual([
    `assignment "all"${TOLD}`,
    `assignment "all": where an ISO is booted as it is, ${UNMET_TEXTS['iso-arguments']}: a`,
  ]);
});

describe('an ISO that is booted as it is', () => {
  const CLOSED = { kind: 'closed', reason: 'nothing was found' } as const;
  const remedies = (
    iso: ReadIso | undefined,
    { clients = CLIENTS, ...more }: Partial<Assignment> & { readonly clients?: readonly Client[] } = {},
  ) => {
    const image = resolvedImage(['iso'], { commandLine: '', ...(iso && { contents: { iso } }) });
    return lossesFor(clients, assignment(more), image, 'amd64');
  };
  const lostBy = (remedy: string) => [{ what: 'iso', where: 'always', remedy }];
  const TAKE_OUT = 'take kernelArgs out';
  const NAME = 'name by iso.kernel what iPXE is to start of it';

  it('is given kernel arguments by nobody', () => {
    expect(remedies(readIsoOf({ opening: CLOSED }))).toEqual(lostBy(`${TAKE_OUT}, or ${NAME}`));
    expect(remedies(readIsoOf({ opening: CLOSED }), { boot: 'iso' })).toEqual(
      lostBy(`${TAKE_OUT}, or ${NAME}, in place of boot: iso`),
    );
    expect(remedies(readIsoOf(), { boot: 'iso' })).toEqual(
      lostBy(`${TAKE_OUT}, or leave boot: iso out, so that iPXE starts a kernel with them`),
    );
    for (const iso of [undefined, { kind: 'refused', reason: 'it is too short' }] as const)
      expect(remedies(iso)).toEqual(iso === undefined ? lostBy(TAKE_OUT) : []);
  });

  it('is that only of those who do not start the kernel in it', () => {
    expect(remedies(readIsoOf())).toEqual([]);
    const bare = readIsoOf({ opening: { ...OPENED_ISO, kernel: { ...OPENED_ISO.kernel, facts: KERNELS.bare } } });
    expect(remedies(bare, { clients: ['ipxe-bios'] })).toEqual([]);
    expect(remedies(bare, { clients: ['ipxe-uefi'] })).toEqual(lostBy(`${TAKE_OUT}, or ${NAME}`));
    expect(remedies(readIsoOf({ opening: CLOSED }), { iso: { kernelArgs: 'a' } })).toEqual([]);
  });
});

describe('what can be done for those who are not given kernel arguments', () => {
  const remedy = (
    uki: ReadUki | undefined,
    {
      roles = ['uki'],
      where = 'always',
    }: { readonly roles?: readonly Role[]; readonly where?: LostArguments['where'] } = {},
  ) => remedyForUki(resolvedImage(roles, uki && { contents: { uki } }), 'amd64', where);
  const UNREAD: ReadUki = { kind: 'refused', reason: 'it has no section .linux' };
  const WITH_LAYERS = { roles: ['kernel', 'initramfs', 'uki'] } as const;

  it('is to have iPXE open the UKI, and what that costs where it is signed', () => {
    expect(remedy(readUkiOf())).toBe(`${BUILD_IN}, or write boot: kernel, so that iPXE opens it`);
    expect(remedy(readUkiOf({ isSigned: true }))).toBe(
      `${BUILD_IN}, or write boot: kernel, so that iPXE opens it: machines whose Secure Boot is on then boot nothing`,
    );
  });

  it('is not that where Secure Boot is on, or where nothing can be opened', () => {
    expect(remedy(readUkiOf({ isSigned: true }), { where: 'secure-boot' })).toBe(BUILD_IN);
    expect(remedy(undefined)).toBe(BUILD_IN);
    expect(remedy(readUkiOf({ kernel: KERNELS.bare }))).toBe(BUILD_IN);
    expect(remedy(UNREAD)).toBe(
      'it cannot be opened (it has no section .linux): make another by image build --uki make',
    );
  });

  it('is to have the layers started where there are some', () => {
    for (const uki of [readUkiOf({ isSigned: true }), UNREAD, undefined])
      expect(remedy(uki, WITH_LAYERS)).toBe(
        `${BUILD_IN}, or write boot: kernel, so that iPXE starts the image's kernel, which Secure Boot wants signed`,
      );
  });
});
