import { begunIn, judge, judgeImage, REST_MILLISECONDS } from './judge.js';

/** @typedef {import('./book.js').Book} Book */
/** @typedef {import('./api.js').ListedBoot} ListedBoot */
/** When what machines of the group `moving` are assigned may have been that. @typedef {{ repository: string, from: number, until: number }} Epoch */

/** `before`: of the same machine. @typedef {{ book: Book, before: Book | undefined, isDoneNews: boolean }} Waiting */

/** A step that is on its way to the store has come there by then. */
const SETTLED_MILLISECONDS = 3_000;
/** The steps of a killed server's last seconds may not be on the disk. */
const UNWRITTEN_MILLISECONDS = 5_000;
/** The next boot may go on in the record of one that is not known to have ended. */
const SILENCE_MILLISECONDS = 125_000;
/** Between what one clock says to two programs. */
const SKEW_MILLISECONDS = 50;
const SHOWN = 25;
const LONGEST_LINE = 1_500;
/** A boot that began so long before may still go on. */
const LONGEST_BOOT_MILLISECONDS = 300_000;

/** Holds what machines know against what the API tells. */
export class Auditor {
  judged = 0;
  blurred = 0;
  /** @type {string[]} */
  violations = [];
  /** @type {Epoch[]} */
  epochs = [];
  /** Steps that were told as they happened, by boot. @type {Map<string, number>} */
  streamed = new Map();
  /** Since when they are followed without a gap; undefined while they are not. @type {number | undefined} */
  streamingSince;
  #site;
  #served;
  #api;
  /** One after the other. @type {Promise<boolean>} */
  #auditing = Promise.resolve(true);
  /** Books that are to be judged. @type {Waiting[]} */
  #waiting = [];
  /** By machine. @type {Map<string, Book>} */
  #last = new Map();
  /** Ids of all records that a book accounts for. @type {Set<string>} */
  #claimed = new Set();
  /** When each machine was last told to be installed anew. @type {Map<string, number>} */
  #undone = new Map();
  /** Machines that are done already, by what the server acknowledged. @type {Set<string>} */
  #done = new Set();

  /** @param {import('./site.js').Site} site @param {import('./served.js').Served} served @param {import('./api.js').Api} api */
  constructor(site, served, api) {
    this.#site = site;
    this.#served = served;
    this.#api = api;
  }

  /** @param {Book} book */
  add(book) {
    const undone = this.#undone.get(book.machine) ?? Number.POSITIVE_INFINITY;
    const isDoneNews = !this.#done.has(book.machine) || undone < book.startedAt;
    const waiting = { book, before: this.#last.get(book.machine), isDoneNews };
    this.#last.set(book.machine, book);
    this.#waiting.push(waiting);
    for (const wrong of book.wrongs) this.#violate(book, wrong);
    if (book.end === 'gave up' && !this.#wasDown(book)) this.#violate(book, `it gave up: ${book.stage}`);
    if (book.isDone) void this.#undo(book.machine);
  }

  /** Judges all books that are old enough, all of them where it is the last time, and each once. Whether the API told of them. */
  async audit({ isLast = false } = {}) {
    const before = this.#auditing;
    this.#auditing = before.then(() => this.#audit(isLast));
    return this.#auditing;
  }

  /** @param {boolean} isLast */
  async #audit(isLast) {
    const now = Date.now();
    const ready = this.#waiting.filter(({ book }) => isLast || book.endedAt < now - SETTLED_MILLISECONDS);
    if (ready.length === 0) return true;
    const since = Math.min(...ready.map(({ book }) => book.startedAt)) - LONGEST_BOOT_MILLISECONDS;
    const listed = await this.#api.boots(since);
    if (listed === undefined) return false;
    /** @type {Map<string, ListedBoot[]>} */
    const byMachine = new Map();
    for (const boot of listed) byMachine.set(boot.machine, [...(byMachine.get(boot.machine) ?? []), boot]);
    for (const waiting of ready) {
      if (!(await this.#judge(waiting, byMachine.get(waiting.book.machine) ?? []))) return false;
      this.#waiting = this.#waiting.filter((one) => one !== waiting);
    }
    return true;
  }

  /** That all is there still, and nothing that nobody booted. @param {number} since @param {ReadonlySet<string>} machines */
  async finish(since, machines) {
    const listed = await this.#api.boots(since);
    if (listed === undefined) {
      this.violations.push('the API does not tell of the boots in the end');
      return;
    }
    const ids = new Set(listed.map(({ id }) => id));
    const lost = [...this.#claimed].filter((id) => !ids.has(id));
    if (lost.length > 0)
      this.violations.push(`${lost.length} boots were told of, and are gone: ${lost.slice(0, 5).join(', ')}`);
    const strange = listed.filter(({ id, machine }) => machines.has(machine) && !this.#claimed.has(id));
    for (const { id, machine, beganAt, state, stepCount } of strange)
      this.violations.push(`${machine}: nobody booted ${id}, begun at ${beganAt}, ${state}, ${stepCount} steps`);
    if (ids.size !== listed.length) this.violations.push(`${listed.length - ids.size} boots are listed twice`);
  }

  /** @param {Waiting} waiting @param {readonly ListedBoot[]} listed @returns {Promise<boolean>} */
  async #judge({ book, before, isDoneNews }, listed) {
    const near = listed.filter(
      ({ beganAt, lastAt }) =>
        Date.parse(beganAt) <= book.endedAt + REST_MILLISECONDS && Date.parse(lastAt) >= book.startedAt,
    );
    const records = [];
    /** How many steps of each were told before it was asked for: it may go on meanwhile with the first of the next boot. */
    const toldBefore = new Map();
    for (const { id } of near.toReversed()) {
      toldBefore.set(id, this.streamed.get(id) ?? 0);
      const record = await this.#api.boot(id);
      if (record === undefined) return false;
      records.push(record);
    }
    for (const { id } of begunIn(book, records)) this.#claimed.add(id);
    const isBlurred = this.#isBlurred(book, before);
    const problems = judge({ book, records, isBlurred, isDoneNews });
    const wanted = this.#site.wantedBy(book.group, this.#movingFor(book));
    problems.push(...judgeImage(book, { by: this.#site.pushed, wanted }));
    for (const record of begunIn(book, records)) {
      const isFollowed = this.streamingSince !== undefined && this.streamingSince < book.startedAt - SKEW_MILLISECONDS;
      const told = this.streamed.get(record.id) ?? 0;
      const isWrong = record.stepCount < toldBefore.get(record.id) || record.stepCount > told;
      const isAtRest = Date.parse(record.lastAt) < Date.now() - SETTLED_MILLISECONDS;
      if (isFollowed && !isBlurred && isAtRest && isWrong)
        problems.push(`${told} steps were told as they happened, and ${record.stepCount} are there`);
      this.streamed.delete(record.id);
    }
    this.judged += 1;
    if (isBlurred) this.blurred += 1;
    const said = records
      .map(({ id, steps }) => `${id}: ${steps.map(brief).join(', ')}`.slice(0, LONGEST_LINE))
      .join('\n    ');
    if (problems.length > 0) this.#violate(book, `${problems.join('; ')}${isBlurred ? ' (about a kill)' : ''}`, said);
    return true;
  }

  /** @param {Book} book @param {string} problem @param {string} [said] */
  #violate(book, problem, said = '') {
    if (this.violations.length === SHOWN) this.violations.push('and more');
    if (this.violations.length > SHOWN) return;
    const { machine, kind, group, number, end, startedAt, endedAt, ...rest } = book;
    const when = `${new Date(startedAt).toISOString()} to ${new Date(endedAt).toISOString()}`;
    const knows = JSON.stringify({ ...rest, took: undefined, wrongs: undefined });
    const log = this.#served.evidence(machine, startedAt, endedAt).join('\n    ');
    this.violations.push(
      `${machine} (${kind}, ${group}), boot ${number}, ${end}, ${when}: ${problem}\n    it knows ${knows}\n    ${said}\n    ${log}`,
    );
  }

  /** Whether what was told of it may have been lost with a server. @param {Book} book @param {Book | undefined} before */
  #isBlurred(book, before) {
    if (book.end === 'gave up' || before?.end === 'gave up') return true;
    return this.#served.lives.some(({ by, endedAt = Number.POSITIVE_INFINITY }) => {
      if (by !== 'kill') return false;
      const isAcross = book.startedAt < endedAt + SKEW_MILLISECONDS && book.endedAt > endedAt - UNWRITTEN_MILLISECONDS;
      const isAfter = book.startedAt >= endedAt && book.startedAt < endedAt + SILENCE_MILLISECONDS;
      return isAcross || (isAfter && (before === undefined || before.startedAt < endedAt + SKEW_MILLISECONDS));
    });
  }

  /** Whether there was no server for it at some time. @param {Book} book */
  #wasDown({ startedAt, endedAt }) {
    const { lives } = this.#served;
    return lives.some((life, index) => {
      const next = lives[index + 1]?.startedAt ?? Number.POSITIVE_INFINITY;
      return life.endingAt !== undefined && life.endingAt < endedAt && next + 10_000 > startedAt;
    });
  }

  /** @param {Book} book */
  #movingFor({ startedAt, script }) {
    const at = script?.at ?? startedAt;
    return this.epochs
      .filter(({ from, until }) => from <= at && until >= startedAt)
      .map(({ repository }) => repository);
  }

  /** A machine that is done says nothing new before it is to be installed anew. @param {string} machine */
  async #undo(machine) {
    this.#done.add(machine);
    this.#undone.delete(machine);
    if (machine.includes(':')) return;
    const told = await this.#api.ask(`/api/v1/machines/${machine}/standing`, {
      method: 'PATCH',
      body: { reprovision: {} },
    });
    if (told !== undefined) this.#undone.set(machine, Date.now());
  }
}

/** @param {import('./api.js').ToldStep} step */
function brief({ at, event, role, range }) {
  return [at.slice(17, 23), event, role, range].filter((word) => word !== undefined).join(' ');
}
