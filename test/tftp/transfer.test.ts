import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Terms } from '../../src/tftp/negotiation.js';
import { newTransfer, type Step, step, type TransferEvent, type TransferState } from '../../src/tftp/transfer.js';
import { type Game, playTransfer } from '../fixtures/tftp-network.js';

const PLAIN: Terms = { blksize: 512, windowsize: 1, accepted: [] };
const agreed = (more: Partial<Terms>): Terms => ({ ...PLAIN, accepted: [['tsize', '1']], ...more });
const WINDOWED = agreed({ windowsize: 4 });

/** Says what is done for each of these, in a few characters. */
function play(terms: Terms, size: number, ...events: readonly TransferEvent[]): readonly string[] {
  let state = newTransfer(terms, size, 0);
  return events.map((event) => {
    const [next, actions]: Step = step(state, event);
    state = next;
    return actions.map(inShort).join(' ');
  });
}

function inShort(action: Step[1][number]): string {
  switch (action.kind) {
    case 'sendOack':
      return 'oack';
    case 'answered':
      return 'answered';
    case 'sendData':
      return `data ${action.from}-${action.to}`;
    case 'sendError':
      return `error ${action.error}`;
    case 'wait':
      return `wait ${action.milliseconds}`;
    case 'end':
      return action.outcome.kind === 'complete' ? `complete ${action.outcome.isConfirmed}` : action.outcome.kind;
  }
}

const at = (now: number) => ({
  start: { kind: 'start', now } as const,
  sent: { kind: 'sent', now } as const,
  timeout: { kind: 'timeout', now } as const,
  repeated: { kind: 'repeated', now } as const,
  ack: (block: number) => ({ kind: 'ack', block, now }) as const,
  error: (code: number, message = '') => ({ kind: 'error', code, message, now }) as const,
});

describe('a transfer', () => {
  it('without options is one block after the other, the last of them short', () => {
    const events = [at(0).start, at(0).sent, at(1).ack(1), at(1).sent, at(2).ack(2), at(2).sent, at(3).ack(3)];
    expect(play(PLAIN, 1_100, ...events)).toEqual([
      'data 1-1',
      'wait 1000',
      'answered data 2-2',
      'wait 100',
      'data 3-3',
      'wait 100',
      'complete true',
    ]);
  });

  it.each([
    [0, 1],
    [511, 1],
    [512, 2],
    [513, 2],
    [1_024, 3],
  ])('of %i bytes ends with block %i, if need be an empty one', (size, last) => {
    expect(newTransfer(PLAIN, size, 0).last).toBe(last);
  });

  it('with options begins with an offer, and with data when that is accepted', () => {
    const events = [at(0).start, at(0).sent, at(1).ack(1), at(1).ack(0), at(1).sent, at(2).ack(4)];
    const done = ['oack', 'wait 1000', '', 'answered data 1-4', 'wait 100', 'data 5-8'];
    expect(play(WINDOWED, 4_000, ...events)).toEqual(done);
  });

  it('takes an error after the offer for a question about the size, and one later for the end', () => {
    expect(play(WINDOWED, 4_000, at(0).start, at(1).error(8))).toEqual(['oack', 'probed']);
    expect(play(PLAIN, 4_000, at(0).start, at(1).error(3, 'full'))).toEqual(['data 1-1', 'aborted']);
  });

  it('sends nothing because an acknowledgement comes once more (Sorcerer’s Apprentice)', () => {
    const events = [at(0).start, at(0).sent, at(1).ack(1), at(1).sent, at(50).ack(1), at(90).ack(1), at(95).ack(0)];
    expect(play(PLAIN, 2_000, ...events).slice(3)).toEqual(['wait 100', '', '', '']);
  });

  it('goes on behind the block before a gap, and only once however often that is said', () => {
    const offered = [at(0).start, at(0).sent, at(10).ack(0), at(10).sent];
    const gap = [at(20).ack(2), at(20).sent, at(21).ack(2), at(40).ack(2), at(40).sent, at(60).ack(2), at(60).ack(1)];
    expect(play(WINDOWED, 9_000, ...offered, ...gap).slice(4)).toEqual([
      'data 3-6',
      'wait 100',
      // Too soon to be about what was sent last.
      '',
      'data 3-6',
      'wait 100',
      '',
      '',
    ]);
  });

  it('sends what comes behind, and no copies of copies, when a client says what it has of them', () => {
    const offered = [at(0).start, at(0).sent, at(10).ack(0), at(10).sent, at(20).ack(4), at(20).sent];
    const swapped = [at(31).ack(4), at(31).sent, at(32).ack(5), at(32).sent, at(42).ack(9), at(42).sent, at(43).ack(9)];
    expect(play(WINDOWED, 9_000, ...offered, ...swapped).slice(6)).toEqual([
      'data 5-8',
      'wait 100',
      'data 9-9',
      'wait 100',
      'data 10-13',
      'wait 100',
      '',
    ]);
  });

  it('takes no acknowledgement of what was not sent', () => {
    const offered = [at(0).start, at(0).sent, at(1).ack(0), at(1).sent];
    expect(play(WINDOWED, 9_000, ...offered, at(2).ack(5), at(2).ack(65_535), at(3).ack(4)).slice(4)).toEqual([
      '',
      '',
      'data 5-8',
    ]);
  });

  it('takes no acknowledgement of what is still being read', () => {
    const events = [at(0).start, at(0).sent, at(1).ack(0), at(2).ack(3), at(2).sent, at(3).ack(3)];
    expect(play(WINDOWED, 9_000, ...events).slice(2)).toEqual(['answered data 1-4', '', 'wait 100', 'data 4-7']);
  });

  it('takes no time that it reads for the client’s', () => {
    const events = [at(0).start, at(0).sent, at(5).ack(1), at(60_000).sent, at(60_100).timeout];
    expect(play(PLAIN, 2_000, ...events).slice(2)).toEqual(['answered data 2-2', 'wait 100', 'data 2-2']);
  });

  it('waits as long as it last had to, until it has measured anew (Karn)', () => {
    const quick = [at(0).start, at(0).sent, at(1).ack(1), at(1).sent];
    const slow = [at(101).timeout, at(101).sent, at(251).ack(2), at(251).sent, at(501).ack(3), at(501).sent];
    const waits = play(PLAIN, 9_000, ...quick, ...slow).filter((one) => one.startsWith('wait'));
    expect(waits.slice(1, 4)).toEqual(['wait 100', 'wait 200', 'wait 200']);
    expect(Number(waits.at(-1)?.slice(5))).toBeGreaterThan(250);
  });

  it('waits longer each time, as long as the client once answered, and then gives up', () => {
    const waits: string[] = [];
    let state: TransferState = newTransfer(PLAIN, 5_000, 0);
    let now = 0;
    let done: readonly string[] = [];
    const happen = (event: TransferEvent) => {
      const [next, actions] = step(state, event);
      state = next;
      done = actions.map(inShort);
      waits.push(...done.filter((one) => one.startsWith('wait')));
    };
    for (const event of [at(0).start, at(0).sent, at(5).ack(1)]) happen(event);
    while (state.phase !== 'over' && waits.length < 50) {
      happen(at(now).sent);
      now += Number(waits.at(-1)?.slice(5));
      happen(at(now).timeout);
    }
    expect(waits.slice(1, 9).map((one) => one.slice(5))).toEqual([
      '100',
      '200',
      '400',
      '800',
      '1600',
      '3200',
      '6400',
      '8000',
    ]);
    expect([done, now >= 30_000 && now < 40_000]).toEqual([['error undefined', 'aborted'], true]);
  });

  it('sends a stranger little: four times the offer, whatever it does', () => {
    const events: TransferEvent[] = [at(0).start];
    for (let second = 0; second < 20; second += 1)
      events.push(at(second).sent, at(second).repeated, at(second).sent, at(second).timeout);
    const done = play(WINDOWED, 9_000, ...events).filter((one) => !one.startsWith('wait') && one !== '');
    expect(done).toEqual(['oack', 'oack', 'oack', 'oack', 'unanswered']);
  });

  it('goes on for a client that says the same again and again', () => {
    const events = [at(0).start, at(0).sent, at(5).ack(1), at(5).sent, at(25_000).ack(1), at(31_000).timeout];
    expect(play(PLAIN, 5_000, ...events).at(-1)).toBe('data 2-2');
  });

  it('is complete when the client falls silent after the last block', () => {
    const events = [at(0).start, at(0).sent, at(1).ack(1), at(1).sent, at(31_000).timeout];
    expect(play(PLAIN, 600, ...events).at(-1)).toBe('complete false');
  });

  it('rolls over behind block 65535', () => {
    const begun = newTransfer(WINDOWED, 70_000 * 512, 0);
    let state: TransferState = { ...begun, phase: 'sending', acked: 65_534, sent: 65_535, due: 65_535, sentAt: 0 };
    const happened = (event: TransferEvent) => {
      const [next, actions] = step(state, event);
      state = next;
      return actions.map(inShort).join(' ');
    };
    expect(happened(at(1).ack(65_535))).toBe('data 65536-65539');
    happened(at(1).sent);
    expect([happened(at(2).ack(1)), state.acked]).toEqual(['data 65538-65541', 65_537]);
  });

  it('is told when its file cannot be read any further', () => {
    const broken = { kind: 'failed', error: 'notFound', message: 'gone', reason: 'EIO', now: 1 } as const;
    expect(play(PLAIN, 600, at(0).start, broken, at(2).ack(1))).toEqual(['data 1-1', 'error notFound failed', '']);
  });
});

/** Numbers from 0 to below 1, the same for the same seed (xorshift). */
function random(seed: number): () => number {
  let state = Math.imul(seed, 0x9e3779b1) | 1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 2 ** 32;
  };
}

type Conditions = {
  readonly seed: number;
  readonly loss: number;
  readonly doubling: number;
  readonly reordering: number;
  /** How often the same packet is lost at most: where all of them could be, nothing could be promised. */
  readonly losses: number;
};

function network({ seed, loss, doubling, reordering, losses }: Conditions): Game['fate'] {
  const next = random(seed);
  const delay = () => (next() < reordering ? 1 + next() * 20 : 1);
  const lost = new Map<string, number>();
  return (packet) => {
    const before = lost.get(packet) ?? 0;
    if (before < losses && next() < loss) {
      lost.set(packet, before + 1);
      return [];
    }
    return next() < doubling ? [delay(), delay()] : [delay()];
  };
}

const conditions = (maxLoss: number) =>
  fc.record({
    seed: fc.integer({ min: 1 }),
    loss: fc.double({ min: 0, max: maxLoss, noNaN: true }),
    doubling: fc.double({ min: 0, max: 0.5, noNaN: true }),
    reordering: fc.double({ min: 0, max: 0.5, noNaN: true }),
    blocks: fc.nat({ max: 60 }),
    rest: fc.nat({ max: 511 }),
    windowsize: fc.integer({ min: 1, max: 20 }),
    isOffered: fc.boolean(),
    manner: fc.constantFrom('once' as const, 'eager' as const, 'deaf' as const),
    clientTimeout: fc.constantFrom(1_000, 2_000, 5_000),
  });

describe('a network that doubles, reorders', () => {
  it.each([
    ['loses no packet more than once', { losses: 1, maxLoss: 1 }, {}],
    // Here everything could be lost. It is not, in the runs that this seed is for.
    ['loses up to a quarter', { losses: Number.POSITIVE_INFINITY, maxLoss: 0.25 }, { seed: 1 }],
  ])('and %s ends with the exact file', (_, { losses, maxLoss }, runs) => {
    fc.assert(
      fc.property(conditions(maxLoss), ({ blocks, rest, windowsize, isOffered, manner, clientTimeout, ...kind }) => {
        const size = blocks * 512 + rest;
        const terms = isOffered ? agreed({ windowsize }) : PLAIN;
        const played = playTransfer({ terms, size, manner, clientTimeout, fate: network({ ...kind, losses }) });
        expect(played).toMatchObject({ received: size, clientIsDone: true });
        // A client that has all with the first block may never be heard.
        expect(['complete', ...(size < 512 ? ['unanswered'] : [])]).toContain(played.outcome?.kind);
      }),
      { numRuns: 1_000, ...runs },
    );
  });

  it('and loses nothing is sent every block once', () => {
    for (const windowsize of [1, 4, 16]) {
      const played = playTransfer({ terms: agreed({ windowsize }), size: 100 * 512, manner: 'eager', fate: () => [1] });
      expect(played).toMatchObject({ packets: 101, outcome: { kind: 'complete', isConfirmed: true } });
    }
  });

  it('and becomes slower is not sent everything twice', () => {
    for (const windowsize of [1, 4, 16]) {
      let packets = 0;
      const fate = () => [packets++ < 10 ? 0.5 : 75];
      const played = playTransfer({ terms: agreed({ windowsize }), size: 100 * 512, manner: 'once', fate });
      expect(played).toMatchObject({ received: 100 * 512, outcome: { kind: 'complete' } });
      expect(played.packets).toBeLessThan(101 + 4 * windowsize);
    }
  });

  it('and doubles everything does not have packets multiply', () => {
    for (const windowsize of [1, 4, 16]) {
      const played = playTransfer({
        terms: agreed({ windowsize }),
        size: 1_000 * 512,
        manner: 'eager',
        fate: () => [1, 1.1],
      });
      expect(played.packets).toBeLessThan(1_001 * 2);
    }
  });
});
