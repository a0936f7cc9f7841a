import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { planBoot } from '../../src/boot/plan.js';
import { CLIENTS } from '../../src/image/bootable.js';
import { storedContents } from '../../src/store/stored-contents.js';
import { OPENED_ISO, readIsoOf } from '../fixtures/contents.js';
import { imageContents } from '../fixtures/huge-uki.js';
import { assignment, facts } from '../fixtures/mappings.js';
import { resolvedImage } from '../fixtures/plans.js';

const WHOLE = imageContents();

it('is what was written', () => {
  expect(storedContents(JSON.parse(JSON.stringify(WHOLE)))).toEqual(WHOLE);
  const refused = { uki: { kind: 'refused', reason: 'it is no program of UEFI' } };
  expect(storedContents(refused)).toEqual(refused);
  const signed = { uki: { ...refused.uki, isSigned: true } };
  expect(storedContents(signed)).toEqual(signed);
  expect(storedContents({ uki: { ...refused.uki, isSigned: 'yes' } })).toBeUndefined();
  const little = { kernel: { kind: 'unknown', hasEfiStub: false } };
  expect(storedContents(little)).toEqual(little);
});

/** As JSON has it, with something else at a path. */
function changed(path: readonly (string | number)[], value: unknown): unknown {
  const copy: unknown = JSON.parse(JSON.stringify(WHOLE));
  const last = path.at(-1) ?? '';
  const holder = path.slice(0, -1).reduce((at, key) => (at as Record<string, unknown>)[key], copy);
  (holder as Record<string, unknown>)[last] = value;
  return copy;
}

const PROFILE = ['uki', 'uki', 'profiles', 0] as const;

describe('what somebody changed is missing, and the rest is there', () => {
  it.each([
    [['kernel'], null],
    [['kernel'], 'bzimage'],
    [['kernel', 'kind'], 'toString'],
    [['kernel', 'hasEfiStub'], 1],
    [['kernel', 'architecture'], 64],
    [['kernel', 'mostArgumentBytes'], -1],
    [['kernel', 'mostArgumentBytes'], '2047'],
  ])('%j: %j', (path, value) => {
    expect(storedContents(changed(path, value))).toEqual({ uki: WHOLE.uki });
  });

  it.each([
    [['uki'], []],
    [['uki', 'kind'], 'other'],
    [['uki', 'kind'], 'refused'],
    [['uki', 'uki'], undefined],
    [['uki', 'uki', 'architecture'], null],
    [['uki', 'uki', 'isSigned'], undefined],
    [['uki', 'uki', 'osName'], {}],
    [['uki', 'uki', 'profiles'], []],
    [['uki', 'uki', 'profiles'], {}],
    [[...PROFILE], null],
    [[...PROFILE, 'title'], 1],
    [[...PROFILE, 'linux'], undefined],
    [[...PROFILE, 'linux', 'offset'], 1.5],
    [[...PROFILE, 'linux', 'length'], -8],
    [[...PROFILE, 'kernel'], undefined],
    [[...PROFILE, 'initrds'], 'none'],
    [[...PROFILE, 'initrds', 0], null],
    [[...PROFILE, 'commandLine'], ['quiet']],
    [[...PROFILE, 'dtb'], true],
  ])('%j: %j', (path, value) => {
    expect(storedContents(changed(path, value))).toEqual({ kernel: WHOLE.kernel });
  });

  it.each([[undefined], [null], ['contents'], [7], [[]], [{}], [{ uki: 1, kernel: 2 }]])('all of it: %j', (value) => {
    expect(storedContents(value)).toBeUndefined();
  });
});

it('never keeps a plan from being made or refused, whatever is in the row', () => {
  const paths = fc.constantFrom<readonly (string | number)[]>(
    ...[['kernel'], ['kernel', 'kind'], ['uki'], ['uki', 'uki'], ['uki', 'uki', 'profiles'], [...PROFILE]],
    ...['linux', 'kernel', 'initrds', 'commandLine', 'dtb'].map((field) => [...PROFILE, field]),
  );
  fc.assert(
    fc.property(paths, fc.jsonValue(), (path, value) => {
      const contents = storedContents(changed(path, value));
      const image = resolvedImage(['kernel', 'initramfs', 'uki'], contents === undefined ? {} : { contents });
      const subject = { name: 'node-01', facts: facts(), contradictions: [], mayBeKnown: false };
      const input = { subject, assignment: assignment(), image, defaults: {} };
      const planned = CLIENTS.map((client) => planBoot({ ...input, starter: { client, architecture: 'amd64' } }).kind);
      expect(planned).toEqual(CLIENTS.map(() => expect.any(String) as string));
    }),
  );
});

describe('of an ISO', () => {
  const ROOT = { path: '/live/filesystem.squashfs', part: { offset: 4_096, length: 1_000 } };
  const OPENING = { ...OPENED_ISO, root: ROOT, system: 'Debian live', preset: 'debian-live', wants: 'a CD' } as const;
  const whole = (opening: object = OPENING) => ({ iso: readIsoOf({ opening: opening as typeof OPENING }) });

  it('is what was written', () => {
    const closed = whole({ kind: 'closed', reason: 'no kernel' });
    const named = whole({ kind: 'closed', reason: '/k is not in it', namedBy: 'iso.kernel' });
    const refused = { iso: { kind: 'refused', reason: 'it is cut off' } };
    const other = { iso: { kind: 'refused', reason: 'it is no ISO 9660 image', isIso: false } };
    for (const one of [whole(), whole(OPENED_ISO), closed, named, refused, other])
      expect(storedContents(JSON.parse(JSON.stringify(one)))).toEqual(one);
  });

  it.each([
    ['by', 'magic'],
    ['kernel', null],
    ['kernel', { ...OPENED_ISO.kernel, facts: {} }],
    ['kernel', { ...OPENED_ISO.kernel, part: { offset: -1, length: 1 } }],
    ['initrds', {}],
    ['initrds', [null]],
    ['initrds', [{ path: 1, part: ROOT.part }]],
    ['root', {}],
    ['menu', { file: '/x' }],
    ['commandLine', undefined],
    ['leftOut', [1]],
    ['preset', 'windows'],
    ['wants', 1],
    ['kind', 'opened or so'],
  ])('is missing where somebody changed %s to %j', (name, value) => {
    expect(storedContents(whole({ ...OPENING, [name]: value }))).toBeUndefined();
  });

  it.each([
    ['label', 1],
    ['firmware', ['arcade']],
    ['firmware', {}],
    ['isHybrid', 'yes'],
    ['opening', null],
  ])('is missing where somebody changed its %s to %j', (name, value) => {
    const { iso } = readIsoOf();
    expect(storedContents({ iso: { kind: 'iso', iso: { ...iso, [name]: value } } })).toBeUndefined();
  });

  it('is missing where somebody changed why it is not opened', () => {
    for (const said of [{ reason: 1 }, { reason: 'no kernel', namedBy: 'iso.kernelArgs' }])
      expect(storedContents(whole({ kind: 'closed', ...said }))).toBeUndefined();
  });

  it('is missing where somebody changed what is said of one that is refused', () => {
    for (const said of [{ reason: 1 }, { reason: 'it is none', isIso: true }])
      expect(storedContents({ iso: { kind: 'refused', ...said } })).toBeUndefined();
  });
});
