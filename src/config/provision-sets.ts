import { dirname, resolve } from 'node:path';
import { fewOf } from '../format.js';
import { nearest } from '../nearest.js';
import type { Provision } from '../provision/provision.js';
import { toProvision } from './convert-provision.js';
import type { ProvisionEntry } from './provision-schema.js';

export type SetFound =
  | { readonly kind: 'found'; readonly provision: Provision }
  | { readonly kind: 'problem'; readonly message: string };

/** The sets of a configuration, which assignments of its files and of the API take by their names. */
export class ProvisionSets {
  readonly #written: Readonly<Record<string, ProvisionEntry>>;
  readonly #folder: string;
  /** Many may take the same. */
  readonly #made = new Map<string, Provision>();

  /** `file`: in which they are written, beside which their files are named. */
  constructor(written: Readonly<Record<string, ProvisionEntry>> | undefined, file: string) {
    this.#written = written ?? {};
    this.#folder = dirname(resolve(file));
  }

  find(name: string): SetFound {
    const entry = Object.hasOwn(this.#written, name) ? this.#written[name] : undefined;
    if (entry === undefined) return { kind: 'problem', message: noSuchSet(name, Object.keys(this.#written)) };
    const provision = this.#made.get(name) ?? { set: name, ...toProvision(entry, this.#folder) };
    this.#made.set(name, provision);
    return { kind: 'found', provision };
  }

  /** In the order of the configuration. */
  all(): ReadonlyMap<string, Provision> {
    return new Map(
      Object.keys(this.#written).flatMap((name) => {
        const found = this.find(name);
        return found.kind === 'found' ? [[name, found.provision] as const] : [];
      }),
    );
  }
}

const MAX_NAMED = 8;

function noSuchSet(name: string, known: readonly string[]): string {
  const meant = nearest(name, known);
  const there = known.length === 0 ? '' : `, beside ${fewOf(known, MAX_NAMED)}`;
  const hint = meant === undefined ? `add them to provisions${there}` : `did you mean "${meant}"?`;
  return `no provisions have the name "${name}": ${hint}`;
}
