import { resolve } from 'node:path';
import {
  type DocumentKind,
  fileDocument,
  PROVISION_KINDS,
  SEED_DOCUMENTS,
  type SeedKey,
  SINGLE_DOCUMENTS,
  type SingleKind,
} from '../provision/kinds.js';
import { type DocumentSource, PROVISION_LIFE_MILLISECONDS, type Provision } from '../provision/provision.js';
import type { ProvisionEntry } from './provision-schema.js';

type Source = NonNullable<ProvisionEntry[SingleKind]>;

/** `folder`: of the file that says it, to which paths are relative. Pure. */
export function toProvision(entry: ProvisionEntry, folder: string): Provision {
  const {
    cloudInit,
    files = {},
    secrets = {},
    life = PROVISION_LIFE_MILLISECONDS,
    once = false,
    byAddress = false,
  } = entry;
  const document = (key: string, kind: DocumentKind, source: Source): DocumentSource => {
    const { path, isTemplate } = typeof source === 'string' ? { path: source, isTemplate: false } : templateOf(source);
    return { ...kind, key, file: resolve(folder, path), isTemplate };
  };
  const single = (Object.keys(SINGLE_DOCUMENTS) as SingleKind[]).flatMap((key) => {
    const source = entry[key];
    return source === undefined ? [] : [document(key, SINGLE_DOCUMENTS[key], source)];
  });
  const seed = (Object.keys(SEED_DOCUMENTS) as SeedKey[]).flatMap((key) => {
    const source = cloudInit?.[key];
    return source === undefined ? [] : [document(`cloudInit.${key}`, SEED_DOCUMENTS[key], source)];
  });
  const own = Object.entries(files).map(([name, source]) => document(`files.${name}`, fileDocument(name), source));
  return {
    kinds: PROVISION_KINDS.filter((kind) => entry[kind] !== undefined),
    documents: [...single, ...seed, ...own],
    secrets: Object.fromEntries(
      Object.entries(secrets).map(([name, { file }]) => [name, { file: resolve(folder, file) }]),
    ),
    life,
    isOnce: once,
    isByAddress: byAddress,
  };
}

function templateOf({ template }: Exclude<Source, string>) {
  return { path: template, isTemplate: true };
}
