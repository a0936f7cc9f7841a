import { dirname, relative } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import type { EventSink } from './boot/event.js';
import { type MappingChange, mappingChange, type NamesChanged, namesChanged } from './booter/mapping.js';
import { type Clock, secondsSince } from './clock.js';
import { doNotContradict, type Fingerprints, holdTheSame } from './config/fingerprint.js';
import type { LoadOutcome, ReadFiles } from './config/load.js';
import type { Loaded } from './config/read.js';
import type { ApiToken, Config, TlsPair } from './config/schema.js';
import { BootlayerError, describeError } from './errors.js';
import { fewOf } from './format.js';
import { type Documents, NO_DOCUMENTS } from './provision/documents.js';

/** What is in the files that it names, where that is another than before; what is not there stays. */
export type Renewed = {
  readonly tls?: TlsPair;
  readonly tokens?: readonly ApiToken[];
  /** All of them. */
  readonly documents?: Documents;
};

export type ReloaderParts = {
  readonly initial: Loaded & { readonly read: ReadFiles };
  /** Reads all files anew. `inForce`: what was read of the configuration that counts, when mishaps are to be refused. */
  readonly load: (inForce: ReadFiles | undefined, signal: AbortSignal) => Promise<LoadOutcome>;
  /** Makes the new mapping the one that counts, and what else is another. What it throws refuses all of it. */
  readonly apply: (config: Config, renewed: Renewed) => Promise<void> | void;
  /** All of it counts, and nothing refuses it any more. */
  readonly applied: () => void;
  readonly warn: (text: string) => void;
  readonly events: EventSink;
  readonly clock: Pick<Clock, 'ticks'>;
};

type Request = { readonly kind: 'by hand' } | { readonly kind: 'at rest'; readonly atRest: Fingerprints };

/**
 * What a change of each key does while the server runs. `fixed`, its places and its listeners: nothing, until the next start.
 * `named`: it counts, and is told by its name alone. `told`: it counts, and what is in it is told. `same`: it cannot change,
 * or others tell it.
 */
const CHANGES = {
  advertise: 'fixed',
  data: 'fixed',
  http: 'fixed',
  api: 'fixed',
  tftp: 'fixed',
  dhcp: 'fixed',
  ipxe: 'fixed',
  user: 'fixed',
  traces: 'fixed',
  defaults: 'named',
  provisions: 'named',
  defaultRegistry: 'named',
  registries: 'named',
  cache: 'named',
  unknown: 'named',
  identity: 'named',
  machines: 'told',
  assignments: 'told',
  file: 'same',
  written: 'same',
} as const satisfies Record<keyof Config, 'fixed' | 'named' | 'told' | 'same'>;
const FIXED = keysThat('fixed');
const NAMED = keysThat('named');
const MAX_NAMES = 8;

/** Reads the configuration anew when asked to; a wrong one is refused, and the one before stays. */
export class Reloader {
  readonly #parts: ReloaderParts;
  #config: Config;
  #secrets: Renewed;
  #read: ReadFiles;
  /** Of the configuration in force: what is missing of it is missed for as long as it is in force. */
  #taken: ReadFiles;
  #running: Promise<void> | undefined;
  #next: Request | undefined;
  readonly #ending = new AbortController();

  constructor(parts: ReloaderParts) {
    this.#parts = parts;
    this.#config = parts.initial.config;
    this.#secrets = parts.initial;
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

  /** What was read of it. */
  get inForce(): ReadFiles {
    return this.#taken;
  }

  /**
   * Reads the files because they changed. `atRest`: what they are known to hold; should they hold something else by now,
   * they are left alone, to be looked at again. Never rejects.
   */
  reloadAtRest(atRest: Fingerprints): Promise<void> {
    return this.#reload(this.#next?.kind === 'by hand' ? this.#next : { kind: 'at rest', atRest });
  }

  /** Reads the files because somebody wants it, who may also want what looks like a mishap. Never rejects. */
  reloadByHand(): Promise<void> {
    return this.#reload({ kind: 'by hand' });
  }

  /** Nothing is applied any more. */
  close(): void {
    this.#ending.abort();
    this.#next = undefined;
  }

  /** One at a time; who asks while it runs gets one more. Resolves when there is nothing left to read. */
  #reload(request: Request): Promise<void> {
    if (!this.#ending.signal.aborted) this.#next = request;
    this.#running ??= this.#run().finally(() => {
      this.#running = undefined;
    });
    return this.#running;
  }

  async #run(): Promise<void> {
    for (let request = this.#next; request !== undefined; request = this.#next) {
      this.#next = undefined;
      await this.#once(request);
    }
  }

  async #once(request: Request): Promise<void> {
    const { load, events, clock } = this.#parts;
    const started = clock.ticks();
    const { signal } = this.#ending;
    try {
      const outcome = await load(request.kind === 'by hand' ? undefined : this.#taken, signal);
      if (signal.aborted || (request.kind === 'at rest' && !this.#isThat(request.atRest, outcome.read))) return;
      this.#read = outcome.read;
      if (outcome.kind === 'refused') throw outcome.error;
      if (request.kind === 'at rest') this.#refuseNothing(outcome.loaded.config);
      await this.#take(outcome.loaded, started);
      this.#taken = outcome.read;
    } catch (thrown) {
      if (!signal.aborted) events({ event: 'mapping.refused', reason: describeError(thrown) });
    }
  }

  /** Whoever looked at the files went by the patterns that were read last. */
  #isThat(atRest: Fingerprints, { include, named, fingerprints }: ReadFiles): boolean {
    const goesBySame = isDeepStrictEqual([include, named], [this.#read.include, this.#read.named]);
    return goesBySame ? holdTheSame(atRest, fingerprints) : doNotContradict(atRest, fingerprints);
  }

  /** A file that is being written, or was emptied by mistake, is more likely than the wish to boot nobody. */
  #refuseNothing({ file, assignments }: Config): void {
    if (assignments.length > 0 || this.#config.assignments.length === 0) return;
    throw new BootlayerError('CONFIG_INVALID', `${file} has no assignments any more`, {
      remedy: 'if no machine is to be booted any more, send the server a SIGHUP',
    });
  }

  async #take({ config, warnings, ...secrets }: Loaded, started: number): Promise<void> {
    const { initial, apply, applied, warn, events, clock } = this.#parts;
    const before = this.#config;
    const held = this.#secrets.documents;
    const renewed = renewedIn(this.#secrets, secrets);
    await apply(config, renewed);
    this.#config = config;
    this.#secrets = secrets;
    applied();
    for (const warning of warnings) warn(warning);
    const fixed = FIXED.filter((key) => !isDeepStrictEqual(fixedIn(initial.config, key), fixedIn(config, key)));
    if (fixed.length > 0) warn(`${fixed.join(', ')}: changed, which counts from the next start on`);
    // Comparing is for the log alone: machines that came in the meantime go first.
    await setImmediate();
    const change = mappingChange(before, config);
    const documents = documentsChanged(held, renewed.documents ?? held, config.file);
    const changed = NAMED.filter((key) => !isDeepStrictEqual(before[key], config[key]));
    events({
      event: 'mapping.reloaded',
      machines: countsOf(change.machines),
      assignments: countsOf(change.assignments),
      documents: countsOf(documents),
      names: namesOf({ ...change, documents }, [...changed, ...renewedNames(renewed)]),
      seconds: secondsSince(started, clock.ticks()),
    });
  }
}

function keysThat(change: (typeof CHANGES)[keyof Config]): readonly (keyof Config)[] {
  return (Object.keys(CHANGES) as (keyof Config)[]).filter((key) => CHANGES[key] === change);
}

/** Where a certificate, its key and tokens are read may change while it runs. */
function fixedIn(config: Config, key: keyof Config): unknown {
  const { listen, tls, trustedProxies, accelRedirect } = config.http;
  if (key === 'http') return [listen, tls?.listen, trustedProxies, accelRedirect];
  return key === 'api' ? [config.api.listen, config.api.tokenFile === undefined] : config[key];
}

function renewedIn(before: Renewed, { tls, tokens, documents }: Renewed): Renewed {
  return {
    ...(tls !== undefined && !isDeepStrictEqual(tls, before.tls) && { tls }),
    ...(tokens !== undefined && !isDeepStrictEqual(tokens, before.tokens) && { tokens }),
    ...(documents !== undefined && !isDeepStrictEqual(documents.files, before.documents?.files) && { documents }),
  };
}

function renewedNames({ tls, tokens }: Renewed): readonly string[] {
  return [...(tls ? ['http.tls'] : []), ...(tokens ? ['api.tokenFile'] : [])];
}

/** By their names, as they are written in that file: nothing of what they hold is told. */
function documentsChanged(before = NO_DOCUMENTS, after = NO_DOCUMENTS, from: string) {
  const named = ({ files }: Documents) => [...files].map(([file, bytes]) => ({ name: nameFrom(from, file), bytes }));
  return namesChanged(named(before), named(after));
}

/** What lies elsewhere is named in full. */
function nameFrom(from: string, file: string): string {
  const name = relative(dirname(from), file);
  return name.startsWith('..') ? file : name;
}

function countsOf({ added, removed, changed }: NamesChanged) {
  return { added: added.length, removed: removed.length, changed: changed.length };
}

type Change = MappingChange & { readonly documents: NamesChanged };

/** `machines +node-09 -node-03, assignments ~rack-1, documents ~user-data, defaults`: a few of each. */
function namesOf({ machines, assignments, documents }: Change, others: readonly string[]): string {
  const told = [
    ...marked('machines', machines),
    ...marked('assignments', assignments),
    ...marked('documents', documents),
  ];
  return [...told, ...others].join(', ');
}

function marked(what: string, { added, removed, changed }: NamesChanged): readonly string[] {
  const all = [
    ...added.map((name) => `+${name}`),
    ...removed.map((name) => `-${name}`),
    ...changed.map((name) => `~${name}`),
  ];
  if (all.length === 0) return [];
  return [`${what} ${fewOf(all, MAX_NAMES, ' ')}`];
}
