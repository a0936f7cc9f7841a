import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { argumentWords, screenText, setting, urlWord } from '../../src/ipxe/word.js';

describe('screenText', () => {
  it.each([
    ['a plain name', 'a plain name'],
    ['Dell Inc. (R650)', 'Dell Inc. (R650)'],
    ['two\nlines\r\nhere', 'two lines here'],
    [`\${net0/mac}`, '_{net0/mac}'],
    ['# a comment', '_ a comment'],
    ['x && reboot', 'x __ reboot'],
    ['x || shell ; poweroff', 'x __ shell _ poweroff'],
    ['write {{ machine.name | quote }}', 'write {{ machine.name | quote }}'],
    ['|| ||| a||b ||', '__ ||| a||b __'],
    [`${'x '.repeat(249)}||y`, `${'x '.repeat(249)}__`],
    [`${'x '.repeat(249)} ;y`, `${'x '.repeat(249)};y`],
    ['ends with \\', 'ends with _'],
    ['arm64; it has {a.b}', 'arm64; it has {a.b}'],
    ['; ;; a;b ;', '_ ;; a;b _'],
    ['Müller\u0000\u001b[31m', 'M_ller__[31m'],
    ['  ', ''],
  ])('%j becomes %j', (hostile, harmless) => {
    expect(screenText(hostile)).toBe(harmless);
  });

  it('never lets through what means something to iPXE', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        const words = screenText(text);
        expect(words).not.toMatch(/[^ -~]|[#$&\\]|(^| )(;|\|\|)( |$)/);
        expect(words.length).toBeLessThanOrEqual(500);
      }),
    );
  });
});

describe('argumentWords', () => {
  it.each([
    'console=ttyS0,115200 quiet',
    'ds=nocloud;s=http://10.0.0.1/seed/',
    'gl.url=http://10.0.2.2:8080/blobs/sha256/00/root.squashfs gl.live=1',
    'dyndbg="file drivers/net/* +p"',
    'a=#b c=x&&y',
    '',
  ])('carries %j as it is', (text) => {
    expect(argumentWords(text)).toEqual({ kind: 'words', words: text });
  });

  it.each([
    ['a && b', '&&'],
    ['a || b', '||'],
    ['a ; b', ';'],
    ['a #b', '#b'],
    [`a talos.config=http://x/?u=\${uuid}`, `talos.config=http://x/?u=\${uuid}`],
    ['a b\\', 'b\\'],
    ['a b\nreboot', 'b\nreboot'],
    ['a ü', 'ü'],
  ])('refuses %j and names the argument', (text, argument) => {
    expect(argumentWords(text)).toMatchObject({ kind: 'refused', argument });
  });
});

describe('settings and URLs', () => {
  it('writes settings with and without a type', () => {
    expect(setting('uuid')).toBe(`\${uuid}`);
    expect(setting('netX/mac', 'hexhyp')).toBe(`\${netX/mac:hexhyp}`);
    expect(setting('smbios/0.17.12.2', 'hexraw')).toBe(`\${smbios/0.17.12.2:hexraw}`);
  });

  it('accepts absolute URLs with settings in them', () => {
    const url = `http://[fd77::1]:8080/boot/script?mac=\${netX/mac:hexhyp}&serial=\${serial:uristring}&modules=\${smbios/0.17.12.2:hexraw}.&attempt=1`;
    expect(urlWord(url)).toBe(url);
  });

  it.each(['http://a/ b', 'ftp://a/', 'http://a/#x', 'http://a/\n', `http://a/\${x y}`])('throws on %j', (url) => {
    expect(() => urlWord(url)).toThrow(RangeError);
  });
});
