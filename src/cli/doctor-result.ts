import { systemClock } from '../clock.js';
import { BootlayerError, describeError } from '../errors.js';

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

/** A result for each warning of what judges the whole, whose remedy is in the sentence. */
export function warned(check: CheckName, warnings: readonly string[]): readonly CheckResult[] {
  return warnings.map((what) => ({ check, state: 'warn', what }));
}

/** Of an error, which says its remedy. */
export function failed(check: CheckName, thrown: unknown, state: CheckState = 'fail'): CheckResult {
  const { message, remedy } = BootlayerError.from(thrown);
  return { check, state, what: message, ...(remedy !== undefined && { remedy }) };
}

/** One check by itself: what it throws is what it found, and it is not waited for longer than the others. Never rejects. */
export async function bounded(
  check: CheckName,
  work: () => Promise<readonly CheckResult[]>,
): Promise<readonly CheckResult[]> {
  try {
    const done = await systemClock.within(PATIENCE_MILLISECONDS + 500, work());
    if (done.kind === 'done') return done.value;
    return [{ check, state: 'warn', what: `not done within ${PATIENCE_MILLISECONDS / 1_000} s`, remedy: 'try again' }];
  } catch (thrown) {
    return [{ check, state: 'fail', what: describeError(thrown) }];
  }
}

const WEIGHT: readonly CheckState[] = ['fail', 'warn', 'ok', 'skipped'];

/** What is to be mended first comes first. Pure. */
export function inOrder(results: readonly CheckResult[]): readonly CheckResult[] {
  const at = ({ check }: CheckResult) => CHECKS.indexOf(check);
  return results.toSorted(
    (one, other) => WEIGHT.indexOf(one.state) - WEIGHT.indexOf(other.state) || at(one) - at(other),
  );
}
