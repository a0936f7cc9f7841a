import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { inPieces } from '../../src/blob/pieces.js';

async function* from(chunks: readonly Uint8Array[], problem?: Error): AsyncGenerator<Uint8Array> {
  yield* chunks;
  if (problem !== undefined) throw problem;
}

async function taken(pieces: AsyncIterable<Uint8Array>): Promise<{ sizes: number[]; bytes: Buffer; thrown: unknown }> {
  const copies: Buffer[] = [];
  let thrown: unknown;
  try {
    for await (const piece of pieces) copies.push(Buffer.from(piece));
  } catch (problem) {
    thrown = problem;
  }
  return { sizes: copies.map(({ length }) => length), bytes: Buffer.concat(copies), thrown };
}

describe('inPieces', () => {
  it('gives the same bytes in pieces of one size but for the last', async () => {
    const chunks = fc.array(fc.uint8Array({ maxLength: 40 }), { maxLength: 20 });
    await fc.assert(
      fc.asyncProperty(chunks, fc.integer({ min: 1, max: 50 }), async (all, size) => {
        const { sizes, bytes } = await taken(inPieces(size, from(all)));
        expect(bytes.equals(Buffer.concat(all))).toBe(true);
        expect(sizes.slice(0, -1).every((one) => one === size)).toBe(true);
        expect(sizes.every((one) => one > 0 && one <= size)).toBe(true);
      }),
    );
  });

  it('gives what came before it broke, and then breaks', async () => {
    const problem = new Error('it hung up');
    const { sizes, thrown } = await taken(inPieces(10, from([Buffer.alloc(13)], problem)));
    expect([sizes, thrown]).toEqual([[10, 3], problem]);
  });

  it('lets go of the source when nobody wants more', async () => {
    let released = false;
    const source = async function* () {
      try {
        for (;;) yield Buffer.alloc(10);
      } finally {
        released = true;
      }
    };
    for await (const _ of inPieces(10, source())) break;
    expect(released).toBe(true);
  });
});
