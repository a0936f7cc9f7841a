import { readdir, stat } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { glob, isDynamicPattern } from 'tinyglobby';
import { readFileBounded } from '../disk-access.js';
import { systemErrorCode } from '../errors.js';
import type { Problem } from './problem.js';

/** A file of the configuration, or why there is nothing to be had of it. */
export type Source =
  | { readonly kind: 'text'; readonly file: string; readonly text: string }
  | { readonly kind: 'unreadable'; readonly file: string; readonly why: string };

const MAX_BYTES = 16 * 1024 * 1024;
const MAX_FILES = 1_000;

/** Never rejects. Only regular files: a pipe would keep the reader waiting for ever. */
export async function readSource(file: string): Promise<Source> {
  try {
    const bytes = await readFileBounded(file, MAX_BYTES);
    if (bytes === undefined) return { kind: 'unreadable', file, why: `it is larger than ${MAX_BYTES} bytes` };
    return { kind: 'text', file, text: new TextDecoder().decode(bytes) };
  } catch (thrown) {
    const code = systemErrorCode(thrown) ?? String(thrown);
    return { kind: 'unreadable', file, why: code === 'ENOTFILE' ? 'it is no regular file' : code };
  }
}

/** What tells whether a file was touched, without reading it. */
export async function touchOf(file: string): Promise<string> {
  try {
    const { ino, size, mtimeMs, ctimeMs } = await stat(file);
    return `${ino} ${size} ${mtimeMs} ${ctimeMs}`;
  } catch (thrown) {
    return systemErrorCode(thrown) ?? String(thrown);
  }
}

export type Included = {
  /** Absolute, each once, in the order of their names. */
  readonly files: readonly string[];
  /** Patterns that name nothing. */
  readonly idle: readonly string[];
  /** At `include` and a position in it. */
  readonly problems: readonly Problem[];
};

/**
 * The files that the patterns name. Patterns are relative to the configuration's folder; hidden files and folders (a
 * ConfigMap's `..data`) are passed over. `before`: what was found the last time; a folder that is gone since is a
 * problem, since all its machines would go with it. Never rejects.
 */
export async function findIncluded(
  configFile: string,
  patterns: readonly string[],
  before: readonly string[] = [],
): Promise<Included> {
  const files = new Set<string>();
  const idle: string[] = [];
  const problems: Problem[] = [];
  for (const [position, pattern] of patterns.entries()) {
    const found = await filesNamed(configFile, pattern, before);
    if (found.kind === 'problem') problems.push({ path: ['include', position], message: found.message });
    else if (found.files.length === 0) idle.push(pattern);
    else for (const file of found.files) files.add(file);
  }
  files.delete(configFile);
  if (files.size > MAX_FILES) {
    problems.push({ path: ['include'], message: `names ${files.size} files, and ${MAX_FILES} is the most` });
  }
  return { files: [...files].sort().slice(0, MAX_FILES), idle, problems };
}

type Named =
  | { readonly kind: 'files'; readonly files: readonly string[] }
  | { readonly kind: 'problem'; readonly message: string };

async function filesNamed(configFile: string, pattern: string, before: readonly string[]): Promise<Named> {
  const cwd = dirname(configFile);
  if (!isDynamicPattern(pattern)) return { kind: 'files', files: [resolve(cwd, pattern)] };
  // The library takes what it may not read for empty.
  const top = folderOf(configFile, pattern);
  const known = before.filter((file) => file.startsWith(join(top, '/')));
  for (const folder of new Set([top, ...known.map((file) => dirname(file))])) {
    const code = await problemOfFolder(folder);
    const mayBeMissing = folder !== top || known.length === 0;
    if (code === undefined || (code === 'ENOENT' && mayBeMissing)) continue;
    return { kind: 'problem', message: `cannot read the folder ${folder} (${code})` };
  }
  const names = await glob(pattern, { cwd, absolute: true, expandDirectories: false });
  return { kind: 'files', files: names.map((name) => resolve(name)) };
}

async function problemOfFolder(folder: string): Promise<string | undefined> {
  try {
    await readdir(folder);
    return undefined;
  } catch (thrown) {
    return systemErrorCode(thrown) ?? String(thrown);
  }
}

/** The folder in which a pattern's first wildcard stands, or that of the file it names. */
export function folderOf(configFile: string, pattern: string): string {
  const wildcard = pattern.search(/[*?[{(!+@]/);
  return dirname(resolve(dirname(configFile), wildcard === -1 ? pattern : `${pattern.slice(0, wildcard)}x`));
}
