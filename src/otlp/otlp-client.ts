import { describeError } from '../errors.js';
import { encodeTraces, type Sender } from './encode.js';
import type { Span } from './span.js';

export type OtlpClientParts = {
  /** Of the collector, without the path: `http://collector:4318`. */
  readonly endpoint: string;
  readonly sender: Sender;
  /** It cannot be reached, or refuses: told once, until it takes something again, and once in ten minutes at most. */
  readonly warn: (text: string) => void;
  /** What became of so many spans. */
  readonly told: (outcome: 'sent' | 'dropped', spans: number) => void;
  /** Milliseconds of a clock that only goes on. */
  readonly ticks: () => number;
  /** Runs it after so many milliseconds, unless what it answers is called before. */
  readonly after: (milliseconds: number, run: () => void) => () => void;
  readonly limits?: Partial<OtlpLimits>;
};

export type OtlpLimits = {
  /** Spans that wait; of more, the newest are dropped. */
  readonly queue: number;
  /** Of one request. */
  readonly batch: number;
  /** Milliseconds that spans wait for others. */
  readonly gather: number;
  /** For a request, and, together, for all that wait when it ends. */
  readonly request: number;
  readonly end: number;
  /** Between tries: the first, and the longest, to which it is doubled. */
  readonly firstPause: number;
  readonly longestPause: number;
};

const LIMITS: OtlpLimits = {
  ...{ queue: 20_000, batch: 500, gather: 1_000, request: 10_000, end: 3_000 },
  ...{ firstPause: 5_000, longestPause: 60_000 },
};

/** What takes some and refuses others is told of so often. */
const TELLING_MILLISECONDS = 600_000;
/** It may ask for longer pauses than ours, up to this. */
const LONGEST_ASKED_MILLISECONDS = 600_000;

/** OTLP 1.x, "Failures": those after which the same may be sent again. */
const AGAIN: ReadonlySet<number> = new Set([429, 502, 503, 504]);

/** `pause`: in how many milliseconds it wants the same again at the earliest, 0 where it does not say so. */
type Answer =
  | { readonly kind: 'taken' }
  | { readonly kind: 'refused'; readonly reason: string }
  | { readonly kind: 'later'; readonly reason: string; readonly pause: number };

/** Sends spans to a collector by OTLP over HTTP. Whatever the collector does, nobody waits for it, and what waits is bounded. */
export class OtlpClient {
  readonly #parts: OtlpClientParts;
  readonly #limits: OtlpLimits;
  #waiting: Span[] = [];
  #sending: Promise<void> | undefined;
  #stopTimer: (() => void) | undefined;
  /** In a row. */
  #failures = 0;
  /** When it was told last that it does not take traces, and whether it has taken some since. */
  #toldAt = Number.NEGATIVE_INFINITY;
  #isTakenSince = true;
  /** What the collector asked for with the last failure, in milliseconds. */
  #askedPause = 0;
  #isClosing = false;
  readonly #ended = new AbortController();

  constructor(parts: OtlpClientParts) {
    this.#parts = parts;
    this.#limits = { ...LIMITS, ...parts.limits };
  }

  /** Never throws, and never waits. */
  add(spans: readonly Span[]): void {
    const room = this.#isClosing ? 0 : Math.max(0, this.#limits.queue - this.#waiting.length);
    if (spans.length > room) this.#parts.told('dropped', spans.length - room);
    this.#waiting.push(...spans.slice(0, room));
    this.#schedule(this.#limits.gather);
  }

  /** Sends what waits, as far as that is done soon. */
  async close(): Promise<void> {
    this.#isClosing = true;
    this.#stopTimer?.();
    const stop = this.#parts.after(this.#limits.end, () => this.#ended.abort());
    await this.#sending;
    while (this.#waiting.length > 0 && !this.#ended.signal.aborted) {
      if ((await this.#sendSome()) === 'later') break;
    }
    stop();
    this.#drop(this.#waiting.splice(0).length);
  }

  #schedule(milliseconds: number): void {
    if (this.#waiting.length === 0 || this.#isClosing) return;
    if (this.#sending !== undefined || this.#stopTimer !== undefined) return;
    this.#stopTimer = this.#parts.after(milliseconds, () => {
      this.#stopTimer = undefined;
      this.#sending = this.#sendAll().finally(() => {
        this.#sending = undefined;
        this.#schedule(this.#failures === 0 ? this.#limits.gather : this.#pause());
      });
    });
  }

  #pause(): number {
    const { firstPause, longestPause } = this.#limits;
    const own = Math.min(longestPause, firstPause * 2 ** Math.min(this.#failures - 1, 10));
    return Math.max(own, this.#askedPause);
  }

  async #sendAll(): Promise<void> {
    while (this.#waiting.length > 0 && !this.#isClosing) {
      if ((await this.#sendSome()) === 'later') return;
    }
  }

  /** What goes wrong with a batch that is refused is of that alone: the next may be taken. */
  async #sendSome(): Promise<Answer['kind']> {
    const batch = this.#waiting.slice(0, this.#limits.batch);
    const answer = await this.#post(encodeTraces(batch, this.#parts.sender));
    if (answer.kind !== 'later') this.#waiting.splice(0, batch.length);
    if (answer.kind === 'taken') {
      this.#failures = 0;
      this.#isTakenSince = true;
      this.#parts.told('sent', batch.length);
      return answer.kind;
    }
    if (answer.kind === 'refused') this.#drop(batch.length);
    this.#failed(answer);
    return answer.kind;
  }

  #failed(answer: Exclude<Answer, { kind: 'taken' }>): void {
    this.#failures += 1;
    this.#askedPause = answer.kind === 'later' ? answer.pause : 0;
    const { endpoint, ticks, warn } = this.#parts;
    if (!this.#isTakenSince || ticks() - this.#toldAt < TELLING_MILLISECONDS) return;
    this.#toldAt = ticks();
    this.#isTakenSince = false;
    warn(`traces.otlp: ${endpoint} does not take traces: ${answer.reason}`);
  }

  #drop(spans: number): void {
    if (spans > 0) this.#parts.told('dropped', spans);
  }

  /** Of what it answers only the head is read. */
  async #post(body: string): Promise<Answer> {
    try {
      const signal = AbortSignal.any([this.#ended.signal, AbortSignal.timeout(this.#limits.request)]);
      const headers = { 'content-type': 'application/json' };
      const url = `${this.#parts.endpoint}/v1/traces`;
      const response = await fetch(url, { method: 'POST', headers, body, signal, redirect: 'manual' });
      await response.body?.cancel().catch(() => undefined);
      const { status } = response;
      if (status >= 200 && status < 300) return { kind: 'taken' };
      const reason = `it answered ${status}`;
      if (!AGAIN.has(status)) return { kind: 'refused', reason };
      return { kind: 'later', reason, pause: pauseIn(response.headers.get('retry-after')) };
    } catch (thrown) {
      return { kind: 'later', reason: describeError(thrown), pause: 0 };
    }
  }
}

/** Milliseconds, of Retry-After (RFC 9110, 10.2.3) where that is in seconds: a date is as good as nothing. Pure. */
function pauseIn(said: string | null): number {
  const seconds = /^\d+$/.test(said ?? '') ? Number(said) : 0;
  return Math.min(LONGEST_ASKED_MILLISECONDS, seconds * 1_000);
}
