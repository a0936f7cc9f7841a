import fc from 'fast-check';
import { expect, it } from 'vitest';
import { memoryModules, reportedMemory } from '../../src/booter/reported-memory.js';

const MIB = 1024 * 1024;
const SLOTS = 17;

/** As iPXE fills them in; what there is not is empty. */
function modules(...sizes: readonly string[]): string {
  return Array.from({ length: SLOTS }, (_, slot) => sizes[slot] ?? '').join('.');
}

it('asks for as many modules as it reads', () => {
  const asked = memoryModules().replace(/\$\{smbios\/(\d+)\.17\.12\.2:hexraw\}/g, '$1');
  expect(asked).toBe(Array.from({ length: SLOTS }, (_, slot) => slot).join('.'));
  expect(reportedMemory({ memsize: '', modules: asked.replace(/\d+/g, '') })).toBeUndefined();
});

it.each([
  // QEMU with 1 GiB.
  ['one module', modules('0004'), 1_024],
  ['several, and empty slots', modules('0010', '0000', '0010', '0000'), 8_192],
  ['all that there is room for', modules(...Array.from({ length: SLOTS - 1 }, () => '0040')), 16 * 16_384],
  ['one in KiB', modules('0088'), 2],
])('adds up %s', (_what, text, mib) => expect(reportedMemory({ memsize: undefined, modules: text })).toBe(mib * MIB));

it.each([
  ['nothing', ''],
  ['no modules', modules()],
  ['empty slots alone', modules('0000', '0000')],
  ['one of unknown size', modules('0010', 'ffff')],
  ['one whose size stands elsewhere', modules('0010', 'ff7f')],
  ['more than are asked for', modules(...Array.from({ length: SLOTS }, () => '0010'))],
  ['an empty slot where there may be more', modules('0010', ...Array.from({ length: SLOTS - 1 }, () => '0000'))],
  ['too few', '0010..'],
  ['too many', `${modules('0010')}.0010`],
  ['no hexadecimal digits', modules('00x0')],
  ['other digits', modules('10')],
])('does not know the memory of %s', (_what, text) =>
  expect(reportedMemory({ memsize: undefined, modules: text })).toBeUndefined(),
);

it.each([
  ['4095', 4_095],
  ['0', undefined],
  ['', undefined],
  ['-1', undefined],
  ['4e3', undefined],
  ['1.5', undefined],
  [' 4095', undefined],
  ['9999999999', undefined],
])('reads the size %j', (memsize, mib) =>
  expect(reportedMemory({ memsize, modules: undefined })).toBe(mib && mib * MIB),
);

it.each([
  ['there may be more modules', modules(...Array.from({ length: SLOTS }, () => '0010'))],
  ['the size of one stands elsewhere', modules('0010', 'ff7f')],
])('takes what firmware leaves to systems alone where %s', (_what, text) =>
  expect(reportedMemory({ memsize: '1023', modules: text })).toBe(1_023 * MIB),
);

it('takes the larger of the two, so that nobody is warned in vain', () => {
  expect(reportedMemory({ memsize: '1023', modules: modules('0004') })).toBe(1_024 * MIB);
  expect(reportedMemory({ memsize: '4095', modules: modules('0004') })).toBe(4_095 * MIB);
});

it('is a whole number of bytes that counts, or nothing, whatever is reported', () => {
  const field = fc.oneof(fc.constant(''), fc.string({ unit: fc.constantFrom(...'0123456789abcdef'), maxLength: 4 }));
  const all = fc.array(field, { minLength: SLOTS - 1, maxLength: SLOTS + 1 }).map((fields) => fields.join('.'));
  fc.assert(
    fc.property(fc.string(), fc.oneof(fc.string(), all), (memsize, text) => {
      const bytes = reportedMemory({ memsize, modules: text });
      expect(bytes === undefined || (Number.isSafeInteger(bytes) && bytes > 0)).toBe(true);
    }),
  );
});
