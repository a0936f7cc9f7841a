import { describe, expect, it } from 'vitest';
import type { ToldLease } from '../../src/cli/lease-api.js';
import { holderText, writeLease, writeLeases } from '../../src/cli/lease-output.js';

const ENDLESS: ToldLease = { address: '10.0.0.9', state: 'bound', since: '2027-01-31T12:00:00.000Z' };
const UNTIL = '2027-01-31T13:00:00.000Z';

function printed(write: (output: { write: (text: string) => void; terminal: boolean }) => void): string {
  let all = '';
  write({ terminal: false, write: (text) => (all += text) });
  return all;
}

describe('a lease', () => {
  it('never ends where it has no end', () => {
    expect(printed((output) => writeLeases(output, [ENDLESS]))).toMatch(/ never\n$/);
    expect(printed((output) => writeLease(output, ENDLESS))).toMatch(/^ {2}until {6}never$/m);
  });

  it.each([
    [{}, 'bound'],
    [{ machine: 'node-01', reservedFor: 'node-01' }, 'bound, reserved'],
    [{ machine: 'node-01', reservedFor: 'node-02' }, 'bound, reserved for node-02'],
  ])('says for whom its address is reserved: %j', (more, state) =>
    expect(printed((output) => writeLease(output, { ...ENDLESS, ...more }))).toContain(`10.0.0.9: ${state}\n`),
  );

  it.each([
    [{ machine: 'node-01', mac: 'm', until: UNTIL }, `node-01 has 10.0.0.9 until ${UNTIL}`],
    [{ mac: 'm', state: 'offered', until: UNTIL }, `m is offered 10.0.0.9 until ${UNTIL}`],
    [{ clientId: 'ff', state: 'expired', until: UNTIL }, `ff had 10.0.0.9 until ${UNTIL}`],
    [{}, 'somebody has 10.0.0.9 without an end'],
  ])('says who has its address, and until when: %j', (more, text) =>
    expect(holderText({ ...ENDLESS, ...more })).toBe(text),
  );
});
