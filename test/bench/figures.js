/** Figures as they are compared: medians and ratios, since the machine's speed drifts while it measures. */

/** @param {readonly number[]} values */
export function median(values) {
  return quantile(values, 0.5);
}

/** @param {readonly number[]} values @param {number} share 0.99 for p99 */
export function quantile(values, share) {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}

/**
 * Ours and the peer's in turn, so that both see the same machine; the ratios are those of neighbours.
 * @template T
 * @param {number} rounds
 * @param {() => Promise<T>} ours
 * @param {() => Promise<T>} peer
 * @returns {Promise<{ ours: T[], peer: T[], ratio: (figure: (one: T) => number) => number }>}
 */
export async function inTurn(rounds, ours, peer) {
  /** @type {T[]} */
  const mine = [];
  /** @type {T[]} */
  const theirs = [];
  for (let round = 0; round < rounds; round += 1) {
    mine.push(await ours());
    theirs.push(await peer());
  }
  const ratio = (/** @type {(one: T) => number} */ figure) =>
    median(mine.map((one, round) => figure(one) / figure(/** @type {T} */ (theirs[round]))));
  return { ours: mine, peer: theirs, ratio };
}

/** Three digits that count. @param {number} value */
export function figure(value) {
  return value >= 100 ? value.toFixed(0) : value >= 10 ? value.toFixed(1) : value.toFixed(2);
}

/** @param {string} title @param {readonly string[]} heading @param {readonly (readonly string[])[]} rows */
export function printTable(title, heading, rows) {
  const widths = heading.map((name, column) => Math.max(name.length, ...rows.map((row) => row[column]?.length ?? 0)));
  const line = (/** @type {readonly string[]} */ cells) =>
    cells.map((cell, column) => (column === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[column] ?? 0)));
  console.log(`\n${title}`);
  for (const cells of [heading, ...rows]) console.log(`  ${line(cells).join('  ')}`);
}
