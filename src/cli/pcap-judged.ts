import type { FindingName } from '../boot/finding.js';
import type { CheckState } from './doctor-result.js';

/** How far a machine of a capture came, and what to do. */
export type Judged = {
  /** `warn`: the capture ends too early, or has too little, to tell. */
  readonly state: Exclude<CheckState, 'skipped'>;
  /** Where it stopped, or was seen last. */
  readonly step: 'DHCP' | 'TFTP' | 'HTTP';
  /** Of what is named the same way of a boot. */
  readonly finding?: FindingName;
  readonly what: string;
  readonly remedy?: string;
};

/** `client`: of PxeClient, for people; missing where it never asked to be booted by DHCP. */
export type JudgedMachine = { readonly who: string; readonly client?: string; readonly judged: Judged };

type Beginning = Pick<Judged, 'state' | 'step'>;

/** Nobody asks and waits for longer: firmware and iPXE ask anew after 4 s at most at first. */
export const UNANSWERED_SECONDS = 8;
/** What is being sent, and pauses for so long, has broken off. */
export const BROKEN_SECONDS = 10;

export function stopped(step: Judged['step']): Beginning {
  return { state: 'fail', step };
}

/** The capture ends too early to tell. */
export function unclear(step: Judged['step']): Beginning {
  return { state: 'warn', step };
}

/** Nothing in the capture keeps it from booting. */
export function well(step: Judged['step']): Beginning {
  return { state: 'ok', step };
}
