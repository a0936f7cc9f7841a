/** Whether the clock of the server can be right: a board without one that a battery keeps starts in 1970, until NTP sets it. */
export type ClockSense = { readonly kind: 'set' } | { readonly kind: 'unset'; readonly reason: string };

export const CLOCK_SET: ClockSense = { kind: 'set' };

/** Before this program was written. */
const FLOOR = Date.UTC(2025, 0, 1);
/** Clocks are set back a little. */
const TOLERANCE_MILLISECONDS = 86_400_000;

/** `newest`: the newest time that the state holds. Times: milliseconds since the epoch. Pure. */
export function senseOfClock({ now, newest }: { readonly now: number; readonly newest: number }): ClockSense {
  const says = `it says ${new Date(now).toISOString()}`;
  if (now < FLOOR) return { kind: 'unset', reason: `the clock of this server is not set: ${says}` };
  if (now >= newest - TOLERANCE_MILLISECONDS) return CLOCK_SET;
  return {
    kind: 'unset',
    reason: `the clock of this server is behind its state: ${says}, and the state is of ${new Date(newest).toISOString()}`,
  };
}
