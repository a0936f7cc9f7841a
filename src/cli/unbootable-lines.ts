import type { UnbootableMachine } from '../booter/check-report.js';
import { counted, fewOf } from '../format.js';

const MAX_NAMED = 5;
/** One mistake may be in thousands of records, and differ in each. */
const MAX_LINES = 20;

/** Why machines cannot be booted, for people: one line for each reason. Pure. */
export function unbootableLines(machines: readonly UnbootableMachine[]): readonly string[] {
  const reasons = new Map<string, string[]>();
  for (const { machine, reason } of machines) {
    const names = reasons.get(reason);
    if (names === undefined) reasons.set(reason, [machine]);
    else names.push(machine);
  }
  const all = [...reasons].map(([reason, names]) => ({ reason, names }));
  const told = all.slice(0, MAX_LINES).map(({ reason, names }) => {
    return `${names.length === 1 ? 'machine' : 'machines'} ${fewOf(names, MAX_NAMED)} cannot be booted: ${reason}`;
  });
  const left = new Set(all.slice(MAX_LINES).flatMap(({ names }) => names)).size;
  return left === 0 ? told : [...told, `and ${counted(left, 'more machine')}, which --json names`];
}
