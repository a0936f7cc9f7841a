import { expect, it } from 'vitest';
import { isOldVersion, versionIn } from '../../src/ipxe/binary-version.js';

const NEW = '1.21.1+git20250501.dad20602+dfsg-1';

it.each([
  ['its SBAT', `sbat,1\nipxe,1,iPXE,snponly.efi,${NEW},https://ipxe.org\n`, NEW],
  ['a C string', `\0iPXE\0${NEW}\0`, NEW],
  ['an own build', '\x001.21.1+ (g8b92)\0', '1.21.1+ (g8b92)'],
  ['nothing', 'MZ\0\x01 packed 1.2.3 \0', undefined],
  ['what only looks like one', '\0libfoo-1.2.3+4\0', undefined],
])('is read of %s', (_, text, version) => expect(versionIn(Buffer.from(text, 'latin1'))).toBe(version));

it('is old where Debian 12 has it', () => {
  expect(isOldVersion('1.0.0+git-20190125.36a4c85-5.1')).toBe(true);
  expect([isOldVersion(NEW), isOldVersion('2.0.0+')]).toEqual([false, false]);
});
