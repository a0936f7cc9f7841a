import { readLogLine, startServer } from '../setup/server.js';

/**
 * One life of the server, from its start to its end. `endingAt`: when it was told to.
 * @typedef {{ startedAt: number, pid: number, endingAt?: number, endedAt?: number, by?: 'restart' | 'kill' | 'end' }} Life
 */

/** Lines of the log that a run does without: whatever is at fault, it is ours. */
const FAULTS = new Set([
  'fault',
  'journal.lost',
  'lease.unsaved',
  'plan.unsaved',
  'standing.unsaved',
  'blob.damaged',
  'upkeep.failed',
]);
const ERROR_LEVEL = 50;
const WARN_LEVEL = 40;
const START_TRIES = 3;
const SHOWN_LINES = 12;
/** Of some minutes. */
const KEPT_LINES = 40_000;
const LONGEST_LINE = 240;

/** The server, which is ended and started again, and its log. */
export class Served {
  /** @type {Life[]} */
  lives = [];
  /** How often something was warned of, by its name. @type {Map<string, number>} */
  warnings = new Map();
  /** How often each of these was told. @type {Map<string, number>} */
  told = new Map();
  reloads = 0;
  /** @type {string[]} */
  violations = [];
  #site;
  /** The last lines of its log. @type {{ at: number, text: string }[]} */
  #recent = [];
  /** @type {import('../setup/server.js').Server | undefined} */
  #server;
  #isEnding = false;

  /** @param {import('./site.js').Site} site */
  constructor(site) {
    this.#site = site;
  }

  /** The life that is, or was last. */
  get life() {
    return this.lives.at(-1);
  }

  async start() {
    const env = { TMPDIR: this.#site.temporary };
    const startedAt = Date.now();
    for (let tries = 1; ; tries += 1) {
      try {
        const onLog = (/** @type {import('../setup/server.js').LogLine} */ line) => this.#heard(line);
        this.#server = await startServer(this.#site.config, { env, within: this.#site.withinServer, onLog });
        break;
      } catch (thrown) {
        this.violations.push(`the server does not start: ${String(thrown).slice(0, 2_000)}`);
        if (tries === START_TRIES) throw thrown;
      }
    }
    const { process: child } = this.#server;
    child.onLine((line) => this.#heardRaw(line));
    /** @type {Life} */
    const life = { startedAt, pid: child.pid ?? 0 };
    this.lives.push(life);
    this.#isEnding = false;
    void child.ended.then((status) => {
      life.endedAt = Date.now();
      if (!this.#isEnding)
        this.violations.push(`the server ended by itself with ${status}: ${child.lines.slice(-5).join('\n')}`);
    });
  }

  /** @param {'restart' | 'kill' | 'end'} by */
  async stop(by) {
    const server = this.#server;
    if (server === undefined) return;
    this.#isEnding = true;
    if (this.life !== undefined) Object.assign(this.life, { by, endingAt: Date.now() });
    if (by === 'kill') {
      server.process.kill('SIGKILL');
      await server.process.ended;
      return;
    }
    const status = await server.stop();
    if (status !== 0) this.violations.push(`the server ended with ${status} when it was asked to`);
  }

  /** Reads its configuration anew. */
  reload() {
    process.kill(this.life?.pid ?? 0, 'SIGHUP');
  }

  /** Lines of its log about something, of that time, which is not long ago. @param {string} what @param {number} from @param {number} to */
  evidence(what, from, to) {
    const near = this.#recent.filter(({ at, text }) => at >= from - 1_000 && at <= to + 1_000 && text.includes(what));
    return near.slice(-SHOWN_LINES).map(({ at, text }) => `${new Date(at).toISOString()} ${text}`);
  }

  /** @param {import('../setup/server.js').LogLine} line */
  #heard(line) {
    const { event = String(line.msg), level } = line;
    this.#recent.push({ at: Date.now(), text: `${event} ${String(line.msg)}`.slice(0, LONGEST_LINE) });
    if (this.#recent.length > 2 * KEPT_LINES) this.#recent = this.#recent.slice(-KEPT_LINES);
    this.told.set(event, (this.told.get(event) ?? 0) + 1);
    if (event === 'mapping.reloaded') this.reloads += 1;
    if (FAULTS.has(event) || level === ERROR_LEVEL || (typeof level === 'number' && level > ERROR_LEVEL))
      this.violations.push(`the log says ${JSON.stringify(line).slice(0, 1_500)}`);
    else if (level === WARN_LEVEL) {
      const name = event === 'boot.finding' ? `finding ${String(line['finding'] ?? line['name'])}` : event;
      this.warnings.set(name, (this.warnings.get(name) ?? 0) + 1);
    }
  }

  /** What is no line of the log. @param {string} line */
  #heardRaw(line) {
    if (readLogLine(line) !== undefined) return;
    this.violations.push(`the server says ${line.slice(0, 1_000)}`);
  }
}
