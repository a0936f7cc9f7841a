import { expect, it } from 'vitest';
import { mainMirror, parseDeb822, parseList } from './apt-sources.js';

const DEB822 = `# comment
Types: deb
URIs: http://security.example/debian-security
Suites: bookworm-security
Components: main

Types: deb deb-src
URIs: http://mirror.example/debian
Suites: bookworm
 bookworm-updates
Components: main contrib
Signed-By: /usr/share/keyrings/example.gpg

Enabled: no
Types: deb
URIs: http://off.example/debian
Suites: bookworm
Components: main
`;

const LIST = `# deb http://commented.example/debian bookworm main
deb-src http://source.example/debian bookworm main
deb http://security.example/debian-security bookworm-security main
deb [arch=amd64 signed-by=/usr/share/keyrings/example.gpg] http://mirror.example/debian bookworm main non-free # note
`;

it.each([
  ['deb822', parseDeb822(DEB822)],
  ['one-line', parseList(LIST)],
])('finds the mirror of Debian itself in %s sources', (_name, sources) => {
  expect(mainMirror(sources)).toMatchObject({
    uri: 'http://mirror.example/debian',
    signedBy: '/usr/share/keyrings/example.gpg',
  });
});

it('reads continued lines, and skips what is switched off', () => {
  const sources = parseDeb822(DEB822);
  expect(sources.map(({ uri }) => uri)).toEqual([
    'http://security.example/debian-security',
    'http://mirror.example/debian',
  ]);
  expect(sources[1]?.suites).toEqual(['bookworm', 'bookworm-updates']);
});

it('finds none where there is none', () => {
  expect(mainMirror([...parseList(''), ...parseDeb822('')])).toBeUndefined();
});
