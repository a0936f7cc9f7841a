import { describe, expect, it } from 'vitest';
import type { BootEvent } from '../../src/boot/event.js';
import { awaitedBy, awaitedOf, fillKey } from '../../src/booter/awaited-part.js';

const DIGEST = `sha256:${'ab'.repeat(32)}`;

type Step = Parameters<typeof awaitedBy>[0];
const NOW = 1_700_000_010_000;

describe('what boots wait for', () => {
  it('is a download, from its beginning to its end, by the digest', () => {
    const ended = { digest: DIGEST, bytes: 5, source: 'r/os', seconds: 4 };
    for (const event of ['fill.finished', 'fill.failed'] as const)
      expect(awaitedOf({ event, ...ended } as unknown as BootEvent, NOW)).toEqual([
        fillKey(DIGEST),
        expect.objectContaining({ name: 'fill', start: NOW - 4_000, end: NOW, isFailed: event === 'fill.failed' }),
      ]);
    expect(awaitedBy({ event: 'artifact.started', digest: DIGEST } as unknown as Step)).toBe(fillKey(DIGEST));
  });

  it('is a resolution, by the image, which one that is pinned needs none of', () => {
    const resolved = {
      event: 'image.resolved',
      reference: 'r/os:1',
      architecture: 'amd64',
      digest: DIGEST,
      seconds: 1,
    };
    const [key, part] = awaitedOf({ ...resolved, from: 'source' } as unknown as BootEvent, NOW) ?? expect.unreachable();
    expect(part).toMatchObject({ name: 'resolve', start: NOW - 1_000, isFailed: false });
    for (const event of ['script.sent', 'uki.planned'])
      expect(awaitedBy({ event, image: 'r/os:1' } as unknown as Step)).toBe(key);
    expect(awaitedOf({ ...resolved, from: 'pinned' } as unknown as BootEvent, NOW)).toBeUndefined();
    expect(awaitedBy({ event: 'greeting.sent' } as unknown as Step)).toBeUndefined();
  });
});
