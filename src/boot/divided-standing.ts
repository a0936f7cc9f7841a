import type { KeptStanding } from './policy-ports.js';
import type { Standing } from './standing.js';
import { isName, nameIn } from './standing-keys.js';

/** Whether an entry in force names a machine so. */
export type IsKnown = (machine: string) => boolean;

/**
 * Whether a standing found by a machine's keys is its own, and not that of another which has, or had, one of its cards: it has no
 * name that is not the machine's, but where the machine was just given another one. Pure.
 */
export function isOwn(kept: Pick<KeptStanding, 'keys'>, keys: readonly string[], isKnown: IsKnown): boolean {
  const others = kept.keys.filter((key) => !keys.includes(key));
  const names = others.filter(isName);
  if (names.length === 0) return true;
  return names.length === others.length && !names.some((name) => isKnown(nameIn(name)));
}

/** What another's standing says of a machine that has one of its keys: that it is done, and nothing that was wished of that. Pure. */
export function asAnother({ machine, done }: Standing): Standing | undefined {
  return done === undefined ? undefined : { machine, done: { ...done, as: done.as ?? machine } };
}

/**
 * What stays under the other keys of a standing when the machine with these changes: whoever has those is as done, or as much in
 * doubt, as before. undefined for nothing. Pure.
 */
export function leftUnder(kept: KeptStanding, keys: readonly string[]): Omit<KeptStanding, 'id'> | undefined {
  const left = kept.keys.filter((key) => !keys.includes(key));
  const standing = asAnother(kept.standing);
  if (left.length === 0 || (standing === undefined && kept.isDamaged !== true)) return undefined;
  return {
    keys: left,
    ...(kept.isDamaged === true && { isDamaged: true }),
    standing: standing ?? { machine: kept.standing.machine },
  };
}
