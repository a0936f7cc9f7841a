import type { DocumentKind, ProvisionKind } from './kinds.js';

/** What the machines of an assignment are handed as their configuration, and for how long. Plain data. */
export type Provision = {
  /** The name of the set of the configuration that it is; missing where the assignment says it by itself. */
  readonly set?: string;
  readonly kinds: readonly ProvisionKind[];
  readonly documents: readonly DocumentSource[];
  /** By the names that templates know them by. */
  readonly secrets: Readonly<Record<string, SecretSource>>;
  /** How long what a script names can be fetched, in milliseconds. */
  readonly life: number;
  /** Whether each document is handed out once for each boot. */
  readonly isOnce: boolean;
  /** Whether a machine whose kernel arguments are fixed is known by its address alone, under a URL that is always the same. */
  readonly isByAddress: boolean;
};

/** A document, and where it is written. */
export type DocumentSource = DocumentKind & {
  /** The key that names it, as people read it: `ignition`, `cloudInit.userData`. */
  readonly key: string;
  /** Absolute. */
  readonly file: string;
  /** Whether values are filled in; anything else is handed out as it is. */
  readonly isTemplate: boolean;
};

/** What must not stand in the mapping. */
export type SecretSource = {
  /** Absolute; all of it but for line ends at its end. */
  readonly file: string;
};

/** Where the configuration says it, as people read it: `provision.kickstart`, and of a set `provisions.worker.kickstart`. */
export function placeOf({ set }: Pick<Provision, 'set'>, key: string): string {
  return set === undefined ? `provision.${key}` : `provisions.${set}.${key}`;
}

/** As long as a firmware, its iPXE and an installer's first steps take. */
export const PROVISION_LIFE_MILLISECONDS = 3_600_000;
/** In milliseconds, of what an operator may say. */
export const SHORTEST_LIFE = 60_000;
export const LONGEST_LIFE = 7 * 24 * 3_600_000;
