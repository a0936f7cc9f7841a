import { setImmediate } from 'node:timers/promises';
import { isDone } from '../boot/standing.js';
import { whoseStanding } from '../boot/standing-keys.js';
import type { Machine } from '../machine/machine.js';
import { possibleAssignments } from './mapped-wishes.js';
import type { Mapping } from './mapping.js';
import type { Standings } from './standings.js';

export type NotDone = { readonly count: number; readonly machines: readonly string[] };

/** So many are named. */
const MOST_NAMED = 1_000;
/** So many are looked at before packets have their turn. */
const SLICE = 250;

/** Machines of the mapping under `once` that are not known as done: where the state is whole they are installed. */
export async function findNotDone(
  { machines, index }: Pick<Mapping, 'machines' | 'index'>,
  { standings, now }: { readonly standings: Pick<Standings, 'seen'>; readonly now: number },
): Promise<NotDone> {
  const named: string[] = [];
  let count = 0;
  for (const [position, machine] of machines.entries()) {
    if (position % SLICE === SLICE - 1) await setImmediate();
    if (!possibleAssignments(machine, index).some(({ policy }) => policy.mode === 'once')) continue;
    const standing = standings.seen(whoseStanding(asRecorded(machine)));
    if (standing !== undefined && isDone(standing, now)) continue;
    count += 1;
    if (named.length < MOST_NAMED) named.push(machine.name);
  }
  return { count, machines: named };
}

function asRecorded(machine: Machine) {
  return { name: machine.name, machine, facts: { macs: machine.macs, sourceAddress: '' } };
}
