import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT, run } from './command.js';
import { step } from './steps.js';

const DIST = join(ROOT, 'dist');
/** Says of which sources the program was built, and by which run of the compiler. */
const STAMP = join(DIST, '.built');
const COMPILER_STATE = join(DIST, '.tsbuildinfo');

/** The program as JavaScript, built when something changed. */
export async function build() {
  if (existsSync(STAMP) && readFileSync(STAMP, 'utf8') === inputs()) return;
  await step('build', () => run(process.execPath, ['node_modules/typescript/bin/tsc', '-p', 'tsconfig.build.json']));
  writeFileSync(STAMP, inputs());
}

/** A digest of everything that goes into the build. A build by hand shows in the compiler's state. */
function inputs() {
  const sources = /** @type {string[]} */ (readdirSync(join(ROOT, 'src'), { recursive: true }))
    .filter((name) => name.endsWith('.ts'))
    .sort()
    .map((name) => join('src', name));
  const hash = createHash('sha256');
  for (const name of ['tsconfig.json', 'tsconfig.build.json', 'package-lock.json', ...sources]) {
    hash.update(`${name}\0`).update(readFileSync(join(ROOT, name)));
  }
  if (existsSync(COMPILER_STATE)) hash.update(readFileSync(COMPILER_STATE));
  return hash.digest('hex');
}
