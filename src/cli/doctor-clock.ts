import { formatDuration } from '../format.js';
import type { HeardTime } from './doctor-registries.js';
import type { CheckResult } from './doctor-result.js';

const CHECK = 'clock';
/** Tokens of registries, and certificates, are minded more strictly than that. */
const MOST_SKEW_MILLISECONDS = 60_000;
/** Before this program was: a clock that nobody has set. */
const UNSET = Date.UTC(2025, 0, 1);

/** Against what registries said of the time. Pure. */
export function judgeClock(now: number, times: readonly HeardTime[]): readonly CheckResult[] {
  const remedy = 'set it, and have it kept by NTP (timedatectl set-ntp true)';
  const iso = new Date(now).toISOString();
  if (now < UNSET)
    return [{ check: CHECK, state: 'fail', what: `this host's clock says ${iso}: nobody has set it`, remedy }];
  const wrong = times.filter(({ said, heard }) => Math.abs(said - heard) > MOST_SKEW_MILLISECONDS);
  if (times.length === 0) return [{ check: CHECK, state: 'ok', what: `it says ${iso}; no registry said another time` }];
  if (wrong.length === 0) {
    return [
      { check: CHECK, state: 'ok', what: `it agrees with ${times.map(({ who }) => who).join(', ')} within a minute` },
    ];
  }
  return wrong.map(({ who, said, heard }): CheckResult => {
    const seconds = Math.round(Math.abs(said - heard) / 1_000);
    const how = said > heard ? 'behind' : 'ahead of';
    const what = `this host's clock is ${formatDuration(seconds * 1_000)} ${how} that of ${who}`;
    return { check: CHECK, state: 'warn', what, remedy: `${remedy}, or that of ${who}` };
  });
}
