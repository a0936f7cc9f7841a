import { describe, expect, it } from 'vitest';
import { HeardServers } from '../../src/pxe/heard-servers.js';

const HOUR = 3_600_000;

describe('HeardServers', () => {
  it('tells of each once in an hour', () => {
    const heard = new HeardServers();
    expect([0, 1, HOUR - 1, HOUR, HOUR + 1].map((now) => heard.note('10.0.0.2', now))).toEqual([
      ...[true, false, false, true, false],
    ]);
    expect(heard.note('10.0.0.3', HOUR)).toBe(true);
  });

  it('tells of few, however many somebody makes up, and of new ones when those are old', () => {
    const heard = new HeardServers();
    const told = (now: number) =>
      Array.from({ length: 1_000 }, (_, number) => heard.note(`10.0.${now % 7}.${number}`, now)).filter((is) => is);
    expect([told(0).length, told(1).length, told(HOUR).length]).toEqual([16, 0, 16]);
  });
});
