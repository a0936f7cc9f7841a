import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  fillPlaceholders,
  isChange,
  type KernelArgs,
  kernelArguments,
  MAX_COMMAND_LINE_BYTES,
  normalizeCommandLine,
} from '../../src/image/command-line.js';

it('keeps quoted arguments whole', () => {
  expect(kernelArguments('dyndbg="file foo.c +p" quiet')).toEqual(['dyndbg="file foo.c +p"', 'quiet']);
});

it('makes one line of what image builders write', () => {
  expect(normalizeCommandLine(' console=ttyS0\n\tquiet \n\0')).toBe('console=ttyS0 quiet');
});

it('has words with one space between, whatever was between', () => {
  const piece = fc.constantFrom('a', 'b="', ' ', '  ', '\n', '\t', '\0', '\u00a0', '\ufeff', '\v');
  fc.assert(
    fc.property(fc.array(piece), (pieces) => {
      const text = pieces.join('');
      const words = text.split(/[\s\0]+/).filter((word) => word !== '');
      expect(normalizeCommandLine(text)).toBe(words.join(' '));
    }),
  );
});

it.each<readonly [KernelArgs, boolean]>([
  [{}, false],
  [{ from: 'assignment', append: [], remove: [], replace: {} }, false],
  [{ preset: 'talos' }, true],
  [{ consoles: true }, true],
  [{ replace: { root: 'x' } }, true],
])('%j is a change: %s', (change, is) => expect(isChange(change)).toBe(is));

describe('fillPlaceholders', () => {
  const values = new Map([['blob.squashfs.url', 'http://10.0.2.2/x']]);

  it('fills what it knows', () => {
    const filled = fillPlaceholders('root=live:{blob.squashfs.url} a={blob.squashfs.url}', values);
    expect(filled).toEqual({ kind: 'filled', commandLine: 'root=live:http://10.0.2.2/x a=http://10.0.2.2/x' });
  });

  it('refuses what this image does not have, and says what it has', () => {
    const refused = fillPlaceholders('gl.url={blob.disk.url}', values);
    expect(refused).toEqual({
      kind: 'refused',
      reason: 'the kernel arguments hold {blob.disk.url}, and this image has no disk: add --disk to image build',
    });
    const { reason } = fillPlaceholders('x={machine.nam}', values) as { readonly reason: string };
    expect(reason).toMatch(
      /^the kernel arguments hold \{machine\.nam\}, which stands for nothing with this image: leave it out, or write one of /,
    );
    for (const known of ['machine.name', 'machine.label.<label>', 'image.digest', 'blob.squashfs.url'])
      expect(reason).toContain(`{${known}}`);
    expect(reason).not.toContain('blob.disk.url');
  });

  it('fills nothing a second time', () => {
    const hosts = new Map([
      ['server.host', 'server.url'],
      ['server.url', 'x'],
    ]);
    const commandLine = 'a={server.url} b={x}';
    expect(fillPlaceholders('a={{server.host}} b={{server.url}}', hosts)).toEqual({ kind: 'filled', commandLine });
  });

  it('leaves other braces alone', () => {
    expect(fillPlaceholders('x={} y={a b} z={1}', values)).toEqual({
      kind: 'filled',
      commandLine: 'x={} y={a b} z={1}',
    });
  });

  it('refuses a line that the kernel would cut', () => {
    expect(fillPlaceholders('a'.repeat(MAX_COMMAND_LINE_BYTES), values).kind).toBe('filled');
    const refused = fillPlaceholders('a'.repeat(MAX_COMMAND_LINE_BYTES + 1), values);
    expect(refused).toMatchObject({
      kind: 'refused',
      reason: expect.stringContaining('2026 bytes long, and 2025 fit') as string,
    });
  });

  it('refuses what is too long for this kernel, with its URLs', () => {
    const line = 'x={blob.squashfs.url}';
    expect(fillPlaceholders(line, values, 19).kind).toBe('filled');
    expect(fillPlaceholders(line, values, 18)).toEqual({
      kind: 'refused',
      reason: 'its kernel arguments are 19 bytes long, and 18 fit',
    });
  });
});
