import { dirname, resolve } from 'node:path';
import type { Assignment, IsoWish } from '../boot/assignment.js';
import type { Policy } from '../boot/policy.js';
import { describeError } from '../errors.js';
import type { KernelArgs } from '../image/command-line.js';
import type { Machine } from '../machine/machine.js';
import { nearest } from '../nearest.js';
import { type ImageReference, withDefaultRegistry } from '../oci/reference.js';
import { toProvision } from './convert-provision.js';
import type { AssignmentEntry, DefaultsEntry, MachineEntry, SoundEntries } from './mapping-schema.js';
import type { Problem } from './problem.js';
import type { ProvisionSets, SetFound } from './provision-sets.js';
import type { ConfigFile } from './schema.js';
import type { Entry } from './unique.js';

/** What one file says of machines and assignments; nothing stands where an entry was wrong. */
export type FileEntries = { readonly file: string; readonly entries: SoundEntries };

export type ConvertedMapping = {
  readonly machines: readonly Entry<Machine>[];
  readonly assignments: readonly Entry<Assignment>[];
  /** With what assignments say of the rest of the configuration. */
  readonly problems: readonly Problem[];
};

/** Takes in what the configuration says for all. Paths become absolute. Pure. */
export function convertMapping(
  files: readonly FileEntries[],
  shared: Pick<ConfigFile, 'defaults' | 'defaultRegistry'> & { readonly provisions: ProvisionSets },
): ConvertedMapping {
  const problems: Problem[] = [];
  return {
    machines: entriesOf(files, 'machines', toMachine),
    assignments: entriesOf(files, 'assignments', (entry, { file, path }) => {
      const image = toReference(entry.image, dirname(resolve(file)), shared.defaultRegistry);
      if (image.kind === 'problem') problems.push({ file, path: [...path, 'image'], message: image.message });
      const sets = findSets(entry, shared.defaults);
      problems.push(...sets.problems.map((message) => ({ file, path: [...path, 'defaults'], message })));
      const assignment = toAssignment(entry, image.kind === 'problem' ? entry.image : image.reference, sets.found);
      const handed = findProvision(entry, dirname(resolve(file)), shared.provisions);
      if (handed?.kind === 'problem') {
        problems.push({ file, path: [...path, 'provision'], message: handed.message });
      }
      return handed?.kind === 'found' ? { ...assignment, provision: handed.provision } : assignment;
    }),
    problems,
  };
}

type Written<K extends keyof SoundEntries> = NonNullable<SoundEntries[K][number]>;

function entriesOf<K extends keyof SoundEntries, T>(
  files: readonly FileEntries[],
  key: K,
  convert: (entry: Written<K>, place: Pick<Entry<T>, 'file' | 'path'>) => T,
): readonly Entry<T>[] {
  return files.flatMap(({ file, entries }) =>
    entries[key].flatMap((entry, position) => {
      const place = { file, path: [key, position] };
      return entry === undefined ? [] : [{ ...place, value: convert(entry, place) }];
    }),
  );
}

function toMachine({ name, mac, arch, labels, kernelArgs, uuid, serial, ip, hostname }: MachineEntry): Machine {
  return {
    name,
    macs: mac ?? [],
    labels: labels ?? {},
    kernelArgs: toKernelArgs(kernelArgs),
    ...(uuid !== undefined && { uuid }),
    ...(serial !== undefined && { serial }),
    ...(arch !== undefined && { architecture: arch }),
    ...(ip !== undefined && { ip }),
    ...(hostname !== undefined && { hostname }),
  };
}

const WINDOW = 3_600_000;

function toPolicy({ mode = 'always', doneWhen = 'reported', maxAttempts, window = WINDOW }: PolicyEntry = {}): Policy {
  if (maxAttempts === undefined) return { mode, doneWhen };
  return { mode, doneWhen, limit: { maxAttempts, window } };
}

type PolicyEntry = NonNullable<AssignmentEntry['policy']>;

/** `from`: who shares them, as people read it. */
type SharedValues = Pick<AssignmentEntry, 'variant' | 'kernelArgs'> & { readonly from?: string };

/** `sets`: those that count for all first, then the named ones it takes. Its own values come last. */
function toAssignment(entry: AssignmentEntry, image: ImageReference, sets: readonly SharedValues[]): Assignment {
  const { name, priority = 0, match, boot = 'auto' } = entry;
  const layers: readonly SharedValues[] = [...sets, { variant: entry.variant, kernelArgs: entry.kernelArgs }];
  const variant = layers.findLast((one) => one.variant !== undefined)?.variant ?? 'metal';
  // What counts for all is kept once for all (`Config.defaults`).
  const kernelArgs = layers
    .slice(1)
    .flatMap(({ kernelArgs: args, from }) => (args === undefined ? [] : [toKernelArgs(args, from)]));
  return {
    name,
    priority,
    match: withoutGaps(match),
    image,
    variant,
    boot,
    kernelArgs,
    ...(entry.iso !== undefined && { iso: toIsoWish(entry.iso) }),
    policy: toPolicy(entry.policy),
  };
}

function toIsoWish({ kernel, initramfs = [], kernelArgs }: NonNullable<AssignmentEntry['iso']>): IsoWish {
  return {
    ...(kernel !== undefined && { files: { kernel, initramfs } }),
    ...(kernelArgs !== undefined && { kernelArgs: kernelArgs.join(' ') }),
  };
}

function findProvision({ provision }: AssignmentEntry, folder: string, sets: ProvisionSets): SetFound | undefined {
  if (provision === undefined) return undefined;
  if (typeof provision === 'string') return sets.find(provision);
  return { kind: 'found', provision: toProvision(provision, folder) };
}

function findSets({ defaults: names = [] }: AssignmentEntry, defaults: DefaultsEntry = {}) {
  const { named = {} } = defaults;
  const missing = names.filter((name) => !Object.hasOwn(named, name));
  const found: readonly SharedValues[] = [
    defaults,
    ...names.flatMap((name) => {
      const set = Object.hasOwn(named, name) ? named[name] : undefined;
      return set === undefined ? [] : [{ ...set, from: `defaults "${name}"` }];
    }),
  ];
  return { found, problems: missing.map((name) => noSuchSet(name, Object.keys(named))) };
}

function noSuchSet(name: string, known: readonly string[]): string {
  const meant = nearest(name, known);
  const hint = meant === undefined ? 'add them to defaults.named' : `did you mean "${meant}"?`;
  return `no defaults have the name "${name}": ${hint}`;
}

type Read =
  | { readonly kind: 'reference'; readonly reference: ImageReference }
  | { readonly kind: 'problem'; readonly message: string };

/** A layout's folder belongs to the file that names it. */
function toReference(image: ImageReference, folder: string, defaultRegistry: string | undefined): Read {
  if (image.kind === 'layout') {
    return { kind: 'reference', reference: { ...image, folder: resolve(folder, image.folder) } };
  }
  try {
    return { kind: 'reference', reference: withDefaultRegistry(image, defaultRegistry) };
  } catch (thrown) {
    return { kind: 'problem', message: describeError(thrown) };
  }
}

export function toKernelArgs(entry: AssignmentEntry['kernelArgs'], from?: string): KernelArgs {
  return { ...withoutGaps(entry ?? {}), ...(from !== undefined && { from }) };
}

/** The same without keys that are there and hold nothing. */
function withoutGaps<T extends object>(entry: T): { [K in keyof T]: Exclude<T[K], undefined> } {
  const pairs = Object.entries(entry).filter(([, value]) => value !== undefined);
  return Object.fromEntries(pairs) as { [K in keyof T]: Exclude<T[K], undefined> };
}
