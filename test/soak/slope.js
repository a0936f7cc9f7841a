/**
 * How fast something grows, whatever single samples say.
 * @typedef {{ at: number, value: number }} Sample `at`: milliseconds
 */

const HOUR = 3_600_000;

/**
 * The median of the slopes of all pairs (Theil and Sen), for an hour: nothing that is not in a third of all samples moves it much.
 * NaN where there are not two. @param {readonly Sample[]} samples
 */
export function slopeAnHour(samples) {
  /** @type {number[]} */
  const slopes = [];
  for (const [index, one] of samples.entries())
    for (const other of samples.slice(index + 1))
      if (other.at !== one.at) slopes.push((other.value - one.value) / (other.at - one.at));
  return middle(slopes) * HOUR;
}

/**
 * The least of each window of so many milliseconds, in which garbage was collected once. A window that is not over is left out.
 * @param {readonly Sample[]} samples in their order @param {number} milliseconds @returns {Sample[]}
 */
export function leastOfWindows(samples, milliseconds) {
  const first = samples[0]?.at ?? 0;
  const last = samples.at(-1)?.at ?? 0;
  /** @type {Map<number, Sample>} */
  const least = new Map();
  for (const sample of samples) {
    const window = Math.floor((sample.at - first) / milliseconds);
    if (first + (window + 1) * milliseconds > last) continue;
    const known = least.get(window);
    if (known === undefined || sample.value < known.value) least.set(window, sample);
  }
  return [...least.values()];
}

/** @param {number[]} values */
function middle(values) {
  values.sort((one, other) => one - other);
  const [low, high] = [values[(values.length - 1) >> 1], values[values.length >> 1]];
  return low === undefined || high === undefined ? Number.NaN : (low + high) / 2;
}
