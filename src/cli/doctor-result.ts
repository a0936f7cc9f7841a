import { systemClock } from '../clock.js';
import { BootlayerError, describeError } from '../errors.js';
import { fewOf } from '../format.js';

/** What is looked at, in the order in which it is told. */
export const CHECKS = [
  ...['configuration', 'server', 'ports', 'capabilities', 'advertise', 'dhcp', 'others', 'ipxe'],
  ...['registries', 'images', 'disk', 'clock', 'permissions', 'tls'],
] as const;

export type CheckName = (typeof CHECKS)[number];

export type CheckState = 'fail' | 'warn' | 'ok' | 'skipped';

/** What was found, with what shows it, and what to do where something is to be done. */
export type CheckResult = {
  readonly check: CheckName;
  readonly state: CheckState;
  readonly what: string;
  readonly remedy?: string;
};

/** Who runs the command waits for all of them at once. */
const PATIENCE_MILLISECONDS = 5_000;
const MOST_NAMED = 5;

/** A result for each warning of what judges the whole, whose remedy is in the sentence. */
export function warned(check: CheckName, warnings: readonly string[]): readonly CheckResult[] {
  return warnings.map((what) => ({ check, state: 'warn', what }));
}

/** Of an error, which says its remedy. */
export function failed(check: CheckName, thrown: unknown, state: CheckState = 'fail'): CheckResult {
  const { message, remedy } = BootlayerError.from(thrown);
  return { check, state, what: message, ...(remedy !== undefined && { remedy }) };
}

/** What a check waits for, by names for the operator: what is not there in time is told. */
export class Awaited {
  readonly #pending: string[] = [];
  readonly #others = new Set<Awaited>();

  /** `what`: who is to answer, such as `registry.lab`. */
  async by<T>(what: string, work: Promise<T>): Promise<T> {
    this.#pending.push(what);
    try {
      return await work;
    } finally {
      this.#pending.splice(this.#pending.indexOf(what), 1);
    }
  }

  /** The same of work whose parts `of` knows. */
  async all<T>(of: Awaited, work: Promise<T>): Promise<T> {
    this.#others.add(of);
    try {
      return await work;
    } finally {
      this.#others.delete(of);
    }
  }

  /** What has not come yet. */
  get pending(): readonly string[] {
    return [...new Set([...this.#pending, ...[...this.#others].flatMap(({ pending }) => pending)])];
  }
}

type Work = (awaited: Awaited) => Promise<readonly CheckResult[]>;

/** One check by itself: what it throws is what it found, and it is not waited for longer than the others. Never rejects. */
export async function bounded(
  check: CheckName,
  work: Work,
  patience = PATIENCE_MILLISECONDS,
): Promise<readonly CheckResult[]> {
  const awaited = new Awaited();
  try {
    const done = await systemClock.within(patience * 1.1, work(awaited));
    return done.kind === 'done' ? done.value : [late(check, awaited.pending, patience)];
  } catch (thrown) {
    return [{ check, state: 'fail', what: describeError(thrown) }];
  }
}

function late(check: CheckName, pending: readonly string[], patience: number): CheckResult {
  const within = `within ${patience / 1_000} s`;
  if (pending.length === 0)
    return { check, state: 'warn', what: `not done ${within}`, remedy: 'try again when this host has less to do' };
  const remedy = 'see why it is slow or silent; all that waits for it does so in the server, too';
  return { check, state: 'warn', what: `not done ${within}: no answer yet of ${fewOf(pending, MOST_NAMED)}`, remedy };
}

const WEIGHT: readonly CheckState[] = ['fail', 'warn', 'ok', 'skipped'];

/** What is to be mended first comes first. Pure. */
export function inOrder(results: readonly CheckResult[]): readonly CheckResult[] {
  const at = ({ check }: CheckResult) => CHECKS.indexOf(check);
  return results.toSorted(
    (one, other) => WEIGHT.indexOf(one.state) - WEIGHT.indexOf(other.state) || at(one) - at(other),
  );
}
