import type { Machine } from '../machine/machine.js';
import { isName, standingKeys, type Whose } from './standing-keys.js';

/** The record in force that has one of `standingKeys`. */
export type RecordOf = (key: string) => Machine | undefined;

/**
 * Of whom is true now what is said of a machine by the keys that it had when its boot began: of its record, with those of the keys
 * that no other record has since; where that shares no card with it any more, or is gone, of every record that has some, since any of
 * them may be it. Pure.
 */
export function presentMachines({ machine, keys, also = [] }: Whose, recordOf: RecordOf): readonly Whose[] {
  const name = keys.find(isName);
  const named = name === undefined ? undefined : recordOf(name);
  const facts = keys.filter((key) => !isName(key));
  const holders = [...new Set(facts.flatMap((key) => recordOf(key) ?? []))];
  const free = facts.filter((key) => recordOf(key) === undefined);
  const isStill = named !== undefined && (facts.length === 0 || holders.includes(named) || holders.length === 0);
  const records = isStill ? [named] : [...new Set([...(named === undefined ? [] : [named]), ...holders])];
  if (records.length === 0) return [{ machine, keys, also }];
  return records.map((record, nth) => {
    const its = standingKeys({ machine: record, facts: { macs: [], sourceAddress: '' } });
    // Each key is of one machine.
    return { machine: record.name, keys: [...new Set([...its, ...(nth === 0 ? free : [])])], also };
  });
}
