/**
 * The path that a client asks for, without what loaders put before and between its parts: leading and doubled slashes,
 * backslashes (Windows' loaders), `.`; and without a drive letter. undefined for what would lead out, and for what is no name
 * in printable ASCII. Pure: whoever looks for the file looks for this and nothing else.
 */
export function readFileName(filename: string): string | undefined {
  if (!/^[\x20-\x7e]+$/.test(filename)) return undefined;
  const parts = filename.replaceAll('\\', '/').split('/');
  const named = parts.filter((part) => part !== '' && part !== '.');
  if (named.length === 0 || named.includes('..') || /^[A-Za-z]:$/.test(named[0] ?? '')) return undefined;
  return named.join('/');
}
