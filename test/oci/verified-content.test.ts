import { describe, expect, it } from 'vitest';
import { descriptorOf } from '../../src/oci/descriptor.js';
import { verifiedContent } from '../../src/oci/verified-content.js';

const DESCRIPTOR = descriptorOf('application/octet-stream', Buffer.from('kernel'));

/** What passed before the end or the error. */
async function passed(...pieces: readonly string[]): Promise<{ readonly pieces: string[]; readonly problem: unknown }> {
  const seen: string[] = [];
  try {
    for await (const piece of verifiedContent('a kernel', DESCRIPTOR, contentOf(pieces))) seen.push(String(piece));
    return { pieces: seen, problem: undefined };
  } catch (problem) {
    return { pieces: seen, problem };
  }
}

async function* contentOf(pieces: readonly string[]): AsyncIterable<Uint8Array> {
  for (const piece of pieces) yield Buffer.from(piece);
}

describe('verifiedContent', () => {
  it('passes what is as promised', async () => {
    expect(await passed('ker', 'nel')).toEqual({ pieces: ['ker', 'nel'], problem: undefined });
  });

  it.each([
    [['ker', 'nal'], ['ker'], 'was promised, sha256:'],
    [['ker'], [], '6 bytes were promised, 3 read'],
    [['ker', 'nel', '!'], ['ker'], 'more than the promised 6 bytes'],
    [[], [], '6 bytes were promised, 0 read'],
  ])('keeps back the last piece of %j', async (pieces, seen, message) => {
    expect(await passed(...pieces)).toEqual({
      pieces: seen,
      problem: expect.objectContaining({
        code: 'DIGEST_MISMATCH',
        message: expect.stringContaining(message) as string,
      }) as Error,
    });
  });

  it('passes nothing when nothing is promised', async () => {
    const empty = descriptorOf('application/octet-stream', new Uint8Array());
    const content = verifiedContent('nothing', empty, contentOf([]));
    expect(await content.next()).toEqual({ done: true, value: undefined });
  });
});
