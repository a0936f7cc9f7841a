import { describe, expect, it } from 'vitest';
import { debianRelease } from './debian-release.js';

const debian = (version: string, name: string): string =>
  `PRETTY_NAME="Debian GNU/Linux ${version} (${name})"\nID=debian\nVERSION_ID="${version}"\nVERSION_CODENAME=${name}\n`;

describe('debianRelease', () => {
  it.each([
    ['Debian 12', debian('12', 'bookworm'), 'bookworm'],
    ['Debian 13', debian('13', 'trixie'), 'trixie'],
    [
      'testing, which has no number',
      'PRETTY_NAME="Debian GNU/Linux forky/sid"\nVERSION_CODENAME=forky\nID=debian\n',
      'forky',
    ],
  ])('is known on %s', (_which, text, release) => expect(debianRelease(text)).toBe(release));

  it.each([
    ['Debian 11', debian('11', 'bullseye'), 'this machine runs Debian GNU/Linux 11 (bullseye)'],
    [
      'a relative of Debian',
      'PRETTY_NAME="Relative 24"\nID=relative\nID_LIKE=debian\nVERSION_ID="24.04"\nVERSION_CODENAME=noble\n',
      'this machine runs Relative 24',
    ],
    ['something without /etc/os-release', '', 'this machine runs an unknown system'],
  ])('is refused on %s, with what to do', (_which, text, message) => {
    expect(() => debianRelease(text)).toThrow(`${message}\n  use one with Debian 12 or newer`);
  });
});
