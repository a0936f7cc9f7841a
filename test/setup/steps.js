/** Shows what is done, one line a step with its time, and what went wrong with the remedy. */

// Whoever reads may have read enough (`npm run demo | head`): what was begun is cleaned up all the same.
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined);

const colour = process.stdout.isTTY && (process.env['NO_COLOR'] ?? '') === '';
const started = Date.now();

/** @param {number} code @param {string} text */
const paint = (code, text) => (colour ? `\x1b[${code}m${text}\x1b[0m` : text);

/** What a user can do something about: shown as one line, without a stack. */
export class SetupError extends Error {
  /** @param {string} message @param {string} [remedy] */
  constructor(message, remedy) {
    super(remedy === undefined ? message : `${message}\n  ${remedy}`);
    this.name = 'SetupError';
  }
}

/** @param {number} since milliseconds since the epoch */
const seconds = (since) => `${((Date.now() - since) / 1000).toFixed(1)} s`;

/** A line with the time since the start. @param {string} text */
export function say(text) {
  console.log(`${paint(2, seconds(started).padStart(8))}  ${text}`);
}

/**
 * Runs one step and tells when it is done.
 * @template T
 * @param {string} title
 * @param {() => Promise<T>} work
 * @returns {Promise<T>}
 */
export async function step(title, work) {
  const since = Date.now();
  say(`${title} ...`);
  try {
    const result = await work();
    say(`${paint(32, 'done')} ${title} ${paint(2, `(${seconds(since)})`)}`);
    return result;
  } catch (thrown) {
    say(`${paint(31, 'failed')} ${title} ${paint(2, `(${seconds(since)})`)}`);
    throw thrown;
  }
}

/** Runs a whole script: exit status 0 only if it did not throw. @param {() => Promise<void>} main */
export async function runScript(main) {
  try {
    await main();
  } catch (thrown) {
    const text =
      thrown instanceof SetupError ? thrown.message : thrown instanceof Error ? thrown.stack : String(thrown);
    console.error(`\n${paint(31, text ?? 'failed')}`);
    process.exitCode = 1;
  }
}
