/**
 * Where a Debian machine gets its packages from, read from its own sources (sources.list(5)).
 * @typedef {{ uri: string, suites: string[], components: string[], signedBy: string | undefined }} Source
 */

/** deb822, `*.sources`. @param {string} text @returns {Source[]} */
export function parseDeb822(text) {
  return text
    .split(/\n[ \t]*\n/)
    .map(readStanza)
    .filter((fields) => fields.get('enabled') !== 'no' && (fields.get('types') ?? '').split(/\s+/).includes('deb'))
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

/** The mirror with Debian itself: one whose suites are no security updates. @param {readonly Source[]} sources */
export function mainMirror(sources) {
  return sources.find(
    ({ suites, components }) =>
      components.includes('main') && suites.some((suite) => !/security|backports|\//.test(suite)),
  );
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
  return value?.startsWith('/') ? value.split(/\s+/)[0] : undefined;
}

/** @param {string | undefined} text */
function words(text) {
  return (text ?? '').split(/\s+/).filter((word) => word !== '');
}
