import type { FindingName } from './finding.js';

/** Why a boot that is under way does not go on; told once of each boot. */
export type FindingEvent = {
  readonly event: 'boot.finding';
  readonly machine: string;
  readonly boot: string;
  readonly finding: FindingName;
  readonly evidence: string;
  readonly remedy: string;
};
