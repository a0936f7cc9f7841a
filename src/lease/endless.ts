/** The last moment that is written with a year of four digits, in milliseconds since the epoch: what ends later has no end. */
export const LAST_TIME = Date.UTC(9999, 11, 31, 23, 59, 59, 999);

/** When what has no end is kept to end. */
export const ENDLESS = Date.UTC(9999, 11, 31);

/** Also by a clock that was set meanwhile. */
export function isEndless(until: number): boolean {
  return until >= Date.UTC(9999, 0, 1);
}
