import { describe, expect, it } from 'vitest';
import { mainMirror, parseDeb822, parseList, type Source } from './apt-sources.js';

const DEBIAN: Source = {
  uri: 'http://mirror.test/debian',
  suites: ['bookworm', 'bookworm-updates'],
  components: ['main', 'contrib'],
  signedBy: '/usr/share/keyrings/debian-archive-keyring.gpg',
};

describe('parseDeb822', () => {
  it('reads stanzas with comments, folded lines and any case', () => {
    const text = `# from the installer
Types: deb deb-src
# an old one
URIs: http://mirror.test/debian
Suites: bookworm
  bookworm-updates
COMPONENTS: main contrib
signed-by: /usr/share/keyrings/debian-archive-keyring.gpg

Types: deb
URIs: http://mirror.test/debian-security http://other.test/debian-security
Suites: bookworm-security
Components: main
`;
    const security = { suites: ['bookworm-security'], components: ['main'], signedBy: undefined };
    expect(parseDeb822(text)).toEqual([
      DEBIAN,
      { uri: 'http://mirror.test/debian-security', ...security },
      { uri: 'http://other.test/debian-security', ...security },
    ]);
  });

  it.each(['no', 'false', '0', 'No'])('leaves out what has Enabled: %s', (value) => {
    const stanza = 'Types: deb\nURIs: http://mirror.test/debian\nSuites: bookworm\nComponents: main\n';
    expect(parseDeb822(`Enabled: yes\n${stanza}`)).toHaveLength(1);
    expect(parseDeb822(`Enabled: ${value}\n${stanza}`)).toEqual([]);
  });

  it('leaves out sources of sources, and keys that are written out', () => {
    const rest = 'URIs: http://mirror.test/debian\nSuites: bookworm\nComponents: main\n';
    expect(parseDeb822(`Types: deb-src\n${rest}`)).toEqual([]);
    const key = 'Signed-By:\n -----BEGIN PGP PUBLIC KEY BLOCK-----\n .\n mQINBF\n';
    expect(parseDeb822(`Types: deb\n${rest}${key}`)[0]?.signedBy).toBeUndefined();
  });
});

describe('parseList', () => {
  it('reads lines with and without options', () => {
    const text = `deb http://mirror.test/debian bookworm main contrib # ours
#deb http://off.test/debian bookworm main
deb-src http://mirror.test/debian bookworm main
deb [ arch=amd64 signed-by=/etc/apt/keyrings/ours.gpg ] https://mirror.test/debian/ bookworm-updates main
`;
    expect(parseList(text)).toEqual([
      { uri: 'http://mirror.test/debian', suites: ['bookworm'], components: ['main', 'contrib'], signedBy: undefined },
      {
        uri: 'https://mirror.test/debian/',
        suites: ['bookworm-updates'],
        components: ['main'],
        signedBy: '/etc/apt/keyrings/ours.gpg',
      },
    ]);
  });

  it('takes the first of several keyrings', () => {
    const [source] = parseList('deb [signed-by=/a.gpg,/b.gpg] http://mirror.test/debian bookworm main');
    expect(source?.signedBy).toBe('/a.gpg');
  });
});

describe('mainMirror', () => {
  const vendor = (over: Partial<Source>): Source => ({
    uri: 'https://vendor.test/packages',
    suites: ['stable'],
    components: ['main'],
    signedBy: '/etc/apt/keyrings/vendor.gpg',
    ...over,
  });

  it.each([
    ['that calls its suite stable', vendor({})],
    ['that names its suite as the release', vendor({ suites: ['bookworm'] })],
    ['whose path ends like Debian', vendor({ suites: ['bookworm'], uri: 'https://vendor.test/linux/debian' })],
    ['with a suite of its own', vendor({ suites: ['cloud-sdk'] })],
  ])('is not that of a vendor %s', (_which, source) => {
    expect(mainMirror([source, DEBIAN], 'bookworm')).toBe(DEBIAN);
  });

  it.each([
    ['security updates', { ...DEBIAN, suites: ['bookworm-security'] }],
    ['backports', { ...DEBIAN, suites: ['bookworm-backports'] }],
    ['another release', { ...DEBIAN, suites: ['trixie'] }],
    ['firmware only', { ...DEBIAN, components: ['non-free-firmware'] }],
    ['a suite of its own', vendor({ suites: ['./'] })],
  ])('is never one with %s', (_what, source) => {
    expect(mainMirror([source], 'bookworm')).toBeUndefined();
  });

  it('is none where there is none', () => {
    expect(mainMirror([...parseList(''), ...parseDeb822('')], 'bookworm')).toBeUndefined();
  });

  it('may call its release stable and carry a keyring of its own', () => {
    const own = { ...DEBIAN, suites: ['stable'], signedBy: '/etc/apt/keyrings/company.gpg' };
    expect(mainMirror([own], 'bookworm')).toBe(own);
  });
});
