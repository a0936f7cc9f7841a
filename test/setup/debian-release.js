import { existsSync, readFileSync } from 'node:fs';
import { SetupError } from './steps.js';

const OLDEST = 12;

/**
 * The name of this machine's Debian release.
 * @param {string} [osRelease] os-release(5); testing and unstable have no VERSION_ID
 * @returns {string} `bookworm`
 */
export function debianRelease(osRelease = ownOsRelease()) {
  const value = (/** @type {string} */ name) => new RegExp(`^${name}="?([^"\n]*)"?$`, 'm').exec(osRelease)?.[1];
  const release = value('VERSION_CODENAME');
  const version = Number(value('VERSION_ID') ?? OLDEST);
  if (value('ID') === 'debian' && release !== undefined && version >= OLDEST) return release;
  throw new SetupError(
    `this machine runs ${value('PRETTY_NAME') ?? 'an unknown system'}`,
    `use one with Debian ${OLDEST} or newer, be it virtual or a container`,
  );
}

function ownOsRelease() {
  return existsSync('/etc/os-release') ? readFileSync('/etc/os-release', 'utf8') : '';
}
