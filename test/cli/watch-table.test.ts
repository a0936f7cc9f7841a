import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { progressOf, tableOf, titleOf } from '../../src/cli/watch-table.js';
import { MOODS, type WatchedMachine } from '../../src/cli/watched-machines.js';
import type { WatchedTransfer } from '../../src/cli/watched-transfers.js';

const TRANSFER: WatchedTransfer = {
  ...{ id: 1, machine: 'node-01', role: 'kernel', size: 120 * 1024 * 1024, bytes: 45 * 1024 * 1024 },
  ...{ seconds: 2, rate: 50 * 1024 * 1024, isStalled: false },
};
const FETCHING: WatchedMachine = {
  ...{ name: 'node-01', mood: 'active', state: 'fetching', seconds: 12.34, step: 'fetches the kernel' },
  transfers: [TRANSFER],
};
const REFUSED: WatchedMachine = {
  ...{ name: 'node-02', mood: 'trouble', state: 'refused', seconds: 61, step: 'no assignment', transfers: [] },
};
const TITLE = { text: 'title', style: 'bold' } as const;

describe('tableOf', () => {
  it('has a line for each machine', () => {
    const finished: WatchedMachine = {
      ...REFUSED,
      name: 'node-03',
      mood: 'finished',
      state: 'started',
      step: 'has all',
    };
    const lines = tableOf(TITLE, [REFUSED, FETCHING, finished], { columns: 110, lines: 24 });
    expect(lines).toEqual([
      TITLE,
      { text: 'MACHINE  STATE               FOR  STEP', style: 'dim' },
      { text: 'node-02  refused      1 min 01 s  no assignment', style: 'red' },
      {
        text: 'node-01  fetching         12.3 s  kernel    ████████░░░░░░░░░░░░  37%  45.0 MiB of 120 MiB  50.0 MiB/s',
        style: 'plain',
      },
      { text: 'node-03  started      1 min 01 s  has all', style: 'dim' },
    ]);
  });

  it.each([
    [90, 'kernel     37%  45.0 MiB of 120 MiB  50.0 MiB/s'],
    [75, 'kernel     37% of 120 MiB  50.0 MiB/s'],
    [65, 'kernel     37%  50.0 MiB/s'],
    [55, 'kernel     37%'],
    [40, 'kerne…'],
  ])('says of %i columns what there is room for', (columns, text) => {
    const [, , line] = tableOf(TITLE, [FETCHING], { columns, lines: 24 });
    expect(line?.text).toBe(`node-01  fetching         12.3 s  ${text}`);
  });

  it('says how many more there are than lines', () => {
    const machines = [REFUSED, ...Array.from({ length: 30 }, (_, number) => ({ ...FETCHING, name: `n${number}` }))];
    const many = tableOf(TITLE, machines, { columns: 100, lines: 10 });
    expect([many.length, many.at(-1)?.text]).toEqual([10, 'and 24 more machines: 24 fetching']);
    const enough = tableOf(TITLE, machines.slice(0, 8), { columns: 100, lines: 10 });
    expect([enough.length, enough.at(-1)?.text]).toEqual([10, expect.stringMatching(/^n6 /)]);
  });

  it('fits whatever there is, and drives no terminal', () => {
    const name = fc.oneof(fc.string(), fc.string({ unit: 'binary' }), fc.constant('\x1b[2J'));
    const transfer = fc.record({
      ...{ id: fc.nat(), size: fc.nat(), bytes: fc.nat(), seconds: fc.nat(), isStalled: fc.boolean(), role: name },
      rate: fc.nat(),
    });
    const machine = fc.record({
      ...{ name, mood: fc.constantFrom(...MOODS), state: name, seconds: fc.float({ min: 0, noNaN: true }), step: name },
      transfers: fc.array(transfer, { maxLength: 2 }),
    });
    const room = fc.record({ columns: fc.integer({ min: 1, max: 200 }), lines: fc.integer({ min: 1, max: 20 }) });
    fc.assert(
      fc.property(fc.array(machine, { maxLength: 25 }), room, (machines, { columns, lines }) => {
        const table = tableOf(titleOf(machines, undefined), machines, { columns, lines });
        expect(table.length).toBeLessThanOrEqual(lines);
        const wrong = table.filter(({ text }) => [...text].length > columns || /\p{Cc}|\p{Cf}/u.test(text));
        expect(wrong).toEqual([]);
      }),
    );
  });
});

it('says how many machines there are, and that the server is gone', () => {
  expect(titleOf([REFUSED, FETCHING, FETCHING], undefined)).toEqual({
    text: '3 machines: 1 refused, 2 fetching',
    style: 'bold',
  });
  expect(titleOf([], undefined).text).toBe('0 machines');
  expect(titleOf([{ ...REFUSED, state: '' }], 'http://127.0.0.1:8081')).toEqual({
    text: 'the server at http://127.0.0.1:8081 does not answer: it is waited for; 1 machine: 1 others',
    style: 'red',
  });
});

it.each<[Partial<WatchedTransfer>, string]>([
  [{ isStalled: true, rate: 0 }, 'kernel     37%  45.0 MiB of 120 MiB  stands still'],
  [{ size: 0, bytes: 0 }, 'kernel    100%  0 B of 0 B  50.0 MiB/s'],
  [{ bytes: 999 * 1024 * 1024 }, 'kernel    100%  999 MiB of 120 MiB  50.0 MiB/s'],
] as const)('shows %j as %s', (more, text) => {
  expect(progressOf([{ ...TRANSFER, ...more }], 55)).toBe(text);
});

it('shows no share of a disc, of which parts may be read twice', () => {
  const disc = { ...TRANSFER, role: 'iso', isDisc: true };
  expect(progressOf([disc], 55)).toBe('iso       45.0 MiB of a disc  50.0 MiB/s');
  expect(progressOf([disc], 12)).toBe('iso      ');
});

it('shows a boot loader by its file', () => {
  const { role: _role, ...loader } = { ...TRANSFER, file: 'ipxe.efi' };
  expect(progressOf([loader], 55)).toBe('ipxe.efi   37%  45.0 MiB of 120 MiB  50.0 MiB/s');
});

it('shows the newest of several transfers, and how many more there are', () => {
  const { rate: _, ...first } = { rate: undefined, ...TRANSFER, role: 'initramfs' };
  expect(progressOf([TRANSFER, TRANSFER, first], 55)).toBe('initramfs  37%  45.0 MiB of 120 MiB (+2)');
  expect(progressOf([], 55)).toBe('');
});
