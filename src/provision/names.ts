import { nearest } from '../nearest.js';
import type { Position } from './position.js';

/** What the secrets of a provision are called in the configuration. */
export type KnownNames = { readonly secrets: readonly string[] };

const NAMES = {
  machine: ['name', 'mac', 'uuid', 'serial', 'hostname', 'ip', 'arch'],
  assignment: ['name'],
  image: ['reference', 'digest'],
  server: ['url', 'host'],
  done: ['url'],
  provision: ['url'],
} as const;

/** The first words of all names: none of them can be a name of the template's own. */
export const ROOTS: readonly string[] = [...Object.keys(NAMES), 'secrets'];

/** Why a template may not use a name, or undefined when it may. */
export function unknownName(path: readonly string[], known: KnownNames): { readonly reason: string } | undefined {
  const [root, second, ...deeper] = path;
  const labels = root === 'machine' && second === 'labels';
  // All labels at once are fit for a loop, and for `| json`.
  if (labels && deeper.length <= 1) return undefined;
  const name = path.map((word) => (/^[\w-]+$/.test(word) ? word : JSON.stringify(word))).join('.');
  const names = knownNames(known);
  if (!labels && names.includes(path.join('.')) && path.length === 2) return undefined;
  if (root === 'secrets' && path.length === 2) return { reason: unknownSecret(name, known.secrets) };
  const below = names.filter((one) => one.startsWith(`${root}.`));
  if (path.length === 1 && below.length > 0) {
    return { reason: `{{ ${name} }} is several values: name one of them, such as ${below.slice(0, 3).join(', ')}` };
  }
  const holder = path.slice(0, 2).join('.');
  if (path.length > 2 && names.includes(holder))
    return { reason: `{{ ${name} }}: ${holder} is a text and holds no more` };
  const meant = nearest(path.join('.'), names);
  const hint =
    meant === undefined ? `known are ${[...names, 'machine.labels.NAME'].join(', ')}` : `did you mean ${meant}?`;
  return { reason: `{{ ${name} }} stands for nothing: ${hint}` };
}

function knownNames({ secrets }: KnownNames): readonly string[] {
  const fixed = Object.entries(NAMES).flatMap(([root, names]) => names.map((name) => `${root}.${name}`));
  return [...fixed, ...secrets.map((name) => `secrets.${name}`)];
}

function unknownSecret(name: string, secrets: readonly string[]): string {
  const declared = secrets.map((one) => `secrets.${one}`);
  const meant = nearest(name, declared);
  if (meant !== undefined) return `{{ ${name} }} is no secret of this provision: did you mean ${meant}?`;
  const known = declared.length === 0 ? 'it declares none' : `it declares ${declared.join(', ')}`;
  return `{{ ${name} }} is no secret of this provision: ${known}`;
}

export type UnknownName = Position & { readonly reason: string };

/** Those of the names that a template uses which it may not. Pure. */
export function unknownNames(
  names: readonly (Position & { readonly path: readonly string[] })[],
  known: KnownNames,
): readonly UnknownName[] {
  return names.flatMap(({ path, line, column }) => {
    const unknown = unknownName(path, known);
    return unknown === undefined ? [] : [{ ...unknown, line, column }];
  });
}
