import { every } from '../clock.js';
import { bootsLately } from './boots-asked.js';
import type { Watcher } from './follow.js';
import { LiveScreen, type StyledLine, styled, type Terminal } from './live-screen.js';
import { tableOf, titleOf } from './watch-table.js';
import { WatchedMachines } from './watched-machines.js';

/** So often the table is drawn at most. */
const DRAW_MILLISECONDS = 200;
/** And so often where nothing happens: times go on. */
const IDLE_TURNS = 5;

/** A watcher that has a terminal, until it is closed. */
export type LiveWatcher = Watcher & { readonly close: () => void };

/** The machines as a table that is always as it is now. */
export class LiveTable implements LiveWatcher {
  readonly #api: string;
  readonly #terminal: Terminal;
  readonly #machines = new WatchedMachines();
  readonly #screen: LiveScreen;
  #ahead = 0;
  #isLost = false;
  #turnsLeft = 0;
  #stop: (() => void) | undefined;
  #last: readonly StyledLine[] = [];

  /** `api`: where the server is, in words. */
  constructor(api: string, terminal: Terminal) {
    this.#api = api;
    this.#terminal = terminal;
    this.#screen = new LiveScreen(terminal);
  }

  readonly opened: Watcher['opened'] = async (ask, ahead) => {
    this.#ahead = ahead;
    this.#isLost = false;
    this.#machines.boots(await bootsLately(ask, this.#now()));
    this.#open();
    this.#turnsLeft = 0;
  };

  readonly step: Watcher['step'] = (event) => {
    this.#machines.step(event);
    this.#turnsLeft = 0;
  };

  readonly transfers: Watcher['transfers'] = (told) => {
    this.#machines.transfers(told);
    this.#turnsLeft = 0;
  };

  readonly lost: Watcher['lost'] = () => {
    this.#isLost = true;
    this.#machines.lost();
    this.#turnsLeft = 0;
  };

  /** The terminal is as it was, with the table as it was last below. */
  readonly close = (): void => {
    if (this.#stop === undefined) return;
    this.#stop();
    this.#stop = undefined;
    this.#screen.close();
    for (const line of this.#last) this.#terminal.write(`${styled(line)}\n`);
  };

  #open(): void {
    if (this.#stop !== undefined) return;
    const rest = every(DRAW_MILLISECONDS, () => this.#turn());
    const leave = this.#terminal.onChange({
      resized: () => this.#draw(),
      suspended: () => this.#screen.close(),
      resumed: () => {
        this.#screen.open();
        this.#draw();
      },
    });
    this.#stop = () => {
      rest();
      leave();
    };
    this.#screen.open();
  }

  #turn(): void {
    this.#turnsLeft -= 1;
    if (this.#turnsLeft < 0) this.#draw();
  }

  #draw(): void {
    this.#turnsLeft = IDLE_TURNS - 1;
    const machines = this.#machines.list(this.#now());
    const title = titleOf(machines, this.#isLost ? this.#api : undefined);
    const room = this.#terminal.room();
    this.#last = tableOf(title, machines, room);
    this.#screen.draw(this.#last, room);
  }

  #now(): number {
    return Date.now() + this.#ahead;
  }
}
