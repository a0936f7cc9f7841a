import type { Format } from './format.js';

/** What systems are handed as their configuration. */
export const PROVISION_KINDS = [
  'ignition',
  'cloudInit',
  'autoinstall',
  'kickstart',
  'preseed',
  'talos',
  'files',
] as const;
export type ProvisionKind = (typeof PROVISION_KINDS)[number];

/** A document that a system asks for by a name of its own. */
export type DocumentKind = {
  /** Behind the capability. */
  readonly path: string;
  readonly format: Format;
  readonly contentType: string;
};

const YAML = { format: 'yaml', contentType: 'text/yaml' } as const;
const PLAIN = { format: 'text', contentType: 'text/plain' } as const;

/** cloud-init's NoCloud adds these names to the end of its seed (docs.cloud-init.io, reference/datasources/nocloud). */
const SEED = {
  userData: { path: 'seed/user-data', ...YAML },
  metaData: { path: 'seed/meta-data', ...YAML },
  vendorData: { path: 'seed/vendor-data', ...YAML },
  networkConfig: { path: 'seed/network-config', ...YAML },
} as const satisfies Readonly<Record<string, DocumentKind>>;

export type SeedKey = keyof typeof SEED;

/** By the key under which an operator names it. */
export const SEED_DOCUMENTS: Readonly<Record<SeedKey, DocumentKind>> = SEED;

/** Kinds that are one document. Ubuntu's installer takes its own as cloud-init's user data. */
export const SINGLE_DOCUMENTS = {
  ignition: { path: 'config.ign', format: 'json', contentType: 'application/json' },
  autoinstall: SEED.userData,
  kickstart: { path: 'ks.cfg', ...PLAIN },
  preseed: { path: 'preseed.cfg', ...PLAIN },
  talos: { path: 'machineconfig.yaml', ...YAML },
} as const satisfies Readonly<Partial<Record<ProvisionKind, DocumentKind>>>;

export type SingleKind = keyof typeof SINGLE_DOCUMENTS;

/** A file of the operator's own, which whatever he boots asks for. */
export function fileDocument(name: string): DocumentKind {
  return { path: `files/${name}`, format: 'text', contentType: 'application/octet-stream' };
}
