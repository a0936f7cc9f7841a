/** What `npm run check`, `npm test` and `npm run test:full` need: `node test/setup/setup.js check|test|full`. */
import { realpathSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { build } from './build.js';
import { installEmulators } from './install.js';
import { requireNode } from './node-version.js';
import { installPackages } from './npm.js';
import { fetchParts } from './parts.js';
import { makePayload } from './payload.js';
import { runScript, SetupError } from './steps.js';

/** @param {import('./parts.js').Level} level @param {{ yes: boolean }} options */
export async function setUp(level, options) {
  // First, as it may ask.
  await installEmulators(
    level === 'demo' ? ['qemu-system-x86_64'] : ['qemu-system-x86_64', 'qemu-system-aarch64'],
    options,
  );
  await installPackages();
  await build();
  await fetchParts(level);
  await makePayload('amd64');
  await makePayload('arm64');
}

// Run, not imported: a checkout may be reached by a link.
if (process.argv[1] !== undefined && realpathSync(process.argv[1]) === fileURLToPath(import.meta.url)) {
  await runScript(async () => {
    requireNode();
    const level = process.argv[2];
    // npm keeps the arguments behind `--` for the test runner itself: it is `npm test --yes`.
    if (level === 'check') await installPackages();
    else if (level === 'test' || level === 'full')
      await setUp(level, { yes: process.env['npm_config_yes'] === 'true' });
    else throw new SetupError(`"${level}" is nothing to set up for`, 'name check, test or full');
  });
}
