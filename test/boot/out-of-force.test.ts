import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Assignment } from '../../src/boot/assignment.js';
import { AssignmentIndex } from '../../src/boot/assignment-index.js';
import { choose, MachinesOutOfForce } from '../../src/boot/out-of-force.js';
import { settle } from '../../src/boot/select.js';
import { Inventory } from '../../src/machine/inventory.js';
import type { Machine } from '../../src/machine/machine.js';
import type { Candidate } from '../../src/machine/selector.js';
import { assignment, candidate, facts, MAC, machine, OTHER_MAC } from '../fixtures/mappings.js';

const REASON = 'the entry x of the API is out of force';
const ALL = assignment({ name: 'all' });
const WORKERS = assignment({ name: 'workers', match: { labels: { role: ['worker'] } } });
const BY_MAC = assignment({ name: 'by-mac', match: { mac: [MAC] } });
const WORKER = machine({ name: 'old', labels: { role: 'worker' } });

function chosen(assignments: readonly Assignment[], who: Candidate, out: readonly Machine[] = []) {
  const machines = new MachinesOutOfForce(out.map((one) => ({ machine: one, reason: REASON })));
  return choose(new AssignmentIndex(assignments), machines, who);
}

const nameAndWhy = (one: Assignment | undefined) => one && [one.name, one.outOfForce];

describe('an assignment that is out of force', () => {
  const out = { ...WORKERS, outOfForce: REASON };
  const worker = candidate({ machine: WORKER });

  it('keeps those whom it matches from what stands behind it', () => {
    expect(chosen([ALL, out], worker)).toEqual({ kind: 'selected', assignment: out });
    expect(chosen([ALL, out], candidate())).toEqual({ kind: 'selected', assignment: ALL });
  });

  it('takes nobody from what stands before it', () => {
    expect(chosen([BY_MAC, ALL, out], worker)).toEqual({ kind: 'selected', assignment: BY_MAC });
    const first = assignment({ name: 'first', priority: 1 });
    expect(chosen([first, ALL, out], worker)).toEqual({ kind: 'selected', assignment: first });
  });
});

describe('a machine that is out of force', () => {
  it('falls to no assignment that it would not have with its record', () => {
    const byAnother = machine({ name: 'new', labels: {} });
    for (const who of [candidate(), candidate({ machine: byAnother })])
      expect(nameAndWhy(settle(chosen([ALL, WORKERS], who, [WORKER])))).toEqual(['all', REASON]);
  });

  it('keeps what is the same without its record', () => {
    expect(chosen([ALL, WORKERS, BY_MAC], candidate(), [WORKER])).toEqual({ kind: 'selected', assignment: BY_MAC });
    const alike = machine({ name: 'new', labels: { role: 'worker' } });
    expect(chosen([ALL, WORKERS], candidate({ machine: alike }), [WORKER])).toMatchObject({ assignment: WORKERS });
  });

  it('is known by the record of whoever has its card now', () => {
    const both = candidate({ machine: machine({ macs: [MAC, OTHER_MAC] }), facts: facts({ macs: [OTHER_MAC] }) });
    expect(nameAndWhy(settle(chosen([ALL, WORKERS], both, [WORKER])))).toEqual(['all', REASON]);
  });

  it('boots nothing where nothing matches it', () => {
    expect(chosen([WORKERS], candidate(), [WORKER])).toEqual({ kind: 'none' });
  });

  it('is left to a later step where only that knows', () => {
    const serial = assignment({ name: 'serial', priority: 1, match: { serial: ['S1'], labels: { role: ['worker'] } } });
    const selection = chosen([ALL, serial], candidate(), [WORKER]);
    expect(selection).toEqual({ kind: 'undecided', assignment: ALL, fallback: ALL });
    const told = candidate({ facts: facts({ serial: 'S1' }) });
    expect(nameAndWhy(settle(chosen([ALL, serial], told, [WORKER])))).toEqual(['all', REASON]);
  });
});

it('never gives a machine an assignment that it would not have if all counted', () => {
  const roles = ['worker', 'db'];
  const selector = fc.constantFrom(
    {},
    { mac: [MAC] },
    { mac: [OTHER_MAC] },
    { machine: ['old'] },
    ...roles.map((role) => ({ labels: { role: [role] } })),
  );
  const assignments = fc.uniqueArray(
    fc.record({
      name: fc.constantFrom('a', 'b', 'c', 'd'),
      match: selector,
      priority: fc.integer({ max: 1, min: 0 }),
      isOut: fc.boolean(),
    }),
    { selector: ({ name }) => name },
  );
  const record = (name: string) => fc.constantFrom(...roles).map((role) => machine({ name, labels: { role } }));
  fc.assert(
    fc.property(assignments, record('old'), record('new'), fc.boolean(), (list, old, other, isKnown) => {
      const all = list.map(({ isOut, ...one }) => assignment({ ...one, ...(isOut && { outOfForce: REASON }) }));
      const reported = facts();
      const now = chosen(all, new Inventory(isKnown ? [other] : []).identify(reported), [old]);
      const then = settle(new AssignmentIndex(all).select(new Inventory([old]).identify(reported)));
      const booted = settle(now);
      if (booted !== undefined && booted.outOfForce === undefined) expect(booted).toBe(then);
    }),
  );
});
