import type { Chosen } from './choose-way.js';
import { isDoneOnceStarted, mustReport, type Policy } from './policy.js';

/** Why a machine of this policy would never be done by what its firmware starts, whatever that is; undefined where it may be. Pure. */
export function neverDoneByFirmware(policy: Policy): string | undefined {
  return mustReport(policy) ? 'it is to report that it is done, and what firmware starts is not told where' : undefined;
}

/** Why it would never be done where it is started so; undefined where it may be. Pure. */
export function neverDoneBecause(
  policy: Policy,
  { way, by, unmet }: Pick<Chosen, 'way' | 'by' | 'unmet'>,
): string | undefined {
  if (isDoneOnceStarted(policy) && way === 'iso' && by === 'ipxe')
    return 'it is done when it has started, and an ISO that iPXE reads as a disc does not show when that is';
  if (!mustReport(policy)) return undefined;
  if (unmet.includes('arguments')) return 'it is to report that it is done, and a UKI is not told where';
  return unmet.includes('iso-arguments') ? 'it is to report that it is done, and an ISO is not told where' : undefined;
}
