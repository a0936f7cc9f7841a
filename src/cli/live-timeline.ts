import { formatSeconds } from '../format.js';
import { lastBootOf, unseenText } from './boots-asked.js';
import type { Watcher } from './follow.js';
import { type StyledLine, styled, type Terminal } from './live-screen.js';
import { inOneLine } from './output.js';
import { Timeline } from './timeline.js';
import type { LiveWatcher } from './watch-live.js';
import { fitted, progressOf } from './watch-table.js';
import { WatchedTransfers } from './watched-transfers.js';

/** From the begin of the line, nothing in it. */
const ERASED = '\r\x1b[K';

/** One machine's steps, and at the bottom of them how far what is under way has come. */
export class LiveTimeline implements LiveWatcher {
  readonly #machine: string;
  readonly #api: string;
  readonly #terminal: Terminal;
  readonly #timeline = new Timeline();
  readonly #transfers = new WatchedTransfers();
  #hasBottom = false;

  constructor({ machine, api }: { readonly machine: string; readonly api: string }, terminal: Terminal) {
    this.#machine = machine;
    this.#api = api;
    this.#terminal = terminal;
  }

  readonly opened: Watcher['opened'] = async (ask) => {
    const boot = await lastBootOf(ask, this.#machine);
    if (boot !== undefined) this.#write(this.#timeline.boot(boot));
    else this.#write([{ text: inOneLine(await unseenText(ask, this.#machine)), style: 'dim' }]);
  };

  readonly step: Watcher['step'] = (event) => {
    if (/\.(sent|aborted)$/.test(event.event)) this.#transfers.ended(event.machine, event);
    this.#write(this.#timeline.step(event));
  };

  readonly transfers: Watcher['transfers'] = (told) => {
    this.#transfers.told(told);
    this.#write([]);
  };

  readonly lost: Watcher['lost'] = () => {
    this.#transfers.clear();
    const text = `the server at ${this.#api} does not answer any more: it is waited for`;
    this.#write([{ text, style: 'yellow' }]);
  };

  readonly close = (): void => {
    this.#transfers.clear();
    this.#write([]);
  };

  /** Lines above the bottom one, which is written anew. */
  #write(lines: readonly StyledLine[]): void {
    const transfers = this.#transfers.of(this.#machine);
    const room = this.#terminal.room().columns - 1;
    const seconds = transfers.at(-1)?.seconds ?? 0;
    const bottom =
      transfers.length === 0 ? '' : fitted(`${progressOf(transfers, room - 12)}  ${formatSeconds(seconds)}`, room);
    const before = this.#hasBottom ? ERASED : '';
    this.#terminal.write(`${before}${lines.map((line) => `${styled(line)}\n`).join('')}${bottom}`);
    this.#hasBottom = bottom !== '';
  }
}
