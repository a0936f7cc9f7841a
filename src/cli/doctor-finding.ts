import { systemClock } from '../clock.js';
import { BootlayerError, describeError } from '../errors.js';

/** What is looked at, in the order in which it is told. */
export const CHECKS = [
  ...['configuration', 'server', 'ports', 'capabilities', 'advertise', 'dhcp', 'others', 'ipxe'],
  ...['registries', 'images', 'disk', 'clock', 'permissions', 'tls'],
] as const;

export type CheckName = (typeof CHECKS)[number];

export type FindingState = 'fail' | 'warn' | 'ok' | 'skipped';

/** What was found, with what shows it, and what to do where something is to be done. */
export type Finding = {
  readonly check: CheckName;
  readonly state: FindingState;
  readonly what: string;
  readonly remedy?: string;
};

/** Who runs the command waits for all of them at once. */
const PATIENCE_MILLISECONDS = 5_000;

/** A finding for each warning of what judges the whole, whose remedy is in the sentence. */
export function warned(check: CheckName, warnings: readonly string[]): readonly Finding[] {
  return warnings.map((what) => ({ check, state: 'warn', what }));
}

/** Of an error, which says its remedy. */
export function failed(check: CheckName, thrown: unknown, state: FindingState = 'fail'): Finding {
  const { message, remedy } = BootlayerError.from(thrown);
  return { check, state, what: message, ...(remedy !== undefined && { remedy }) };
}

/** One check by itself: what it throws is what it found, and it is not waited for longer than the others. Never rejects. */
export async function bounded(check: CheckName, work: () => Promise<readonly Finding[]>): Promise<readonly Finding[]> {
  try {
    const done = await systemClock.within(PATIENCE_MILLISECONDS + 500, work());
    if (done.kind === 'done') return done.value;
    return [{ check, state: 'warn', what: `not done within ${PATIENCE_MILLISECONDS / 1_000} s`, remedy: 'try again' }];
  } catch (thrown) {
    return [{ check, state: 'fail', what: describeError(thrown) }];
  }
}

const WEIGHT: readonly FindingState[] = ['fail', 'warn', 'ok', 'skipped'];

/** What is to be mended first comes first. Pure. */
export function inOrder(findings: readonly Finding[]): readonly Finding[] {
  const at = ({ check }: Finding) => CHECKS.indexOf(check);
  return findings.toSorted(
    (one, other) => WEIGHT.indexOf(one.state) - WEIGHT.indexOf(other.state) || at(one) - at(other),
  );
}
