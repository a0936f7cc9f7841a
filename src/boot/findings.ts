import type { Boot } from './boot.js';
import type { Expected, Finding } from './finding.js';
import { loaderFindings } from './loader-findings.js';
import { scriptFindings } from './script-findings.js';
import { startFindings } from './start-findings.js';
import type { Trace } from './trace.js';
import { whoFindings } from './who-findings.js';

export type FoundIn = {
  readonly boot: Pick<Boot, 'state' | 'startSentAt' | 'isDoneByStart' | 'isStranger'>;
  readonly trace: Trace;
  readonly expected: Expected;
  /** Milliseconds since the epoch. */
  readonly now: number;
};

/**
 * Why a boot does not go on, the step that it stopped at first; nothing of one that does. What shows only by time is found when that is
 * over. Pure.
 */
export function findingsOf(found: FoundIn): readonly Finding[] {
  if (found.boot.state === 'done') return [];
  return [startFindings, scriptFindings, loaderFindings, whoFindings].flatMap((find) => find(found));
}
