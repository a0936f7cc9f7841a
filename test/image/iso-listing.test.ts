import { describe, expect, it } from 'vitest';
import { IsoListing } from '../../src/image/iso-listing.js';

const part = { offset: 0, length: 1 };
const file = (name: string) => ({ kind: 'file', name, part }) as const;
const folder = (name: string) => ({ kind: 'folder', name, part }) as const;

describe('IsoListing', () => {
  const listing = new IsoListing([folder('vmlinuz-0'), file('VMLINUZ'), file('vmlinuz'), file('vmlinuz-6.img')]);

  it('finds a name as it is, else whatever its case', () => {
    expect(listing.named('vmlinuz')).toBe(listing.entries[2]);
    expect(listing.named('VMLINUZ')).toBe(listing.entries[1]);
    expect(listing.named('Vmlinuz')).toBe(listing.entries[1]);
    expect(listing.named('initrd')).toBeUndefined();
  });

  it('finds files by part of their name, and no folders', () => {
    expect(listing.fileLike('vmlinuz-*')).toBe(listing.entries[3]);
    expect(listing.fileLike('*.IMG')).toBe(listing.entries[3]);
    expect(listing.fileLike('vmlinuz-0')).toBeUndefined();
    expect(listing.fileLike('initrd*')).toBeUndefined();
  });

  it('leaves out names that screens would show as lines, and what has the name of another', () => {
    const odd = new IsoListing([file('a\nb'), file('a'), folder('a')]);
    expect(odd.named('a\nb')).toBeUndefined();
    expect(odd.named('a')).toEqual(file('a'));
  });
});
