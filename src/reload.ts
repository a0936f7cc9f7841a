import { setImmediate } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import type { EventSink } from './boot/event.js';
import { type MappingChange, mappingChange, type NamesChanged } from './booter/mapping.js';
import { type Clock, secondsSince } from './clock.js';
import type { LoadOutcome, ReadFiles } from './config/load.js';
import type { Loaded } from './config/read.js';
import type { Config } from './config/schema.js';
import { describeError } from './errors.js';

export type ReloaderParts = {
  readonly initial: Loaded & { readonly read: ReadFiles };
  /** Reads all files anew; `before`: those that were included the last time. */
  readonly load: (before: readonly string[]) => Promise<LoadOutcome>;
  /** Makes the new mapping the one that counts. */
  readonly apply: (config: Config) => void;
  readonly warn: (text: string) => void;
  readonly events: EventSink;
  readonly clock: Pick<Clock, 'ticks'>;
};

/** What is fixed while the server runs: its places and its listeners. */
const FIXED = ['advertise', 'data', 'http', 'api'] as const;
/** What is told by its name alone when it changed. */
const NAMED = ['defaults', 'defaultRegistry', 'plainHttpRegistries'] as const;
const MAX_NAMES = 8;

/** Reads the configuration anew when asked to; a wrong one is refused, and the one before stays. */
export class Reloader {
  readonly #parts: ReloaderParts;
  #config: Config;
  #read: ReadFiles;
  /** What the configuration in force included: it is missed for as long as that is in force. */
  #included: readonly string[];
  #running: Promise<void> | undefined;
  #again = false;
  #closed = false;

  constructor(parts: ReloaderParts) {
    this.#parts = parts;
    this.#config = parts.initial.config;
    this.#read = parts.initial.read;
    this.#included = parts.initial.read.included;
  }

  /** The configuration in force. */
  get config(): Config {
    return this.#config;
  }

  /** What was read last, taken or refused. */
  get lastRead(): ReadFiles {
    return this.#read;
  }

  /** One at a time; who asks while it runs gets one more. Resolves when there is nothing left to read; never rejects. */
  reload(): Promise<void> {
    this.#again = !this.#closed;
    this.#running ??= this.#run().finally(() => {
      this.#running = undefined;
    });
    return this.#running;
  }

  /** Nothing is applied any more. */
  close(): void {
    this.#closed = true;
    this.#again = false;
  }

  async #run(): Promise<void> {
    while (this.#again) {
      this.#again = false;
      await this.#once();
    }
  }

  async #once(): Promise<void> {
    const { load, events, clock } = this.#parts;
    const started = clock.ticks();
    try {
      const outcome = await load(this.#included);
      if (this.#closed) return;
      this.#read = outcome.read;
      if (outcome.kind === 'refused') throw outcome.error;
      await this.#take(outcome.loaded, started);
      this.#included = outcome.read.included;
    } catch (thrown) {
      events({ event: 'mapping.refused', reason: describeError(thrown) });
    }
  }

  async #take({ config, warnings }: Loaded, started: number): Promise<void> {
    const { initial, apply, warn, events, clock } = this.#parts;
    const before = this.#config;
    apply(config);
    this.#config = config;
    for (const warning of warnings) warn(warning);
    const fixed = FIXED.filter((key) => !isDeepStrictEqual(initial.config[key], config[key]));
    if (fixed.length > 0) warn(`${fixed.join(', ')} differ from what runs, which counts from the next start on`);
    // Comparing is for the log alone: machines that came in the meantime go first.
    await setImmediate();
    const change = mappingChange(before, config);
    const others = NAMED.filter((key) => !isDeepStrictEqual(before[key], config[key]));
    events({
      event: 'mapping.reloaded',
      machines: countsOf(change.machines),
      assignments: countsOf(change.assignments),
      names: namesOf(change, others),
      seconds: secondsSince(started, clock.ticks()),
    });
  }
}

function countsOf({ added, removed, changed }: NamesChanged) {
  return { added: added.length, removed: removed.length, changed: changed.length };
}

/** `+node-09 -node-03 ~rack-1`, a few of them. */
function namesOf({ machines, assignments }: MappingChange, others: readonly string[]): string {
  const marked = [machines, assignments].flatMap(({ added, removed, changed }) => [
    ...added.map((name) => `+${name}`),
    ...removed.map((name) => `-${name}`),
    ...changed.map((name) => `~${name}`),
  ]);
  const all = [...marked, ...others.map((name) => `~${name}`)];
  const more = all.length > MAX_NAMES ? ` and ${all.length - MAX_NAMES} more` : '';
  return `${all.slice(0, MAX_NAMES).join(' ')}${more}`;
}
