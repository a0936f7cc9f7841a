import { type ChildProcess, spawn } from 'node:child_process';
import { Socket } from 'node:net';
import { createInterface } from 'node:readline';
import type { IpAddress } from './ip.js';

/** `failed`: whether anybody answers cannot be found out by it. */
export type Pinged =
  | { readonly kind: 'answered' }
  | { readonly kind: 'quiet' }
  | { readonly kind: 'failed'; readonly reason: string };

export type PingerOptions = {
  /** Where `ping` is looked for. */
  readonly path?: string | undefined;
  /** Which starts the pings. */
  readonly shell?: string;
};

type Pending = { readonly resolve: (pinged: Pinged) => void; pid?: number };

/** Whoever is on the network answers within milliseconds; a machine that waits for an address does not wait for long. */
const MAX_MILLISECONDS = 500;
const QUIET: Pinged = { kind: 'quiet' };
/** iputils says by 2 that it could not even ask; busybox has 1 for that too. */
const NO_ANSWER = 1;
/** Of a shell (POSIX, 2.8.2): there is no such program, or it cannot be run. */
const [NOT_FOUND, NOT_RUNNABLE] = [127, 126];

/**
 * Reads who is to be asked, and says the process of each and how it has ended. It goes on through signals to all of the group, and
 * ends when this program does.
 */
const SCRIPT = `trap '' HUP INT TERM
while read -r id address; do
  {
    ping -n -c 1 -W 1 "$address" >/dev/null 2>&1 </dev/null &
    echo "$id pid $!"
    wait $!
    echo "$id status $?"
  } &
done`;

/**
 * Finds out whether anybody answers at an address, by the system's `ping`, as iputils and busybox have it: to send ICMP itself
 * takes rights that this program has not. A small shell starts them all: a process started from here would stop the whole program
 * for as long as its memory takes to be mapped again, in a thread of its own too, for 20 to 60 ms where packets wait. One that has
 * ended is replaced.
 */
export class Pinger {
  readonly #shell: string;
  readonly #path: string | undefined;
  readonly #pending = new Map<string, Pending>();
  #child: ChildProcess | undefined;
  /** Of the child: a server that root has started becomes another, whose shell must not be root's. */
  #user: number | undefined;
  #lastId = 0;
  #isClosed = false;

  constructor({ shell = '/bin/sh', path = process.env.PATH }: PingerOptions = {}) {
    this.#shell = shell;
    this.#path = path;
  }

  /** Bounded: what is not known by then is quiet. Never rejects. */
  ping(address: IpAddress, maxMilliseconds = MAX_MILLISECONDS): Promise<Pinged> {
    if (this.#isClosed) return Promise.resolve(QUIET);
    this.#lastId += 1;
    const id = String(this.#lastId);
    return new Promise((resolve) => {
      const late = setTimeout(() => this.#giveUp(id), maxMilliseconds);
      const settled = (pinged: Pinged) => {
        clearTimeout(late);
        resolve(pinged);
      };
      this.#pending.set(id, { resolve: settled });
      this.#childNow().stdin?.write(`${id} ${address}\n`);
    });
  }

  /** Whoever waits waits no longer, and what runs for them ends; a ping that has only just begun ends by itself within a second. */
  close(): void {
    this.#isClosed = true;
    for (const { pid } of this.#pending.values()) if (pid !== undefined) kill(pid);
    this.#settleAll(QUIET);
    this.#child?.stdin?.end();
    this.#child?.stdout?.destroy();
    this.#child = undefined;
  }

  #childNow(): ChildProcess {
    const user = process.getuid?.();
    if (this.#child !== undefined && this.#user === user) return this.#child;
    this.#child?.stdin?.end();
    this.#child = this.#start();
    this.#user = user;
    return this.#child;
  }

  #start(): ChildProcess {
    const child = spawn(this.#shell, ['-c', SCRIPT], {
      env: { ...process.env, PATH: this.#path },
      stdio: ['pipe', 'pipe', 'ignore'],
    });
    const ended = (reason: string) => {
      if (this.#child !== child) return;
      this.#child = undefined;
      this.#settleAll({ kind: 'failed', reason: `${this.#shell}, which starts ping, ${reason}` });
    };
    child.once('error', (thrown: NodeJS.ErrnoException) => ended(`cannot run (${thrown.code})`));
    child.once('exit', (status, signal) => ended(`has ended (${status ?? signal})`));
    // Told by its end.
    child.stdin.on('error', () => undefined);
    createInterface({ input: child.stdout }).on('line', (line) => this.#read(line));
    // This program may end while there is nothing that waits.
    child.unref();
    for (const pipe of [child.stdin, child.stdout]) if (pipe instanceof Socket) pipe.unref();
    return child;
  }

  #read(line: string): void {
    const [id = '', what, number] = line.split(' ');
    const pending = this.#pending.get(id);
    if (what !== 'pid') this.#settle(id, pingedBy(Number(number)));
    // Given up before it was known who that is.
    else if (pending === undefined) kill(Number(number));
    else pending.pid = Number(number);
  }

  /** One that does not even end by the time that it was given is not waited for. */
  #giveUp(id: string): void {
    const { pid } = this.#pending.get(id) ?? {};
    this.#settle(id, QUIET);
    if (pid !== undefined) kill(pid);
  }

  #settle(id: string, pinged: Pinged): void {
    const pending = this.#pending.get(id);
    this.#pending.delete(id);
    pending?.resolve(pinged);
  }

  #settleAll(pinged: Pinged): void {
    for (const id of [...this.#pending.keys()]) this.#settle(id, pinged);
  }
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It has just ended.
  }
}

function pingedBy(status: number): Pinged {
  switch (status) {
    case 0:
      return { kind: 'answered' };
    case NO_ANSWER:
      return QUIET;
    case NOT_FOUND:
      return { kind: 'failed', reason: 'ping is not installed: install iputils-ping' };
    case NOT_RUNNABLE:
      return { kind: 'failed', reason: 'ping cannot run: see that this user may run it' };
    default:
      return {
        kind: 'failed',
        reason: `ping failed (${status}): see that this user may run it, and that a route leads there`,
      };
  }
}
