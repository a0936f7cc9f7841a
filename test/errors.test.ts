import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { BootlayerError, describeError, ERROR_CODES, systemErrorCode } from '../src/errors.js';

describe('BootlayerError', () => {
  it('keeps one of its own and wraps everything else', () => {
    const own = new BootlayerError('USAGE', 'x');
    expect(BootlayerError.from(own)).toBe(own);
    const cause = new TypeError('odd');
    expect(BootlayerError.from(cause)).toMatchObject({ code: 'INTERNAL', message: 'odd', cause });
    expect(BootlayerError.from('text')).toMatchObject({ code: 'INTERNAL', message: 'text' });
  });

  it('is one line with its remedy', () => {
    expect(describeError(new BootlayerError('USAGE', 'no file', { remedy: 'name one' }))).toBe('no file; name one');
    expect(describeError(new BootlayerError('USAGE', 'no file'))).toBe('no file');
  });
});

it('finds the code of a system error', () => {
  expect(systemErrorCode(Object.assign(new Error('x'), { code: 'ENOSPC' }))).toBe('ENOSPC');
  expect([systemErrorCode(new Error('x')), systemErrorCode(null), systemErrorCode({ code: 5 })]).toEqual([
    undefined,
    undefined,
    undefined,
  ]);
});

it("lists every code in the README's table, and no other", () => {
  const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8');
  const listed = [...readme.matchAll(/^\| `([A-Z_]+)` \| (.+?) \|$/gm)].map(([, code, meaning]) => [code, meaning]);
  expect(Object.fromEntries(listed)).toEqual(ERROR_CODES);
});
