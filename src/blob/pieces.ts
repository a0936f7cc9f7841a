/**
 * The same bytes in larger pieces: sockets deliver little at a time, and the disk and those who follow are better off with
 * more. What came before it broke comes all the same. A piece is good until the next but one is asked for.
 */
export async function* inPieces(size: number, bytes: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let piece: Buffer = Buffer.allocUnsafe(size);
  let other: Buffer | undefined;
  let filled = 0;
  let broken: { readonly thrown: unknown } | undefined;
  try {
    for await (const chunk of bytes) {
      for (let taken = 0; taken < chunk.length; ) {
        const part = chunk.subarray(taken, taken + size - filled);
        piece.set(part, filled);
        filled += part.length;
        taken += part.length;
        if (filled < size) continue;
        yield piece;
        [piece, other] = [other ?? Buffer.allocUnsafe(size), piece];
        filled = 0;
      }
    }
  } catch (thrown) {
    broken = { thrown };
  }
  if (filled > 0) yield piece.subarray(0, filled);
  if (broken !== undefined) throw broken.thrown;
}
