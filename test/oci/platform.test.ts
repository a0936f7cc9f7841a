import { describe, expect, it } from 'vitest';
import {
  formatPlatform,
  knownArchitectures,
  normalizeArchitecture,
  parseArchitecture,
  parsePlatform,
} from '../../src/oci/platform.js';

describe('parseArchitecture', () => {
  it.each([
    ['x86_64', 'amd64'],
    ['X86-64', 'amd64'],
    ['x64', 'amd64'],
    [' amd64 ', 'amd64'],
    ['aarch64', 'arm64'],
    ['arm32', 'arm'],
    ['i386', '386'],
    ['i686', '386'],
    ['loongarch64', 'loong64'],
    ['riscv64', 'riscv64'],
  ])('reads %s as %s', (text, name) => {
    expect(parseArchitecture(text)).toBe(name);
  });

  it.each(['', 'vax', 'constructor', '__proto__'])('does not know %j', (text) => {
    expect(parseArchitecture(text)).toBeUndefined();
    expect(normalizeArchitecture(text)).toBe(text);
  });

  it('knows every name it gives', () => {
    for (const name of knownArchitectures()) expect(parseArchitecture(name)).toBe(name);
  });
});

describe('a platform', () => {
  it.each([
    ['linux/amd64', { os: 'linux', architecture: 'amd64' }],
    ['linux/arm/v7', { os: 'linux', architecture: 'arm', variant: 'v7' }],
  ])('is read and written as %s', (text, platform) => {
    expect(parsePlatform(text)).toEqual(platform);
    expect(formatPlatform(platform)).toBe(text);
  });

  it('is read in usual spellings', () => {
    expect(parsePlatform('linux/aarch64')).toEqual({ os: 'linux', architecture: 'arm64' });
  });

  it.each(['', 'linux', 'linux/', '/amd64', 'linux/arm/', 'linux/arm/v7/x', 'Linux/amd64', 'linux/a b'])(
    'is not %j',
    (text) => {
      expect(parsePlatform(text)).toBeUndefined();
    },
  );
});
