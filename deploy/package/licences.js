/** Under which licences what the packages hold may be handed on. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { ROOT } from '../../test/setup/command.js';

/** Where a Node may have its own. */
const NODE = ['../LICENSE', '../share/doc/nodejs/LICENSE', '../share/doc/nodejs/copyright'];

/** The texts of all of them: ours, Node's, and those of every package that the program uses. */
export function licences() {
  const ours = { title: 'bootlayer', text: readFileSync(join(ROOT, 'LICENSE'), 'utf8') };
  return [ours, nodeLicence(), ...packages()]
    .map(({ title, text }) => `${'='.repeat(80)}\n${title}\n\n${text.trim()}\n`)
    .join('\n');
}

function nodeLicence() {
  const file = NODE.map((path) => join(dirname(process.execPath), path)).find((path) => existsSync(path));
  const text = file === undefined ? 'https://github.com/nodejs/node/blob/main/LICENSE' : readFileSync(file, 'utf8');
  return { title: `Node.js ${process.versions.node}`, text };
}

/** @typedef {{ version?: string, license?: string, dev?: boolean, devOptional?: boolean }} Locked */

function packages() {
  const lock = /** @type {{ packages: Record<string, Locked> }} */ (
    JSON.parse(readFileSync(join(ROOT, 'package-lock.json'), 'utf8'))
  );
  const used = Object.entries(lock.packages).filter(
    ([path, { dev, devOptional }]) => path !== '' && !dev && !devOptional && existsSync(join(ROOT, path)),
  );
  return used.map(([path, { version = '', license = '' }]) => {
    const names = readdirSync(join(ROOT, path)).filter((name) => /^(licen[cs]e|copying|notice)/i.test(name));
    const texts = names.map((name) => readFileSync(join(ROOT, path, name), 'utf8'));
    return { title: `${path.replace(/^.*node_modules\//, '')} ${version} (${license})`, text: texts.join('\n') };
  });
}
