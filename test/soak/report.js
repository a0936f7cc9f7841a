import { figure, printTable, quantile } from '../bench/figures.js';

/**
 * What a run comes to. `steps`: milliseconds; `growth`: KiB an hour.
 * @typedef {{ seconds: number, seed: number, machines: number, boots: { all: number, by: Record<string, number>, aSecond: number,
 *   judged: number, blurred: number, resets: number, mebibytes: number }, blows: Record<string, number>, deeds: Record<string, number>,
 *   steps: Record<string, { count: number, p50: number, p99: number, max: number }>, warnings: Record<string, number>,
 *   told: Record<string, number>, growth: import('./samples.js').Growth & { verdict: string },
 *   most: { residentMiB: number, heapMiB: number, files: number, stateMiB: number, lagMilliseconds: number }, processors: number,
 *   lives: { minutes: number, by: string }[], violations: string[] }} Report
 */

const MIB = 1024 * 1024;
const MINUTE = 60_000;
/**
 * KiB an hour that the heap may grow by. At seven boots a second, that is 80 bytes for each of them: less than anything that is kept of a
 * boot by mistake.
 */
const MOST_GROWTH = 2_048;
/**
 * What an hour does not fill, and may grow beside that: when each of the last 25,000 to 50,000 capabilities ends, which takes 120 bytes
 * (a digest in a Map, measured); a boot is given two.
 */
const CAPABILITY_KIB = 120 / 1_024;
const CAPABILITIES = 2;
/** A shorter one says nothing of an hour. */
const LEAST_MINUTES = 20;
const TOLD = [
  'script.sent',
  'artifact.sent',
  'artifact.aborted',
  'provision.sent',
  'boot.done',
  'lease.given',
  'image.resolved',
  'fill.finished',
  'blob.evicted',
  'mapping.reloaded',
  'lease.refused',
];

/** @param {import('./run.js').SoakRun} run @returns {Report} */
export function reportOf(run) {
  const seconds = (run.endedAt - run.startedAt) / 1_000;
  const all = [...run.boots.values()].reduce((sum, one) => sum + one, 0);
  const growth = run.samples.growth();
  const isJudged = growth.minutes >= LEAST_MINUTES;
  const given = (run.served.told.get('provision.sent') ?? 0) * CAPABILITIES;
  const bound = MOST_GROWTH + ((given * 3_600) / seconds) * CAPABILITY_KIB;
  const isGrowing = isJudged && growth.heap > bound;
  const verdict = isJudged
    ? `${isGrowing ? 'more than' : 'within'} ${figure(bound)} KiB/h`
    : `not judged: ${LEAST_MINUTES} minutes without a restart say something`;
  const most = (/** @type {'resident' | 'heap' | 'fds' | 'state' | 'lag'} */ what) =>
    run.samples.all.reduce((least, one) => Math.max(least, one[what]), 0);
  return {
    ...{ seconds, seed: run.options.seed, machines: run.options.machines },
    boots: {
      ...{ all, by: sorted(run.boots), aSecond: all / seconds, resets: run.resets, mebibytes: run.bytes / MIB },
      ...{ judged: run.auditor.judged, blurred: run.auditor.blurred },
    },
    blows: run.blows,
    deeds: sorted(run.deeds),
    steps: Object.fromEntries([...run.took].map(([step, took]) => [step, stepOf(took)])),
    warnings: sorted(run.served.warnings),
    told: Object.fromEntries(TOLD.map((event) => [event, run.served.told.get(event) ?? 0])),
    growth: { ...growth, verdict },
    most: {
      ...{ residentMiB: most('resident') / MIB, heapMiB: most('heap') / MIB, files: most('fds') },
      ...{ stateMiB: most('state') / MIB, lagMilliseconds: most('lag') * 1_000 },
    },
    processors: run.spending.seconds / seconds,
    lives: run.served.lives.map(({ startedAt, endedAt = Date.now(), by = 'none' }) => ({
      ...{ minutes: (endedAt - startedAt) / MINUTE, by },
    })),
    violations: isGrowing
      ? [...run.violations, `the heap grows by ${figure(growth.heap)} KiB an hour`]
      : [...run.violations],
  };
}

/** @param {readonly number[]} took */
function stepOf(took) {
  return { count: took.length, p50: quantile(took, 0.5), p99: quantile(took, 0.99), max: Math.max(...took) };
}

/** @param {ReadonlyMap<string, number>} counts */
function sorted(counts) {
  return Object.fromEntries([...counts].sort(([one], [other]) => (one < other ? -1 : 1)));
}

/** @param {Report} report */
export function printReport(report) {
  const { boots, growth, most, violations } = report;
  const counts = (/** @type {Record<string, number>} */ of) =>
    Object.entries(of).map(([name, count]) => [name, String(count)]);
  printTable(
    `boots of ${report.machines} machines, seed ${report.seed}, as machines know them`,
    ['firmware, group, end', 'boots'],
    counts(boots.by),
  );
  printTable(
    'what was done to them and to the server',
    ['deed', 'times'],
    [...counts(report.blows), ...counts(report.deeds)],
  );
  const steps = Object.entries(report.steps).sort(([, one], [, other]) => other.p99 - one.p99);
  printTable(
    'steps, the slowest first, in milliseconds',
    ['step', 'times', 'p50', 'p99', 'longest'],
    steps.map(([name, { count, p50, p99, max }]) => [name, String(count), figure(p50), figure(p99), figure(max)]),
  );
  printTable('what the server tells of it', ['event', 'times'], counts(report.told));
  printTable('what the log warns of', ['warning', 'times'], counts(report.warnings));
  printTable(
    `growth an hour, over ${figure(growth.minutes)} minutes of one life of the server (${growth.windows} windows)`,
    ['', 'KiB/h', 'most, MiB'],
    [
      ['heap after collections', figure(growth.heap), figure(most.heapMiB)],
      ['resident', figure(growth.resident), figure(most.residentMiB)],
      ['state.db', figure(growth.state), figure(most.stateMiB)],
    ],
  );
  console.log(`  heap: ${growth.verdict}`);
  console.log(
    `\n${boots.all} boots in ${figure(report.seconds)} s, ${figure(boots.aSecond)} a second, ${figure(boots.mebibytes)} MiB; ${boots.judged} judged, ${boots.blurred} of them about a kill or after one that gave up`,
  );
  console.log(
    `${figure(report.processors)} processors busy with all of it; ${most.files} files open at most; event loop p99 ${figure(most.lagMilliseconds)} ms at most`,
  );
  console.log(violations.length === 0 ? 'nothing lost, nothing doubled' : `\n${violations.length} violations:\n`);
  for (const violation of violations) console.log(`- ${violation}`);
}
