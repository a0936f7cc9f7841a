import { describe, expect, it } from 'vitest';
import type { BlobSource } from '../../src/blob/blob-store.js';
import { Doubts } from '../../src/blob/doubts.js';
import { digestOf } from '../../src/oci/digest.js';

const DIGEST = digestOf(Buffer.from('a'));
const all = [...'abc'].map((name): BlobSource => ({ name, fetch: () => Promise.reject(new Error('unused')) }));

function order(...blamed: readonly string[]): string {
  const doubts = new Doubts();
  for (const names of blamed) doubts.blame(DIGEST, [...names]);
  const { sources, lastResort } = doubts.inOrder(DIGEST, all);
  return [sources, lastResort].map((some) => some.map(({ name }) => name).join('')).join('|');
}

describe('Doubts', () => {
  it.each([
    ['nobody', [], 'abc|'],
    ['one of two', ['ab'], 'cab|'],
    ['one alone', ['a'], 'bc|a'],
    ['all together, and then the last first, alone', ['abc'], 'cba|'],
    ['one alone, and others together', ['c', 'ab'], 'ba|c'],
    ['one together with others, then alone', ['ac', 'c'], 'ba|c'],
    ['one alone, then together with others', ['c', 'bc'], 'ab|c'],
    ['all of them alone', ['a', 'b', 'c'], 'abc|'],
  ])('goes by who gave wrong bytes: %s', (_name, blamed, expected) => expect(order(...blamed)).toBe(expected));

  it('is of one blob, and over when right bytes have come', () => {
    const doubts = new Doubts();
    doubts.blame(DIGEST, ['a']);
    expect(doubts.inOrder(digestOf(Buffer.from('b')), all)).toEqual({ sources: all, lastResort: [] });
    doubts.clear(DIGEST);
    expect(doubts.inOrder(DIGEST, all)).toEqual({ sources: all, lastResort: [] });
  });

  it('forgets the oldest of too many', () => {
    const doubts = new Doubts();
    doubts.blame(DIGEST, ['a']);
    for (let count = 0; count < 1_000; count += 1) doubts.blame(digestOf(Buffer.from(`b${count}`)), ['a']);
    expect(doubts.inOrder(DIGEST, all).lastResort).toEqual([]);
    expect(doubts.inOrder(digestOf(Buffer.from('b999')), all).lastResort).toHaveLength(1);
  });
});
