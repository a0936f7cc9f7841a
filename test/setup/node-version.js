import { SetupError } from './steps.js';

const REQUIRED = /** @type {const} */ ([20, 19]);

/** @param {string} [version] */
export function requireNode(version = process.versions.node) {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  if (major > REQUIRED[0] || (major === REQUIRED[0] && minor >= REQUIRED[1])) return;
  throw new SetupError(`Node ${REQUIRED.join('.')} or newer is needed, this is ${version}`, 'install a newer Node.js');
}
