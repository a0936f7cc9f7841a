import { setImmediate } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import type { EventSink } from './boot/event.js';
import { type MappingChange, mappingChange, type NamesChanged } from './booter/mapping.js';
import { type Clock, secondsSince } from './clock.js';
import { agree, type Fingerprints } from './config/fingerprint.js';
import type { LoadOutcome, ReadFiles } from './config/load.js';
import type { Loaded } from './config/read.js';
import type { Config } from './config/schema.js';
import { BootlayerError, describeError } from './errors.js';

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
const NAMED = ['defaults', 'defaultRegistry', 'registries'] as const;
const MAX_NAMES = 8;

/** Reads the configuration anew when asked to; a wrong one is refused, and the one before stays. */
export class Reloader {
  readonly #parts: ReloaderParts;
  #config: Config;
  #read: ReadFiles;
  /** Of the configuration in force: what is missing of it is missed for as long as it is in force. */
  #taken: ReadFiles;
  #running: Promise<void> | undefined;
  #again = false;
  #atRest: Fingerprints | undefined;
  #closed = false;

  constructor(parts: ReloaderParts) {
    this.#parts = parts;
    this.#config = parts.initial.config;
    this.#read = parts.initial.read;
    this.#taken = parts.initial.read;
  }

  /** The configuration in force. */
  get config(): Config {
    return this.#config;
  }

  /** What was read last, taken or refused. */
  get lastRead(): ReadFiles {
    return this.#read;
  }

  /**
   * One at a time; who asks while it runs gets one more. `atRest`: what the files are known to hold; should they hold
   * something else by now, they are left alone, to be looked at again. Without it somebody asked for it by hand.
   * Resolves when there is nothing left to read; never rejects.
   */
  reload(atRest?: Fingerprints): Promise<void> {
    this.#again = !this.#closed;
    this.#atRest = atRest;
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
    const atRest = this.#atRest;
    try {
      const outcome = await load(this.#taken.included).catch((thrown: unknown) => this.#giveUp(thrown, atRest));
      if (this.#closed || (atRest !== undefined && !agree(atRest, outcome.read.fingerprints))) return;
      this.#read = outcome.read;
      if (outcome.kind === 'refused') throw outcome.error;
      if (atRest !== undefined && this.#leavesNothing(outcome.loaded)) throw nothingLeft();
      await this.#take(outcome.loaded, started);
      this.#taken = outcome.read;
    } catch (thrown) {
      if (!this.#closed) events({ event: 'mapping.refused', reason: describeError(thrown) });
    }
  }

  /** What cannot even be read is not tried again before it changes. */
  #giveUp(thrown: unknown, fingerprints = this.#read.fingerprints): never {
    this.#read = { ...this.#read, fingerprints };
    throw thrown;
  }

  #leavesNothing({ config }: Loaded): boolean {
    return config.assignments.length === 0 && this.#config.assignments.length > 0;
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

/** A file that is being written, or was emptied by mistake, is more likely than the wish to boot nobody. */
function nothingLeft(): BootlayerError {
  return new BootlayerError('CONFIG_INVALID', 'it has no assignments any more', {
    remedy: 'if no machine is to be booted any more, send the server a SIGHUP',
  });
}

function countsOf({ added, removed, changed }: NamesChanged) {
  return { added: added.length, removed: removed.length, changed: changed.length };
}

/** `machines +node-09 -node-03, assignments ~rack-1, defaults`: a few of each. */
function namesOf({ machines, assignments }: MappingChange, others: readonly string[]): string {
  return [...marked('machines', machines), ...marked('assignments', assignments), ...others].join(', ');
}

function marked(what: string, { added, removed, changed }: NamesChanged): readonly string[] {
  const all = [
    ...added.map((name) => `+${name}`),
    ...removed.map((name) => `-${name}`),
    ...changed.map((name) => `~${name}`),
  ];
  if (all.length === 0) return [];
  const more = all.length > MAX_NAMES ? ` and ${all.length - MAX_NAMES} more` : '';
  return [`${what} ${all.slice(0, MAX_NAMES).join(' ')}${more}`];
}
