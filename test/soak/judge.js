import { FIRMWARE } from './firmware-packets.js';

/**
 * A boot as its machine knows it against what the server has of it. Pure.
 *
 * What is on the disk before anybody is told of it, and has to be there whatever happens: a lease when it is acknowledged, a plan when its
 * script is sent, that a boot is done when that is answered by 204, and what the API has told. Steps are written a moment after they
 * happen: a server that is killed may lack those of its last seconds. Whoever gives up before it has its kernel goes on in the same record
 * when it comes again. Where either may be (`isBlurred`), there may be less than the machine knows; never more. All others are there
 * once, exactly.
 * @typedef {import('./book.js').Book} Book
 * @typedef {import('./api.js').ToldBoot} ToldBoot
 * `records`: all of the machine of about that time; `isDoneNews`: it was not done before.
 * @typedef {{ book: Book, records: readonly ToldBoot[], isBlurred: boolean, isDoneNews: boolean }} Case
 */

const SCRIPTS = new Set(['script.sent', 'script.waiting', 'script.refused']);
/** Between what one clock says to two programs. */
const SKEW_MILLISECONDS = 50;
/** No machine boots anew so soon: firmware that asks for its UKI again within 2 s is taken to ask twice (`booter/firmware-step`). */
export const REST_MILLISECONDS = 3_000;

/** @param {Book} book @param {string} at */
function isIn({ startedAt, endedAt }, at) {
  const time = Date.parse(at);
  return time >= startedAt - SKEW_MILLISECONDS && time <= endedAt + REST_MILLISECONDS - 2 * SKEW_MILLISECONDS;
}

/** Those that began in it. @param {Book} book @param {readonly ToldBoot[]} records */
export function begunIn(book, records) {
  return records.filter(({ beganAt }) => isIn(book, beganAt));
}

/** @param {Case} given @returns {string[]} what is wrong */
export function judge({ book, records, isBlurred, isDoneNews }) {
  const begun = begunIn(book, records);
  const steps = (isBlurred ? records : begun).flatMap((record) => record.steps.filter(({ at }) => isIn(book, at)));
  // Whoever went in the middle of a kernel or UKI may have been sent all of it, so that what came then is another boot.
  const cut = book.gets.uki.cut + book.gets.kernel.cut;
  const most = 1 + (cut > 0 ? book.resets + cut : 0);
  const problems = within('records', begun.length, isBlurred ? [0, most + 1] : [1, most]);
  if (!isBlurred) {
    problems.push(...begun.flatMap(disorderOf));
    problems.push(...stateProblems(book, begun.at(-1), isDoneNews));
  }
  const ranges = rangesOf(book, isDoneNews);
  for (const [name, [low, high]] of Object.entries(ranges.counts))
    problems.push(...within(name, ranges.count(steps, name), [isBlurred ? 0 : low, high]));
  return problems;
}

/** @param {string} name @param {number} is @param {readonly [number, number]} range */
function within(name, is, [low, high]) {
  if (is >= low && is <= high) return [];
  return [`${name}: ${is}, not ${low === high ? low : `${low} to ${high}`}`];
}

/** How many steps of each kind there have to be. @param {Book} book @param {boolean} isDoneNews */
function rangesOf(book, isDoneNews) {
  /** @type {Record<string, [number, number]>} */
  const counts = {
    'a script': [book.scripts.got, book.scripts.got + book.scripts.unsure],
    'provision.sent': [book.documents.got, book.documents.got + book.documents.unsure],
    'boot.done': [book.isDone && isDoneNews ? 1 : 0, book.isDone || book.end === 'gave up' ? 1 : 0],
    'dhcp.answered': [0, book.discovers * 2],
  };
  for (const [role, { whole, parts, cut }] of Object.entries(book.gets)) {
    counts[`artifact.started ${role}`] = [whole + parts, whole + parts + cut];
    counts[`artifact.sent ${role}`] = [whole, whole + cut];
    counts[`artifact.sent ${role} in part`] = [parts, parts + cut];
  }
  const count = (/** @type {ToldBoot['steps']} */ steps, /** @type {string} */ name) => {
    if (name === 'a script') return steps.filter((step) => SCRIPTS.has(step.event)).length;
    const [event, role, part] = name.split(' ');
    return steps.filter((step) => {
      if (step.event !== event || (role !== undefined && step.role !== role)) return false;
      return event !== 'artifact.sent' || (step.range !== undefined) === (part === 'in');
    }).length;
  };
  return { counts, count };
}

/** @param {Book} book @param {ToldBoot | undefined} record @param {boolean} isDoneNews */
function stateProblems(book, record, isDoneNews) {
  if (record === undefined) return [];
  const states = () => {
    if (book.end === 'gone in the initramfs') return ['fetching', 'started'];
    if (!book.isDone) return ['started'];
    return isDoneNews ? ['done'] : ['done', 'started'];
  };
  return states().includes(record.state) ? [] : [`its state is ${record.state}, not ${states().join(' or ')}`];
}

/** Each step no earlier than the one before, all of them there, and no transfer that ends before it begins. @param {ToldBoot} record */
function disorderOf({ steps, stepCount }) {
  const problems = stepCount === steps.length ? [] : [`${steps.length} steps of ${stepCount}`];
  if (steps.some(({ at }, index) => index > 0 && at < (steps[index - 1]?.at ?? '')))
    problems.push('steps in another order');
  let running = 0;
  for (const { event } of steps) {
    if (event === 'artifact.started') running += 1;
    if (event === 'artifact.sent' || event === 'artifact.aborted') running -= 1;
    if (running < 0) return [...problems, 'a transfer ends that has not begun'];
  }
  return running === 0 ? problems : [...problems, `${running} transfers have not ended`];
}

/**
 * What was handed out, against what was ever pushed: `by`: by the digest of a kernel, or of a UKI.
 * @typedef {{ repository: string, version: number, arch: string, initramfs: string }} Pushed
 * @param {Book} book @param {{ by: ReadonlyMap<string, Pushed>, wanted: readonly string[] }} images `wanted`: repositories
 */
export function judgeImage(book, { by, wanted }) {
  const key = book.group === 'uki' ? book.uki : book.script?.kernel;
  if (key === undefined || key === '' || book.end === 'gave up') return [];
  const pushed = by.get(key);
  if (pushed === undefined) return [`${key} was never pushed`];
  const { arch } = FIRMWARE[book.kind];
  const said = `${pushed.repository} ${pushed.version} ${pushed.arch}`;
  const problems = [];
  if (pushed.arch !== arch) problems.push(`it is for ${arch}, and was handed ${said}`);
  if (!wanted.includes(pushed.repository)) problems.push(`it was handed ${said}, not ${wanted.join(' or ')}`);
  if (book.group !== 'uki' && book.script?.initramfs !== pushed.initramfs)
    problems.push(`the initramfs is not that of ${said}`);
  return problems;
}
