import { MOST_ATTEMPTS } from '../boot/policy.js';
import type { Attempt } from '../boot/ports.js';
import { RecentMap } from '../recent-map.js';

/** Are remembered at least. */
const MACHINES = 25_000;
/** As many as a policy can allow, and the boot that is asked about. */
const MOST = MOST_ATTEMPTS + 1;

/** The boots of machines that count as attempts, the newest of each. */
export class Attempts {
  readonly #byMachine = new RecentMap<string, readonly Attempt[]>(MACHINES);

  readonly add = (attempt: Attempt): void => {
    const known = this.#byMachine.get(attempt.machine) ?? [];
    this.#byMachine.set(attempt.machine, [...known, attempt].slice(-MOST));
  };

  /** Milliseconds since the epoch, of all boots but that one. */
  of(machine: string, but: string | undefined): readonly number[] {
    const known = this.#byMachine.get(machine) ?? [];
    return known.filter(({ boot }) => boot !== but).map(({ at }) => at);
  }
}
