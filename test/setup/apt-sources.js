/**
 * Where a Debian machine gets its packages from, read from its own sources (sources.list(5)).
 * @typedef {{ uri: string, suites: string[], components: string[], signedBy: string | undefined }} Source
 */

/** What apt takes for a no (apt.conf(5)). */
const NO = ['no', 'false', 'without', 'off', 'disable', '0'];
/** Names of releases that stay while the releases change. */
const ALIASES = ['stable', 'oldstable', 'testing', 'unstable', 'sid'];

/** deb822, `*.sources`. @param {string} text @returns {Source[]} */
export function parseDeb822(text) {
  return text
    .split(/\n[ \t]*\n/)
    .map(readStanza)
    .filter((fields) => !NO.includes(fields.get('enabled')?.toLowerCase() ?? 'yes'))
    .filter((fields) => words(fields.get('types')).includes('deb'))
    .flatMap((fields) =>
      words(fields.get('uris')).map((uri) => ({
        uri,
        suites: words(fields.get('suites')),
        components: words(fields.get('components')),
        signedBy: keyringOf(fields.get('signed-by')),
      })),
    );
}

/** One line each, `*.list`. @param {string} text @returns {Source[]} */
export function parseList(text) {
  const lines = text.split('\n').map((line) => line.replace(/#.*/, '').trim());
  return lines.flatMap((line) => {
    const match = /^deb\s+(?:\[([^\]]*)\]\s+)?(\S+)\s+(\S+)\s*(.*)$/.exec(line);
    if (match === null) return [];
    const [, options = '', uri = '', suite = '', components = ''] = match;
    return [
      {
        uri,
        suites: [suite],
        components: words(components),
        signedBy: keyringOf(/signed-by=(\S+)/i.exec(options)?.[1]),
      },
    ];
  });
}

/**
 * The mirror with Debian itself. Vendors name their suites as Debian does, so of several the one is taken that looks
 * most like Debian's.
 * @param {readonly Source[]} sources
 * @param {string} release the machine's own: `bookworm`
 */
export function mainMirror(sources, release) {
  const likeness = (/** @type {Source} */ { uri, suites, signedBy }) =>
    (/\/debian-archive-[^/]*$/.test(signedBy ?? '') ? 4 : 0) +
    (/\/debian\/?$/.test(uri) ? 2 : 0) +
    (suites.includes(release) ? 1 : 0);
  return sources
    .filter(({ components }) => components.includes('main'))
    .filter(({ suites }) => suites.some((suite) => suite === release || ALIASES.includes(suite)))
    .sort((one, other) => likeness(other) - likeness(one))[0];
}

/** @param {string} stanza @returns {Map<string, string>} */
function readStanza(stanza) {
  /** @type {Map<string, string>} */
  const fields = new Map();
  let last = '';
  for (const line of stanza.split('\n')) {
    const field = /^([A-Za-z-]+):\s*(.*)$/.exec(line);
    if (field?.[1] !== undefined) {
      last = field[1].toLowerCase();
      fields.set(last, (field[2] ?? '').trim());
    } else if (/^\s/.test(line) && last !== '') {
      fields.set(last, `${fields.get(last)} ${line.trim()}`.trim());
    }
  }
  return fields;
}

/** Only a file's path: a key that is written out belongs to the machine's file. @param {string | undefined} value */
function keyringOf(value) {
  return value?.startsWith('/') ? value.split(/[\s,]+/)[0] : undefined;
}

/** @param {string | undefined} text */
function words(text) {
  return (text ?? '').split(/\s+/).filter((word) => word !== '');
}
