import { lstat, opendir, realpath, stat } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { glob, isDynamicPattern } from 'tinyglobby';
import { readFileBounded } from '../disk-access.js';
import { systemErrorCode } from '../errors.js';
import { NOT_UTF8, textIn } from '../provision/file-text.js';
import type { Problem } from './problem.js';

/** A file of the configuration, or why there is nothing to be had of it. */
export type Source =
  | { readonly kind: 'text'; readonly file: string; readonly bytes: Uint8Array; readonly text: string }
  /** What is not in UTF-8: fit to be handed out as it is, and for nothing else. */
  | { readonly kind: 'binary'; readonly file: string; readonly bytes: Uint8Array }
  | { readonly kind: 'unreadable'; readonly file: string; readonly why: string };

const MAX_BYTES = 16 * 1024 * 1024;
const MAX_FILES = 1_000;
/** Each is open while it is read. */
const AT_ONCE = 32;

/** Never rejects. Only regular files: a pipe would keep the reader waiting for ever. */
export async function readSource(file: string): Promise<Source> {
  try {
    const read = await readFileBounded(file, MAX_BYTES);
    if (read === undefined) return { kind: 'unreadable', file, why: `it is larger than ${MAX_BYTES} bytes` };
    // Nothing of node's own: what goes from thread to thread is a plain array with memory of its own.
    const bytes = new Uint8Array(read);
    const text = textIn(bytes);
    return text === undefined ? { kind: 'binary', file, bytes } : { kind: 'text', file, bytes, text };
  } catch (thrown) {
    const code = systemErrorCode(thrown) ?? String(thrown);
    return { kind: 'unreadable', file, why: REASONS[code] ?? code };
  }
}

/** All of them, in their order. Never rejects. */
export async function readSources(files: readonly string[]): Promise<readonly Source[]> {
  const sources: Source[] = [];
  for (let at = 0; at < files.length; at += AT_ONCE) {
    sources.push(...(await Promise.all(files.slice(at, at + AT_ONCE).map(readSource))));
  }
  return sources;
}

/** Why there is no text to be had of it. */
export function whyNoText(source: Exclude<Source, { readonly kind: 'text' }>): string {
  return source.kind === 'binary' ? NOT_UTF8 : source.why;
}

const REASONS: Readonly<Record<string, string>> = { ENOTFILE: 'it is no regular file' };

/** What tells whether a file was touched, without reading it. */
export async function touchOf(file: string): Promise<string> {
  try {
    const { ino, size, mtimeMs, ctimeMs } = await stat(file);
    return `${file} ${ino} ${size} ${mtimeMs} ${ctimeMs}`;
  } catch (thrown) {
    return `${file} ${systemErrorCode(thrown) ?? String(thrown)}`;
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

/** What was included by which patterns, when the configuration was taken that counts now. */
export type InForce = { readonly include: readonly string[]; readonly included: readonly string[] };

/**
 * The files that the patterns name. Patterns are relative to the configuration's folder; hidden files and folders (a
 * ConfigMap's `..data`) are passed over. `inForce`: what of it looks like a mishap is a problem: a pattern that names
 * nothing any more, a file in whose place there is none. Never rejects.
 */
export async function findIncluded(
  configFile: string,
  patterns: readonly string[],
  inForce?: InForce,
): Promise<Included> {
  const files = new Set<string>();
  const idle: string[] = [];
  const problems: Problem[] = [];
  const before = isDeepStrictEqual(inForce?.include, patterns) ? (inForce?.included ?? []) : [];
  for (const [position, pattern] of patterns.entries()) {
    const found = await filesNamed(configFile, pattern);
    const hadSome = before.some((file) => isBelow(folderOf(configFile, pattern), file));
    const messages = [...found.problems];
    if (found.files.length === 0 && messages.length === 0) {
      if (hadSome) messages.push(`"${pattern}" names no file any more: bring them back, or take it out of include`);
      else idle.push(pattern);
    }
    for (const message of messages) problems.push({ path: ['include', position], message });
    for (const file of found.files) files.add(file);
  }
  for (const file of before) if (!files.has(file) && (await isInTheWay(file))) files.add(file);
  const own = await realpath(configFile).catch(() => configFile);
  for (const file of files) if ((await realpath(file).catch(() => file)) === own) files.delete(file);
  if (files.size > MAX_FILES) {
    problems.push({ path: ['include'], message: `names ${files.size} files, and ${MAX_FILES} is the most` });
  }
  return { files: [...files].sort().slice(0, MAX_FILES), idle, problems };
}

type Named = { readonly files: readonly string[]; readonly problems: readonly string[] };

async function filesNamed(configFile: string, pattern: string): Promise<Named> {
  const cwd = dirname(configFile);
  if (!isDynamicPattern(pattern)) return { files: [resolve(cwd, pattern)], problems: [] };
  const options = { cwd, absolute: true, expandDirectories: false };
  const names = await glob(pattern, options);
  // The library takes a folder that it may not read for empty.
  const inner = dirname(pattern);
  const folders = isDynamicPattern(inner) ? await glob(inner, { ...options, onlyDirectories: true }) : [];
  const problems = [folderOf(configFile, pattern), ...folders].map(problemOfFolder);
  return { files: names.map((name) => resolve(name)), problems: (await Promise.all(problems)).flat() };
}

/** One that is not there is as good as an empty one. */
async function problemOfFolder(folder: string): Promise<readonly string[]> {
  try {
    await (await opendir(folder)).close();
    return [];
  } catch (thrown) {
    const code = systemErrorCode(thrown) ?? String(thrown);
    return code === 'ENOENT' ? [] : [`cannot read the folder ${resolve(folder)} (${code})`];
  }
}

/** Whether there is something else in the place of a file that was included: reading it says what. */
async function isInTheWay(file: string): Promise<boolean> {
  try {
    await lstat(file);
    return true;
  } catch (thrown) {
    return systemErrorCode(thrown) !== 'ENOENT';
  }
}

function isBelow(folder: string, file: string): boolean {
  return file.startsWith(join(folder, '/'));
}

/** The folder in which a pattern's first wildcard stands, or that of the file it names. */
export function folderOf(configFile: string, pattern: string): string {
  const wildcard = pattern.search(/[*?[{(!+@]/);
  return dirname(resolve(dirname(configFile), wildcard === -1 ? pattern : `${pattern.slice(0, wildcard)}x`));
}
