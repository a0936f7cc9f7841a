import { describe, expect, it } from 'vitest';
import { groundOf } from '../../src/boot/grounds.js';
import { type PlanInput, planBoot } from '../../src/boot/plan.js';
import type { Starter } from '../../src/image/bootable.js';
import type { ContentsRole } from '../../src/image/contents.js';
import type { ImageContents, ResolvedImage } from '../../src/image/image.js';
import type { Role } from '../../src/image/role.js';
import { KERNELS, readIsoOf, readUkiOf } from '../fixtures/contents.js';
import { assignment, facts } from '../fixtures/mappings.js';
import { resolvedImage } from '../fixtures/plans.js';

const BIOS: Starter = { client: 'ipxe-bios', architecture: 'amd64' };
const UEFI: Starter = { client: 'ipxe-uefi', architecture: 'amd64' };
const HTTP: Starter = { client: 'uefi-http', architecture: 'amd64' };
const NO_PROGRAM = { kind: 'refused', reason: 'it is no program of UEFI', isProgram: false } as const;

/** In a word: of which layer, and whether that decides. */
function ground(image: ResolvedImage, more: Partial<PlanInput>, seen: readonly ContentsRole[]): string {
  const input: PlanInput = {
    subject: { name: 'node-01', facts: facts(), contradictions: [], mayBeKnown: false },
    ...{ assignment: assignment(), image, defaults: {}, starter: BIOS, ...more },
  };
  const found = groundOf(planBoot(input), input, new Set(seen));
  return found === undefined ? 'nothing' : `${found.role}${found.isDecisive ? ' decides' : ''}`;
}

const LAYERS: readonly Role[] = ['kernel', 'initramfs'];
const ALL: readonly Role[] = [...LAYERS, 'uki'];
const image = (contents: ImageContents = {}, roles = LAYERS, more: Partial<ResolvedImage> = {}) =>
  resolvedImage(roles, { contents, ...more });
const SECURE: Starter = { ...UEFI, secureBoot: true };
const SIGNED = readUkiOf({ isSigned: true });
/** Who wants more arguments, and of what nobody knows. */
const LONG = { defaults: { append: ['x'.repeat(400)] } };
const UNKNOWN = { defaults: { append: ['id={machine.serial}'] } };
const NO_ARGUMENTS = { commandLine: '' };

type Case = [string, ResolvedImage, Partial<PlanInput>, string, (readonly ContentsRole[])?];

describe('what a script rests on of a UKI', () => {
  it.each<Case>([
    ['is what it is, where it is started as it is', image({}, ['uki']), { starter: UEFI }, 'uki decides'],
    ['is what it holds, where that is not known', image({}, ['uki']), {}, 'uki decides'],
    ['is what it holds, where it is opened', image({ uki: readUkiOf() }, ['uki']), {}, 'uki decides'],
    ['is its architecture', image({ uki: readUkiOf({ architecture: 'arm64' }) }, ['uki']), {}, 'uki decides'],
    ['is what takes the place of layers under Secure Boot', image({}, ALL), { starter: SECURE }, 'uki decides'],
    [
      'is that it is not signed, by which it does not',
      image({ uki: readUkiOf() }, ALL),
      { starter: SECURE },
      'uki decides',
      ['kernel'],
    ],
    [
      'is nothing under Secure Boot, where layers are wished',
      image({ uki: readUkiOf() }, ALL),
      { starter: SECURE, assignment: assignment({ boot: 'kernel' }) },
      'nothing',
      ['kernel'],
    ],
    ['is nothing where layers are started', image({}, ALL), {}, 'nothing', ['kernel']],
    [
      'is nothing where layers are refused, whatever it is',
      image({ uki: readUkiOf() }, ALL),
      UNKNOWN,
      'nothing',
      ['kernel'],
    ],
    ['is nothing where it was looked at', image({}, ['uki']), {}, 'nothing', ['uki']],
    ['is nothing where there is none', image({}, ['disk']), {}, 'nothing'],
  ])('%s', (_what, of, ...[more, expected, seen = []]) => {
    expect(ground(of, more, seen)).toBe(expected);
  });
});

describe('what a start of an ISO rests on', () => {
  const ISO = image({ iso: readIsoOf() }, ['iso']);
  const CLOSED = image({ iso: readIsoOf({ opening: { kind: 'closed', reason: 'no kernel' } }) }, ['iso'], NO_ARGUMENTS);

  it.each<Case>([
    ['is what it holds, where it is opened', ISO, {}, 'iso decides'],
    ['is that nothing in it can be started', CLOSED, {}, 'iso decides'],
    ['is that it boots, where it is read as a disc', ISO, { assignment: assignment({ boot: 'iso' }) }, 'iso decides'],
    ['is nothing once that is proven', ISO, {}, 'nothing', ['iso']],
    ['is nothing where firmware boots it as it is', CLOSED, { starter: HTTP }, 'nothing'],
    ['is nothing where iPXE is asked for first', ISO, { starter: HTTP, ...LONG }, 'nothing'],
    ['is nothing beside layers', image({ iso: readIsoOf() }, [...LAYERS, 'iso']), {}, 'nothing', ['kernel']],
  ])('%s', (...[, one, more, expected, seen = []]) => expect(ground(one, more, seen)).toBe(expected));
});

describe('what UEFI HTTP Boot rests on of a UKI', () => {
  const kept = assignment({ boot: 'uki' });
  it.each<Case>([
    ['is nothing where nobody wants arguments', image({}, ALL, NO_ARGUMENTS), {}, 'nothing'],
    ['is whether it takes those of the image', image({}, ALL), {}, 'uki decides'],
    ['is whether it is opened for those of the mapping', image({}, ALL, NO_ARGUMENTS), LONG, 'uki decides'],
    ['is looked at, where its registry says that it is signed', image({ uki: SIGNED }, ALL), LONG, 'uki'],
    ['is looked at, where it is said to have its own', image({ uki: readUkiOf() }, ALL), {}, 'uki'],
    ['is looked at, where it is said not to be signed', image({ uki: readUkiOf() }, ALL), LONG, 'uki'],
    ['is looked at, where it is said to be none', image({ uki: NO_PROGRAM }, ALL, NO_ARGUMENTS), {}, 'uki'],
    ['is looked at, where it is started all the same', image({}, ALL), { assignment: kept }, 'uki'],
    ['is nothing where it was looked at', image({}, ALL), {}, 'nothing', ['uki']],
    [
      'is nothing where iPXE starts layers as is wished',
      image({}, ALL),
      { assignment: assignment({ boot: 'kernel' }) },
      'nothing',
    ],
  ])('%s', (_what, of, ...[more, expected, seen = []]) => {
    expect(ground(of, { starter: HTTP, ...more }, seen)).toBe(expected);
  });
});

describe('what a script rests on of a kernel', () => {
  const small = { kernel: { ...KERNELS.bzimage, mostArgumentBytes: 300 } };
  const large = { kernel: { ...KERNELS.bzimage, mostArgumentBytes: 2_047 } };
  const wishesUki = { assignment: assignment({ boot: 'uki' }), starter: UEFI };
  it.each<Case>([
    ['is looked at, where nothing is said of it', image(), {}, 'kernel'],
    ['is looked at, where it is said to be well', image({ kernel: KERNELS.bzimage }), {}, 'kernel'],
    ['is looked at, where it is said to have all room', image(large), {}, 'kernel'],
    ['is looked at, where its arguments are refused', image({}, ALL), UNKNOWN, 'kernel'],
    ['decides where it is packed otherwise', image({ kernel: KERNELS.gzip }), {}, 'kernel decides'],
    ['decides where it is for another architecture', image({ kernel: KERNELS.image }), {}, 'kernel decides'],
    ['decides by how little room it has', image(small), {}, 'kernel decides'],
    ['decides where its arguments are too long by that', image(small), LONG, 'kernel decides'],
    ['decides before a UKI', image({ kernel: KERNELS.gzip, uki: readUkiOf() }, ALL), {}, 'kernel decides'],
    ['is followed by the UKI', image({ kernel: KERNELS.gzip, uki: readUkiOf() }, ALL), {}, 'uki decides', ['kernel']],
    ['is nothing where it was looked at', image({ kernel: KERNELS.gzip }), {}, 'nothing', ['kernel']],
    ['is nothing where it lacks an initramfs', image({ kernel: KERNELS.gzip }, ['kernel']), {}, 'nothing'],
    ['is nothing where a UKI is wished', image({ kernel: KERNELS.gzip }, ALL), wishesUki, 'uki decides'],
    ['is nothing where firmware is given iPXE', image(), { starter: HTTP }, 'nothing'],
  ])('%s', (_what, of, ...[more, expected, seen = []]) => {
    expect(ground(of, more, seen)).toBe(expected);
  });
});
