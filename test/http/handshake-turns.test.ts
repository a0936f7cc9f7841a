import { describe, expect, it } from 'vitest';
import { type Comer, HandshakeTurns, type TurnLimits } from '../../src/http/handshake-turns.js';

const LIMITS: TurnLimits = {
  ...{ underWay: 4, underWayOfOne: 2 },
  ...{ waiting: 6, waitingOfOne: 4 },
  ...{ patience: 5_000, longestPause: 50 },
};

/** Turns of which the test is the clock; each first step takes so many milliseconds. */
function turnsOf({ step = 10, ...limits }: Partial<TurnLimits> & { readonly step?: number } = {}) {
  let now = 0;
  const soon: (() => void)[] = [];
  const timers: { readonly at: number; readonly run: () => void }[] = [];
  const turns = new HandshakeTurns({
    limits: { ...LIMITS, ...limits },
    now: () => now,
    soon: (run) => soon.push(run),
    after: (milliseconds, run) => timers.push({ at: now + milliseconds, run }),
  });
  const begun: string[] = [];
  const refused: string[] = [];
  const comers = new Map<string, Comer>();
  /** `a1`: the first of the address a. */
  const arrive = (...names: readonly string[]) => {
    for (const name of names) {
      const begin = () => {
        begun.push(name);
        now += step;
      };
      const comer = { address: name.slice(0, 1), begin, refuse: () => void refused.push(name) };
      comers.set(name, comer);
      turns.arrive(comer);
    }
  };
  const leave = (...names: readonly string[]) => {
    for (const name of names) turns.leave(comers.get(name) ?? expect.fail());
  };
  const pass = (milliseconds: number) => {
    const until = now + milliseconds;
    for (;;) {
      for (const run of soon.splice(0)) run();
      const [next] = timers.toSorted((one, other) => one.at - other.at);
      if (next === undefined || next.at > until) break;
      timers.splice(timers.indexOf(next), 1);
      now = Math.max(now, next.at);
      next.run();
    }
    now = Math.max(now, until);
  };
  return { arrive, leave, pass, begun, refused };
}

describe('handshakes', () => {
  it('begin at once when nobody else wants to', () => {
    const { arrive, begun } = turnsOf();
    arrive('a1');
    expect(begun).toEqual(['a1']);
  });

  it('begin one after the other, and leave others as much of the processor as they took', () => {
    const { arrive, pass, begun } = turnsOf({ step: 10 });
    arrive('a1', 'b1', 'c1');
    expect(begun).toEqual(['a1']);
    pass(9);
    expect(begun).toEqual(['a1']);
    pass(1);
    expect(begun).toEqual(['a1', 'b1']);
    pass(10);
    expect(begun).toEqual(['a1', 'b1', 'c1']);
  });

  it('do not wait for long where a step is slow', () => {
    const { arrive, pass, begun } = turnsOf({ step: 10_000, longestPause: 50 });
    arrive('a1', 'b1');
    pass(50);
    expect(begun).toEqual(['a1', 'b1']);
  });

  it('take the addresses in turn', () => {
    const { arrive, pass, begun } = turnsOf({ underWay: 9, underWayOfOne: 4 });
    arrive('a1', 'a2', 'a3', 'a4', 'b1', 'c1');
    pass(1_000);
    expect(begun).toEqual(['a1', 'a2', 'b1', 'c1', 'a3', 'a4']);
  });

  it('of one address are few at once, and go on when one is over, well or not', () => {
    const { arrive, leave, pass, begun } = turnsOf();
    arrive('a1', 'a2', 'a3', 'a4');
    pass(1_000);
    expect(begun).toEqual(['a1', 'a2']);
    leave('a1');
    pass(1_000);
    leave('a1', 'a1');
    pass(1_000);
    expect(begun).toEqual(['a1', 'a2', 'a3']);
    leave('a4', 'a2');
    pass(1_000);
    expect(begun).toEqual(['a1', 'a2', 'a3']);
  });

  it('are refused to an address that has too many waiting', () => {
    const { arrive, leave, refused } = turnsOf();
    arrive('a1', 'a2', 'a3', 'a4', 'a5', 'a6');
    expect(refused).toEqual(['a6']);
    leave('a5');
    arrive('a7');
    expect(refused).toEqual(['a6']);
  });

  it('are refused to the last of who has most when too many wait', () => {
    const { arrive, pass, refused, begun } = turnsOf();
    arrive('a1', 'a2', 'a3', 'a4', 'a5', 'b1', 'b2', 'c1');
    expect(refused).toEqual(['a5']);
    arrive('d1', 'e1', 'f1', 'g1', 'h1');
    expect(refused).toEqual(['a5', 'a4', 'a3', 'b2', 'g1', 'h1']);
    pass(1_000);
    expect(begun).toEqual(['a1', 'a2', 'b1', 'c1']);
  });

  it('that hang take the place of others for so long, and the oldest of who has most goes first', () => {
    const { arrive, pass, begun, refused } = turnsOf();
    arrive('b1', 'a1', 'a2', 'c1');
    pass(100);
    expect(begun).toEqual(['b1', 'a1', 'c1', 'a2']);
    arrive('d1');
    pass(4_000);
    expect([begun.length, refused]).toEqual([4, []]);
    pass(1_000);
    expect([begun.at(-1), refused]).toEqual(['d1', ['a1']]);
  });

  it('that hang are left alone while nobody wants their place', () => {
    const { arrive, pass, refused } = turnsOf();
    arrive('a1', 'a2', 'b1', 'b2');
    pass(60_000);
    expect(refused).toEqual([]);
  });
});
