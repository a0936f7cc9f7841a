import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Ip6Neighbours, parseIp6Neighbours } from '../../src/net/ip6-neighbours.js';
import type { PrintedNeighbours } from '../../src/net/ip6-neighbours-process.js';

const [ONE, OTHER] = ['52:54:00:00:00:01', '52:54:00:00:00:02'];
const row = (dst: string, lladdr: string | undefined, more: object = {}) => ({
  ...{ dst, dev: 'br0', lladdr, state: ['REACHABLE'] },
  ...more,
});

/** `printed`: how often the system was asked; a process takes no time unless `pass` says so. */
function neighbours(rows: readonly object[]) {
  let [now, printed] = [0, 0];
  const table = { printed: { kind: 'printed', text: JSON.stringify(rows) } as PrintedNeighbours };
  const made = new Ip6Neighbours({
    print: async () => {
      printed += 1;
      return table.printed;
    },
    ticks: () => now,
    wait: async (milliseconds) => {
      now += milliseconds;
    },
  });
  const has = (...more: readonly object[]) => {
    table.printed = { kind: 'printed', text: JSON.stringify(more) };
  };
  const pass = (milliseconds: number) => {
    now += milliseconds;
  };
  return { made, has, pass, table, printed: () => printed };
}

describe('parseIp6Neighbours', () => {
  it('reads who has answered', () => {
    const rows = [
      row('fd77::20', ONE),
      row('fd77::21', ONE, { state: ['STALE'], router: null }),
      row('fd77::22', ONE, { state: ['FAILED'] }),
      row('fd77::23', undefined, { state: ['INCOMPLETE'] }),
      row('ff02::1', '33:33:00:00:00:01', { state: ['NOARP'] }),
      row('fd77::24', '00:00:00:00:00:00', { state: ['PERMANENT'] }),
      row('nowhere', ONE),
      row('fd77::25', ONE, { dev: 7 }),
      row('fd77::26', ONE, { state: [] }),
    ];
    expect([...parseIp6Neighbours(JSON.stringify(rows)).keys()]).toEqual(['fd77::20', 'fd77::21']);
  });

  it('takes any text for a table of some', () => {
    fc.assert(fc.property(fc.oneof(fc.string(), fc.json()), (text) => void parseIp6Neighbours(text)));
  });
});

describe('an IPv6 neighbour', () => {
  it('is found in any spelling', async () => {
    const { made } = neighbours([row('fd77::20', ONE)]);
    expect(await made.find('FD77:0:0::20')).toBe(ONE);
    expect(await made.find('fd77::21')).toBeUndefined();
  });

  it('of a link is found there, and where it is on that alone', async () => {
    const { made } = neighbours([row('fe80::1', ONE), row('fe80::1', OTHER, { dev: 'br1' }), row('fe80::2', ONE)]);
    expect(await Promise.all(['fe80::1%br0', 'fe80::1%br1', 'fe80::1%br2'].map((at) => made.find(at)))).toEqual([
      ONE,
      OTHER,
      undefined,
    ]);
    expect([made.macAt('fe80::1'), made.macAt('fe80::2')]).toEqual([undefined, ONE]);
  });

  it('is asked for again after two seconds, or when it is not known, and not too often', async () => {
    const { made, has, pass, printed } = neighbours([row('fd77::20', ONE)]);
    await Promise.all(['fd77::20', 'fd77::21', 'fd77::22'].map((at) => made.find(at)));
    expect(printed()).toBe(1);
    has(row('fd77::20', OTHER), row('fd77::21', ONE));
    expect([await made.find('fd77::20'), printed()]).toEqual([ONE, 1]);
    // It has come in the meantime, and waits for the half second.
    expect([await made.find('fd77::21'), printed()]).toEqual([ONE, 2]);
    pass(2_000);
    made.look('fd77::20');
    expect([await made.find('fd77::20'), printed()]).toEqual([OTHER, 3]);
  });

  it('cannot be found where the system does not say', async () => {
    const { made, table, has, pass } = neighbours([row('fd77::20', ONE)]);
    await made.find('fd77::20');
    table.printed = { kind: 'unavailable', reason: 'ip is not installed' };
    pass(2_000);
    expect([await made.find('fd77::20'), made.trouble()]).toEqual([undefined, 'ip is not installed']);
    has(row('fd77::20', ONE));
    expect([await made.find('fd77::20'), made.trouble()]).toEqual([ONE, undefined]);
  });
});
