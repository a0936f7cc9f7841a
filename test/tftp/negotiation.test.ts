import { describe, expect, it } from 'vitest';
import { negotiate } from '../../src/tftp/negotiation.js';
import type { Option } from '../../src/tftp/packet.js';

const LIMITS = { maxBlockSize: 1_468, maxWindowSize: 16 };

const agreed = (...asked: readonly Option[]) => negotiate(asked, 70_000, LIMITS);

describe('negotiate', () => {
  it('is plain TFTP for a client that asks for nothing', () => {
    expect(agreed()).toEqual({ blksize: 512, windowsize: 1, accepted: [] });
  });

  it.each<[string, string, string | undefined]>([
    ['blksize', '1024', '1024'],
    ['blksize', '8', '8'],
    ['blksize', '65464', '1468'],
    ['blksize', '7', undefined],
    ['blksize', '65465', undefined],
    ['blksize', '1e3', undefined],
    ['blksize', '', undefined],
    ['windowsize', '4', '4'],
    ['windowsize', '64', '16'],
    ['windowsize', '65535', '16'],
    ['windowsize', '0', undefined],
    ['windowsize', '65536', undefined],
    ['timeout', '5', '5'],
    ['timeout', '255', '255'],
    ['timeout', '0', undefined],
    ['timeout', '256', undefined],
    ['tsize', '0', '70000'],
    ['tsize', '12345', '70000'],
    ['tsize', '-1', undefined],
    ['multicast', '', undefined],
    ['rollover', '0', undefined],
    ['', '', undefined],
    ['__proto__', '1', undefined],
  ])('agrees for %s=%s to %s', (name, asked, value) => {
    expect(agreed([name, asked]).accepted).toEqual(value === undefined ? [] : [[name, value]]);
  });

  it('takes names in any case, and tells them as they were spelled, in their order', () => {
    expect(agreed(['TSIZE', '0'], ['BlkSize', '1432'], ['unknown', 'x'], ['WindowSize', '8'])).toEqual({
      blksize: 1_432,
      windowsize: 8,
      accepted: [
        ['TSIZE', '70000'],
        ['BlkSize', '1432'],
        ['WindowSize', '8'],
      ],
    });
  });

  it('takes the first of an option that comes twice', () => {
    expect(agreed(['blksize', '1000'], ['BLKSIZE', '500'])).toMatchObject({
      blksize: 1_000,
      accepted: [['blksize', '1000']],
    });
  });

  it('lets no window be larger than what is read at once', () => {
    const large = negotiate(
      [
        ['windowsize', '64'],
        ['blksize', '65464'],
      ],
      1,
      { maxBlockSize: 65_464, maxWindowSize: 64 },
    );
    expect(large.windowsize * large.blksize).toBeLessThanOrEqual(256 * 1024);
    expect(large.accepted).toContainEqual(['windowsize', String(large.windowsize)]);
  });
});
