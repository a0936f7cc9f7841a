/**
 * The path that a client asks for, without what loaders put before and between its parts: leading and doubled slashes,
 * backslashes (Windows' loaders), `.`; and without what some ROMs leave behind it: the end mark of DHCP's options, 255.
 * undefined for what would lead out, and for what is no name
 * in printable ASCII. Pure: whoever looks for the file looks for this and nothing else.
 */
export function readFileName(filename: string): string | undefined {
  const clean = filename.replace(/\xff+$/, '');
  if (!/^[\x20-\x7e]+$/.test(clean)) return undefined;
  const parts = clean.replaceAll('\\', '/').split('/');
  const named = parts.filter((part) => part !== '' && part !== '.');
  if (named.length === 0 || named.includes('..') || /^[A-Za-z]:$/.test(named[0] ?? '')) return undefined;
  return named.join('/');
}
