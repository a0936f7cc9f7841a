import { Dice } from '../full/dice.js';

/**
 * What befalls the server, the same for the same seed.
 * @typedef {'registry.down' | 'registry.up' | 'push' | 'restart' | 'kill' | 'reload' | 'gc' | 'loss.on' | 'loss.off' | 'noise'} Deed
 * @typedef {{ at: number, deed: Deed }} Planned `at`: milliseconds from the begin
 */

/** How often in an hour; of a shorter run as many in proportion, and each once at least. */
const AN_HOUR = /** @type {const} */ ({
  outage: 10,
  push: 30,
  restart: 4,
  kill: 4,
  reload: 20,
  gc: 12,
  loss: 8,
  noise: 40,
});
const HOUR = 3_600_000;
/** Of the time, from its begin: whether memory grows shows in a server that lives long, so that none is ended after that. */
const RESTARTED_SHARE = 0.25;
const LONGEST = { outage: 45_000, loss: 20_000 };
/** Nothing befalls in the first and last of so many parts of the time. */
const CALM_PARTS = 15;

/** In the order of their times. @param {{ seed: number, milliseconds: number }} run @returns {Planned[]} */
export function scheduleOf({ seed, milliseconds }) {
  const dice = new Dice(seed);
  const [from, to] = [milliseconds / CALM_PARTS, milliseconds - milliseconds / CALM_PARTS];
  const times = (/** @type {keyof typeof AN_HOUR} */ kind, share = 1) => {
    const count = Math.max(1, Math.round((AN_HOUR[kind] * milliseconds) / HOUR));
    const slot = ((to - from) * share) / count;
    // Somewhere in the middle of a slot of its own.
    return Array.from({ length: count }, (_, index) => from + slot * (index + 0.25 + dice.below(500) / 1_000));
  };
  const lasting = (/** @type {'outage' | 'loss'} */ kind, /** @type {Deed} */ begin, /** @type {Deed} */ end) =>
    times(kind).flatMap((at) => [
      { at, deed: begin },
      { at: at + Math.min(LONGEST[kind], milliseconds / 8), deed: end },
    ]);
  const once = (/** @type {'push' | 'restart' | 'kill' | 'reload' | 'gc' | 'noise'} */ kind, share = 1) =>
    times(kind, share).map((at) => ({ at, deed: kind }));
  /** @type {Planned[]} */
  const all = [
    ...lasting('outage', 'registry.down', 'registry.up'),
    ...lasting('loss', 'loss.on', 'loss.off'),
    ...once('restart', RESTARTED_SHARE),
    ...once('kill', RESTARTED_SHARE),
    .../** @type {const} */ (['push', 'reload', 'gc', 'noise']).flatMap((kind) => once(kind)),
  ];
  return all.sort((one, other) => one.at - other.at);
}
