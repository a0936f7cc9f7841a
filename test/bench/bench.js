/**
 * `npm run bench`: what the program reaches beside its peers on this machine, in ratios. `-- NAME...` runs only some,
 * `-- --smoke` shows in seconds that all of them run; its figures mean nothing.
 */
import { parseArgs } from 'node:util';
import { runScript, SetupError } from '../setup/steps.js';
import { benchAccel } from './accel.js';
import { benchDhcp } from './dhcp.js';
import { benchEntries } from './entries.js';
import { benchHerd } from './herd.js';
import { benchHttp } from './http.js';
import { benchLeases } from './leases.js';
import { benchMapping } from './mapping.js';
import { benchMemory } from './memory.js';
import { benchPlan } from './plan.js';
import { benchPull } from './pull.js';
import { benchSanboot } from './sanboot.js';
import { benchStart } from './start.js';
import { benchTftp } from './tftp.js';

/** @type {Record<string, (options: { smoke: boolean }) => Promise<void>>} */
const BENCHMARKS = {
  mapping: benchMapping,
  plan: benchPlan,
  entries: benchEntries,
  http: benchHttp,
  accel: benchAccel,
  sanboot: benchSanboot,
  tftp: benchTftp,
  dhcp: benchDhcp,
  leases: benchLeases,
  pull: benchPull,
  herd: benchHerd,
  memory: benchMemory,
  start: benchStart,
};

await runScript(async () => {
  const { values, positionals } = parseArgs({
    options: { smoke: { type: 'boolean', default: false } },
    allowPositionals: true,
  });
  const known = Object.keys(BENCHMARKS);
  const unknown = positionals.find((name) => !known.includes(name));
  if (unknown !== undefined) throw new SetupError(`there is no benchmark "${unknown}"`, `name ${known.join(', ')}`);
  for (const name of positionals.length > 0 ? positionals : known) await BENCHMARKS[name]?.(values);
});
