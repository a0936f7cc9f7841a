import type { EntryLines } from './entry-lines.js';

/**
 * The machines and assignments of a file as they are written, for those who ask for them: an entry a line, `12 {"name":…}`, its
 * line in the file before its JSON. A hundred thousand of them are copied between threads as one text.
 */
export type WrittenFile = { readonly file: string; readonly machines: string; readonly assignments: string };

/** One of them. */
export type WrittenEntry = { readonly file: string; readonly line: number; readonly json: string };

/** `value`: what the file holds. Pure. */
export function writtenIn(file: string, value: unknown, lines: EntryLines): WrittenFile {
  const listOf = (key: 'machines' | 'assignments') => {
    const list = typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[key] : undefined;
    return Array.isArray(list) ? writtenList(list, lines.get(key) ?? []) : '';
  };
  return { file, machines: listOf('machines'), assignments: listOf('assignments') };
}

function writtenList(list: readonly unknown[], lines: readonly number[]): string {
  // JSON has no line breaks of its own.
  return list.map((entry, position) => `${lines[position] ?? 1} ${JSON.stringify(entry)}`).join('\n');
}

/** The entries of all files, in the order of the configuration. Pure. */
export function writtenEntries(
  files: readonly WrittenFile[],
  key: 'machines' | 'assignments',
): readonly WrittenEntry[] {
  return files.flatMap(({ file, [key]: text }) =>
    text === ''
      ? []
      : text.split('\n').map((entry) => {
          const space = entry.indexOf(' ');
          return { file, line: Number(entry.slice(0, space)), json: entry.slice(space + 1) };
        }),
  );
}
