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
  const [mine = [], theirs = []] = await allInTurn(rounds, [ours, peer]);
  return { ours: mine, peer: theirs, ratio: (figure) => ratioOf(mine, theirs, figure) };
}

/**
 * The same of more than two: what each measured, in the order of `works`.
 * @template T
 * @param {number} rounds
 * @param {readonly (() => Promise<T>)[]} works
 * @returns {Promise<T[][]>}
 */
export async function allInTurn(rounds, works) {
  /** @type {T[][]} */
  const measured = works.map(() => []);
  for (let round = 0; round < rounds; round += 1)
    for (const [index, work] of works.entries()) measured[index]?.push(await work());
  return measured;
}

/**
 * Of neighbours, the one in the middle.
 * @template T
 * @param {readonly T[]} mine
 * @param {readonly T[]} theirs
 * @param {(one: T) => number} figure
 */
export function ratioOf(mine, theirs, figure) {
  return median(mine.map((one, round) => figure(one) / figure(/** @type {T} */ (theirs[round]))));
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
