/**
 * `npm run soak`: a fleet of simulated machines boots for an hour while datagrams are lost, the registry goes away and the server is
 * restarted and killed; what machines know of their boots is held against what the server tells. `-- --duration 3m`,
 * `-- --machines 100`, `-- --seed 7`, `-- --json`.
 */
import { parseArgs } from 'node:util';
import { endAll } from '../setup/process.js';
import { runScript, SetupError, say } from '../setup/steps.js';
import { printReport, reportOf } from './report.js';
import { SoakRun } from './run.js';

const UNITS = { s: 1_000, m: 60_000, h: 3_600_000 };
const DEFAULTS = { duration: '1h', machines: 240, pause: '30s' };
/** It ends so long after its time, whatever happens, once it is set up. */
const LONGEST_SETUP_MILLISECONDS = 300_000;
const SPARE_MILLISECONDS = 175_000;
const ENDING_MILLISECONDS = 2_000;
const SIGNALS = /** @type {const} */ (['SIGINT', 'SIGTERM', 'SIGHUP']);

await runScript(async () => {
  const { options, isJson } = readOptions();
  const progress = isJson ? () => undefined : say;
  /** @type {SoakRun | undefined} */
  let run;
  // A server that is asked to end takes its time, and writes meanwhile into what is to be removed.
  const endNow = () => {
    void run?.served.stop('kill');
    endAll();
    setTimeout(() => process.exit(1), ENDING_MILLISECONDS);
  };
  for (const signal of SIGNALS) process.once(signal, endNow);
  const setUp = endLater('it is not set up', LONGEST_SETUP_MILLISECONDS, endNow);
  progress(`setting up ${options.machines} machines, seed ${options.seed} ...`);
  run = await SoakRun.setUp(options);
  clearTimeout(setUp);
  const bound = endLater('it does not come to an end', options.milliseconds + SPARE_MILLISECONDS, endNow);
  try {
    await run.run(progress);
    const report = reportOf(run);
    if (isJson) console.log(JSON.stringify(report));
    else printReport(report);
    if (report.violations.length > 0) process.exitCode = 1;
  } finally {
    await run.stop();
    clearTimeout(bound);
  }
});

/** Whatever happens. @param {string} what @param {number} milliseconds @param {() => void} end */
function endLater(what, milliseconds, end) {
  return setTimeout(() => {
    console.error(`${what}, and is ended`);
    end();
  }, milliseconds);
}

/** @returns {{ options: import('./run.js').SoakOptions, isJson: boolean }} */
function readOptions() {
  const { values } = parseArgs({
    options: {
      duration: { type: 'string', default: DEFAULTS.duration },
      machines: { type: 'string', default: String(DEFAULTS.machines) },
      pause: { type: 'string', default: DEFAULTS.pause },
      seed: { type: 'string', default: '1' },
      json: { type: 'boolean', default: false },
    },
  });
  const options = {
    milliseconds: milliseconds('duration', values.duration),
    pause: milliseconds('pause', values.pause),
    machines: wholeNumber('machines', values.machines, 4_000),
    seed: wholeNumber('seed', values.seed, 0xffffffff),
  };
  return { options, isJson: values.json };
}

/** @param {string} name @param {string} text */
function milliseconds(name, text) {
  const [, count, unit = ''] = /^(\d+)([smh])$/.exec(text) ?? [];
  if (count === undefined) throw new SetupError(`--${name} ${text} is no time`, 'write it as 90s, 3m or 1h');
  return Number(count) * UNITS[/** @type {keyof typeof UNITS} */ (unit)];
}

/** @param {string} name @param {string} text @param {number} most */
function wholeNumber(name, text, most) {
  const number = Number(text);
  if (!/^\d+$/.test(text) || number < 1 || number > most)
    throw new SetupError(`--${name} ${text} is no whole number from 1 to ${most}`);
  return number;
}
