import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readFileName } from '../../src/tftp/file-name.js';

describe('readFileName', () => {
  it.each([
    ['undionly.kpxe', 'undionly.kpxe'],
    ['/undionly.kpxe', 'undionly.kpxe'],
    ['//ipxe//snponly.efi', 'ipxe/snponly.efi'],
    ['\\boot\\x64\\wdsnbp.com', 'boot/x64/wdsnbp.com'],
    ['./a/./b', 'a/b'],
    ['a b', 'a b'],
    ['undionly.kpxe\xff\xff', 'undionly.kpxe'],
    ['...', '...'],
    ['a..b', 'a..b'],
  ])('reads %s as %s', (filename, path) => expect(readFileName(filename)).toBe(path));

  it.each([
    '',
    '/',
    '.',
    '//./',
    '..',
    '../etc/passwd',
    'a/../b',
    '\\..\\a',
    '/a/..',
    'C:\\a',
    'a\nb',
    'caf\xe9',
    'a\xffb',
    '\x7f',
  ])('takes %j for none', (filename) => expect(readFileName(filename)).toBeUndefined());

  it('never leads out', () => {
    const hostile = fc.stringMatching(/^[./\\a:]{0,12}$/);
    fc.assert(
      fc.property(fc.oneof(hostile, fc.string()), (filename) => {
        const path = readFileName(filename);
        if (path === undefined) return;
        expect(path.split('/').every((part) => part !== '' && part !== '.' && part !== '..')).toBe(true);
        expect(path).not.toContain('\\');
        expect(readFileName(path)).toBe(path);
      }),
      { numRuns: 2_000 },
    );
  });
});
