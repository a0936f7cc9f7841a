import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { ChildProcess } from '../setup/process.js';
import { Auditor } from './auditor.js';
import { machinesOf } from './machines.js';
import { Samples, Spending } from './samples.js';
import { scheduleOf } from './schedule.js';
import { Served } from './served.js';
import { RELAY, SERVER, Site, STRAYS } from './site.js';

/**
 * `milliseconds`: for how long machines boot; `pause`: of a machine between two boots, in milliseconds.
 * @typedef {{ milliseconds: number, machines: number, seed: number, pause: number }} SoakOptions
 * @typedef {import('./book.js').Book} Book
 */

const FLEET = fileURLToPath(new URL('fleet.js', import.meta.url));
/** Of all that is set up before and after. */
const SPARE_SECONDS = 600;
const SAMPLE_MILLISECONDS = 2_000;
const AUDIT_MILLISECONDS = 15_000;
const FLEET_SECONDS = 50;
const LOST_SHARE = 0.03;
const LAST_AUDITS = 5;
const COLLECT_TRIES = 8;
/** For so long the server keeps connections of machines that went without a word. */
const SILENCE_MILLISECONDS = 75_000;
/** Of the first that listens, of idle connections to registry and API, and of what is kept open for the next who asks. */
const SPARE_FILES = 24;
const CALM_MILLISECONDS = 5_000;
/** What must be put off while the registry is away. */
const NEEDS_REGISTRY = new Set(['push', 'reload']);

/** A fleet that boots, a server that is beaten meanwhile, and what is known of both. */
export class SoakRun {
  /** How often each was done. @type {Map<string, number>} */
  deeds = new Map();
  /** By how they ended, with firmware and group. @type {Map<string, number>} */
  boots = new Map();
  /** Durations of steps, in milliseconds. @type {Map<string, number[]>} */
  took = new Map();
  bytes = 0;
  resets = 0;
  /** @type {import('./weather.js').Blows & { noise: number }} */
  blows = { lost: 0, doubled: 0, late: 0, noise: 0 };
  /** @type {string[]} */
  problems = [];
  spending = new Spending();
  startedAt = 0;
  endedAt = 0;
  options;
  site;
  served;
  samples;
  auditor;
  #api;
  #isRegistryAway = false;
  /** @type {import('./schedule.js').Deed[]} */
  #putOff = [];
  #ending = new AbortController();
  /** @type {ChildProcess | undefined} */
  #fleet;
  #fleetWhose;
  #filesBefore = 0;

  /** @param {SoakOptions} options @param {{ site: Site, api: import('./api.js').Api, machines: import('./simulated-machine.js').Whose[] }} parts */
  constructor(options, { site, api, machines }) {
    this.options = options;
    this.site = site;
    this.#api = api;
    this.#fleetWhose = machines;
    this.served = new Served(site);
    this.samples = new Samples(site.folder, api);
    this.auditor = new Auditor(site, this.served, api);
  }

  /** @param {SoakOptions} options */
  static async setUp(options) {
    const machines = machinesOf(options.machines);
    const site = await Site.start({ seconds: Math.ceil(options.milliseconds / 1_000) + SPARE_SECONDS, machines });
    try {
      return new SoakRun(options, { site, api: await site.openDoor(), machines });
    } catch (thrown) {
      await site.stop();
      throw thrown;
    }
  }

  /** `told`: in a sentence, as it happens. @param {(text: string) => void} told */
  async run(told) {
    const { milliseconds, seed } = this.options;
    this.auditor.epochs.push({ repository: 'os/green', from: 0, until: Number.POSITIVE_INFINITY });
    await this.served.start();
    await sleep(CALM_MILLISECONDS);
    this.#filesBefore = await this.#openFiles();
    this.#startFleet();
    this.startedAt = Date.now();
    const beside = [
      this.#repeat(SAMPLE_MILLISECONDS, () => this.#sample()),
      this.#repeat(AUDIT_MILLISECONDS, () => this.auditor.audit()),
      this.#follow(),
    ];
    const schedule = scheduleOf({ seed, milliseconds });
    for (const { at, deed } of [...schedule, { at: milliseconds, deed: undefined }]) {
      await this.#until(this.startedAt + at);
      if (deed === undefined || this.#isBroken()) break;
      told(`${deed}, ${this.#sum(this.boots)} boots, ${this.auditor.judged} judged`);
      await this.#do(deed);
    }
    this.endedAt = Date.now();
    await this.#end(beside, told);
  }

  async stop() {
    this.#ending.abort();
    await this.#fleet?.stop(2);
    await this.served.stop('end');
    await this.site.stop();
  }

  get violations() {
    return [...this.problems, ...this.served.violations, ...this.auditor.violations];
  }

  /** @param {ReadonlyMap<string, number>} counts */
  #sum(counts) {
    return [...counts.values()].reduce((sum, one) => sum + one, 0);
  }

  /** Whether to go on makes sense. */
  #isBroken() {
    return this.served.violations.some((one) => one.startsWith('the server ended by itself'));
  }

  /** @param {readonly Promise<unknown>[]} beside @param {(text: string) => void} told */
  async #end(beside, told) {
    told('the fleet comes to its end');
    if (this.#isRegistryAway) await this.#do('registry.up');
    await this.site.lose(0);
    const status = await this.#fleet?.stop(FLEET_SECONDS);
    if (status !== 0)
      this.problems.push(`the fleet ended with ${status}: ${this.#fleet?.lines.slice(-3).join('\n').slice(0, 2_000)}`);
    await sleep(CALM_MILLISECONDS);
    let isJudged = false;
    for (let times = 0; times < LAST_AUDITS && !isJudged; times += 1)
      isJudged = await this.auditor.audit({ isLast: true });
    if (!isJudged) this.problems.push('the API does not tell of all boots in the end');
    const known = new Set(this.#fleetWhose.map(({ name }) => name));
    await this.auditor.finish(this.startedAt, known);
    const most = this.#filesBefore + SPARE_FILES;
    let files = await this.#openFiles();
    for (const until = Date.now() + SILENCE_MILLISECONDS; files > most && Date.now() < until; ) {
      await sleep(CALM_MILLISECONDS);
      files = await this.#openFiles();
    }
    if (files > most) this.problems.push(`${files} files are open, and ${this.#filesBefore} were before`);
    this.#ending.abort();
    await Promise.all(beside);
    await this.served.stop('end');
    for (const left of this.site.leftovers()) this.problems.push(`${left} is left behind`);
  }

  #startFleet() {
    const { seed, pause } = this.options;
    /** @type {import('./fleet.js').FleetJob} */
    const job = { server: SERVER, relayAddress: RELAY, strays: STRAYS, machines: this.#fleetWhose, seed, pause };
    const [command = '', ...args] = [...this.site.withinRouter, process.execPath, FLEET, JSON.stringify(job)];
    this.#fleet = new ChildProcess(command, args, { name: 'the fleet' });
    this.#fleet.onLine((line) => {
      if (!line.startsWith('{')) return;
      const told = /** @type {import('./fleet.js').FleetLine} */ (JSON.parse(line));
      if ('book' in told) this.#booted(told.book);
      else this.blows = { ...told.blows, noise: told.noise };
    });
  }

  /** @param {Book} book */
  #booted(book) {
    const what = `${book.kind} ${book.group} ${book.end}`;
    this.boots.set(what, (this.boots.get(what) ?? 0) + 1);
    this.bytes += book.bytes;
    this.resets += book.resets;
    for (const [step, milliseconds] of Object.entries(book.took)) {
      const all = this.took.get(step) ?? [];
      all.push(milliseconds);
      this.took.set(step, all);
    }
    this.auditor.add(book);
  }

  /** @param {import('./schedule.js').Deed} deed */
  async #do(deed) {
    if (this.#isRegistryAway && NEEDS_REGISTRY.has(deed)) {
      this.#putOff.push(deed);
      return;
    }
    this.deeds.set(deed, (this.deeds.get(deed) ?? 0) + 1);
    switch (deed) {
      case 'registry.down':
        this.#isRegistryAway = true;
        await this.site.registry.process.stop();
        return;
      case 'registry.up':
        await this.site.registry.start();
        this.#isRegistryAway = false;
        for (const put of this.#putOff.splice(0)) await this.#do(put);
        return;
      case 'push':
        await this.site.push();
        return;
      case 'reload':
        await this.#reload();
        return;
      case 'gc':
        await this.#collect();
        return;
      case 'restart':
      case 'kill':
        await this.served.stop(deed);
        await this.served.start();
        return;
      case 'loss.on':
        await this.site.lose(LOST_SHARE);
        return;
      case 'loss.off':
        await this.site.lose(0);
        return;
      case 'noise':
        process.kill(this.#fleet?.pid ?? 0, 'SIGUSR2');
    }
  }

  async #reload() {
    const from = Date.now();
    const { reloads } = this.served;
    const repository = await this.site.remap();
    const before = this.auditor.epochs.at(-1);
    this.auditor.epochs.push({ repository, from, until: Number.POSITIVE_INFINITY });
    this.served.reload();
    for (let times = 0; times < 200 && this.served.reloads === reloads; times += 1) await sleep(50);
    if (this.served.reloads === reloads)
      this.problems.push('a mapping that was written is not read within ten seconds');
    if (before !== undefined) before.until = Date.now();
  }

  /** It is refused while an image cannot be resolved, as just after a mapping was read. */
  async #collect() {
    for (let tries = 0; tries < COLLECT_TRIES; tries += 1) {
      const cache = await this.#api.ask('/api/v1/cache?limit=1');
      const read = cache === undefined ? {} : /** @type {{ folder?: string }} */ (JSON.parse(cache));
      const { folder } = read;
      const body = { folder };
      if (folder !== undefined && (await this.#api.ask('/api/v1/cache/gc', { method: 'POST', body })) !== undefined)
        return;
      await this.#until(Date.now() + 3_000);
    }
    if (!this.#isRegistryAway) this.problems.push('cache gc is refused again and again');
  }

  async #sample() {
    await this.samples.take(this.served.lives.length);
    this.spending.look([this.served.life?.pid, this.#fleet?.pid, this.site.registry.process.pid, process.pid]);
  }

  /** Steps as they happen, from whichever server there is. */
  async #follow() {
    while (!this.#ending.signal.aborted) {
      const { auditor } = this;
      auditor.streamingSince = undefined;
      const told = (/** @type {string} */ event, /** @type {string} */ data) => {
        auditor.streamingSince ??= Date.now();
        if (event === 'transfers' || event === 'boot.finding') return;
        const { boot } = /** @type {{ boot?: string }} */ (JSON.parse(data));
        if (boot !== undefined) auditor.streamed.set(boot, (auditor.streamed.get(boot) ?? 0) + 1);
      };
      await this.#api.follow(told, this.#ending.signal);
      await this.#until(Date.now() + 200);
    }
  }

  async #openFiles() {
    await this.samples.take(this.served.lives.length);
    return this.samples.all.at(-1)?.fds ?? 0;
  }

  /** Until the end. @param {number} milliseconds @param {() => Promise<unknown>} work */
  async #repeat(milliseconds, work) {
    while (!this.#ending.signal.aborted) {
      await work();
      await this.#until(Date.now() + milliseconds);
    }
  }

  /** @param {number} time */
  async #until(time) {
    const wait = Math.max(0, time - Date.now());
    await sleep(wait, undefined, { signal: this.#ending.signal }).catch(() => undefined);
  }
}
