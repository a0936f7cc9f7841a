import { createHash } from 'node:crypto';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT, run } from './command.js';
import { step } from './steps.js';

/** Says of which lock file node_modules was installed. */
const STAMP = join(ROOT, 'node_modules', '.bootlayer-lock');

/** The packages of the lock file, installed once for each of its versions. */
export async function installPackages() {
  const lock = createHash('sha256')
    .update(readFileSync(join(ROOT, 'package-lock.json')))
    .digest('hex');
  if (existsSync(STAMP) && readFileSync(STAMP, 'utf8') === lock) return;
  await step('npm packages', async () => {
    // What an interrupted run left behind, another one may stumble over.
    rmSync(join(ROOT, 'node_modules'), { recursive: true, force: true });
    await run('npm', ['ci', '--no-audit', '--no-fund']);
    writeFileSync(STAMP, lock);
  });
}
