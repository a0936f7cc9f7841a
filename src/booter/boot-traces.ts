import { type Boot, DOUBTFUL_STATES } from '../boot/boot.js';
import type { BootEvent, EventSink } from '../boot/event.js';
import type { FindingName } from '../boot/finding.js';
import type { Clock } from '../clock.js';
import type { Attributes, Span, SpanEvent } from '../otlp/span.js';
import { RecentMap } from '../recent-map.js';
import { awaitedBy, awaitedOf, fillKey } from './awaited-part.js';
import type { ToldFinding } from './boot-findings.js';
import { type Part, partOf, spanIdOf, traceOf } from './boot-span.js';
import type { ToldStep } from './journal.js';
import { Sparing } from './sparing.js';

export type BootTracesParts = {
  readonly send: (spans: readonly Span[]) => void;
  readonly clock: Pick<Clock, 'now' | 'ticks'>;
};

/** A boot of which not all is sent yet. Times: milliseconds since the epoch. */
type Live = {
  boot: Boot;
  /** How many parts of it were told. */
  count: number;
  heardAt: number;
  readonly parts: (Part & { readonly id: string })[];
  readonly events: SpanEvent[];
  /** What is on its way to the machine, and how often. */
  readonly running: Map<string, number>;
  /** What it waited for, and is among its parts already. */
  readonly awaited: Set<string>;
  waitedSince: number | undefined;
  platform: string | undefined;
  isFound: boolean;
  /** Only what comes late is to be sent. */
  readonly isRootSent: boolean;
};

/** Boots that are gathered, of each kind: those that came to more than anybody can bring about, and the others. */
const MOST = 5_000;
/** Of one boot: a disc is read in thousands of parts. */
const MOST_PARTS = 200;
const MOST_EVENTS = 50;
/** Downloads and resolutions that are remembered, and boots that were sent. */
const RECENT = 1_000;
const SENT = 10_000;
/** So many are sent within a minute of what anybody can bring about in the name of any machine. */
const MOST_DOUBTFUL = 600;
const MINUTE = 60_000;
/** Heard nothing of for so long, a boot is sent; one that was started may still report that it is done. */
const SILENCE = { done: 5_000, started: 15 * MINUTE, others: 2 * MINUTE };
/** However much is on its way. */
const LONGEST_SILENCE = 120 * MINUTE;

/** Makes a trace of each boot: a span of the boot as a whole, and one of each of its steps and of what it waited for. */
export class BootTraces {
  readonly #parts: BootTracesParts;
  /** By the boots' ids, who was heard of longest ago first. */
  readonly #doubtful = new Map<string, Live>();
  readonly #farther = new Map<string, Live>();
  /** How many parts were told of those that were sent. */
  readonly #sent = new RecentMap<string, number>(SENT);
  readonly #recent = new RecentMap<string, Part>(RECENT);
  readonly #sparing: Sparing;

  constructor(parts: BootTracesParts) {
    this.#parts = parts;
    this.#sparing = new Sparing(MOST_DOUBTFUL, MINUTE, () => parts.clock.ticks());
  }

  /** A step of a boot. Never throws. */
  take({ at, event, boot }: ToldStep): void {
    if (boot === undefined) return;
    const live = this.#liveOf(boot);
    live.boot = boot;
    live.heardAt = at;
    if ('platform' in event) live.platform = event.platform;
    if (event.event === 'script.waiting') live.waitedSince ??= at;
    this.#run(live, event);
    this.#attachAwaited(live, event);
    const part = partOf({ at, event }, live.waitedSince);
    if (part !== undefined) this.#add(live, part, at);
    else if (!SILENT.has(event.event)) note(live, { at, name: event.event, attributes: codeOf(event) });
    if (part?.name === 'script') live.waitedSince = undefined;
    this.#remember(live);
  }

  /** Why a boot does not go on. */
  found({ at, event: { finding }, boot }: ToldFinding): void {
    const live = this.#liveOf(boot);
    live.isFound = true;
    live.heardAt = at;
    if (live.isRootSent) this.#add(live, findingPart(finding, at), at);
    else note(live, { at, name: 'finding', attributes: findingSaid(finding) });
    this.#remember(live);
  }

  /** What happens beside the boots: what was downloaded, or resolved, is a part of those that waited for it. */
  readonly heard: EventSink = (event) => {
    const awaited = awaitedOf(event, this.#parts.clock.now());
    if (awaited === undefined) return;
    const [key, part] = awaited;
    this.#recent.set(key, part);
    for (const live of this.#farther.values()) if (live.running.has(key)) this.#attach(live, key, part);
  };

  /** Sends those that are over. To be called every few seconds. */
  look(): void {
    const now = this.#parts.clock.now();
    for (const lives of [this.#doubtful, this.#farther])
      for (const live of [...lives.values()]) if (isOver(live, now)) this.#end(live);
  }

  /** Sends all. */
  close(): void {
    for (const lives of [this.#doubtful, this.#farther]) for (const live of [...lives.values()]) this.#end(live);
  }

  #liveOf(boot: Boot): Live {
    const known = this.#farther.get(boot.id) ?? this.#doubtful.get(boot.id);
    if (known !== undefined) return known;
    const count = this.#sent.get(boot.id);
    // Of one that began before the server did, whoever ended then has sent the rest.
    return newLive(boot, { count: count ?? 0, isRootSent: count !== undefined || boot.steps > 1 });
  }

  #remember(live: Live): void {
    const { id, state } = live.boot;
    const isFarther = this.#farther.delete(id) || !DOUBTFUL_STATES.has(state);
    this.#doubtful.delete(id);
    const lives = isFarther ? this.#farther : this.#doubtful;
    lives.set(id, live);
    const [oldest] = lives.values();
    if (lives.size > MOST && oldest !== undefined) this.#end(oldest);
  }

  #run({ running }: Live, event: ToldStep['event']): void {
    if (!('digest' in event)) return;
    const key = fillKey(event.digest);
    const count = (running.get(key) ?? 0) + (event.event === 'artifact.started' ? 1 : -1);
    if (count > 0) running.set(key, count);
    else running.delete(key);
  }

  #attachAwaited(live: Live, event: ToldStep['event']): void {
    const key = awaitedBy(event);
    const part = key === undefined ? undefined : this.#recent.get(key);
    if (key !== undefined && part !== undefined && part.end >= live.boot.beganAt) this.#attach(live, key, part);
  }

  #attach(live: Live, key: string, part: Part): void {
    if (live.awaited.has(key)) return;
    live.awaited.add(key);
    this.#add(live, part, part.end);
  }

  #add(live: Live, part: Part, at: number): void {
    live.count += 1;
    if (live.parts.length < MOST_PARTS) live.parts.push({ ...part, id: spanIdOf(live.boot.id, at, live.count) });
  }

  #end(live: Live): void {
    const { boot, count } = live;
    const isDoubtful = this.#doubtful.delete(boot.id);
    this.#farther.delete(boot.id);
    this.#sent.set(boot.id, count);
    if (!isDoubtful || this.#sparing.allows('doubtful')) this.#parts.send(spansOf(live));
  }
}

function newLive(boot: Boot, { count, isRootSent }: Pick<Live, 'count' | 'isRootSent'>): Live {
  return {
    ...{ boot, count, isRootSent, heardAt: boot.lastAt, parts: [], events: [], running: new Map(), awaited: new Set() },
    ...{ waitedSince: undefined, platform: undefined, isFound: false },
  };
}

/** Those that begin what another tells. */
const SILENT: ReadonlySet<BootEvent['event']> = new Set(['artifact.started', 'script.waiting']);

function note({ events }: Live, event: SpanEvent): void {
  if (events.length < MOST_EVENTS) events.push(event);
}

function codeOf(event: ToldStep['event']): Attributes {
  return 'code' in event ? { 'bootlayer.code': event.code } : {};
}

function findingPart(finding: FindingName, at: number): Part {
  return { name: 'finding', start: at, end: at, attributes: findingSaid(finding), isFailed: true };
}

function findingSaid(finding: FindingName): Attributes {
  return { 'bootlayer.finding': finding };
}

function isOver({ boot: { state }, heardAt, running }: Live, now: number): boolean {
  const silence = state === 'done' || state === 'started' ? SILENCE[state] : SILENCE.others;
  return now - heardAt >= (running.size > 0 ? LONGEST_SILENCE : silence);
}

/** All of a boot that is not sent yet. Pure. */
function spansOf(live: Live): readonly Span[] {
  const { boot, parts, isRootSent } = live;
  const { trace, root } = traceOf(boot.id);
  const children = parts.map((part): Span => ({ trace, parent: root, events: [], ...part }));
  return isRootSent ? children : [rootOf(live, { trace, id: root }), ...children];
}

function rootOf({ boot, parts, events, platform, isFound, count }: Live, ids: Pick<Span, 'trace' | 'id'>): Span {
  const { id, machine, beganAt, lastAt, state, assignment, image, plan } = boot;
  const isUp = state === 'started' || state === 'done';
  const architecture = parts.find(({ name }) => name === 'resolve')?.attributes['bootlayer.architecture'];
  return {
    ...{ ...ids, name: 'boot', events },
    start: parts.reduce((start, part) => (part.name === 'resolve' ? start : Math.min(start, part.start)), beganAt),
    end: lastAt,
    isFailed: state === 'refused' || (isFound && !isUp),
    attributes: {
      ...{ 'bootlayer.boot': id, 'bootlayer.machine': machine, 'bootlayer.outcome': state },
      ...{ 'bootlayer.assignment': assignment, 'bootlayer.image': image, 'bootlayer.plan': plan },
      ...{ 'bootlayer.platform': platform, 'bootlayer.architecture': architecture },
      'bootlayer.left_out': count > parts.length ? count - parts.length : undefined,
    },
  };
}
