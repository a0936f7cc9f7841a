import { dirname, resolve } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import type { Assignment } from '../boot/assignment.js';
import { describeError } from '../errors.js';
import type { KernelArgs } from '../image/command-line.js';
import type { Machine } from '../machine/machine.js';
import { type Endpoint, parseEndpoint } from '../net/endpoint.js';
import { type ImageReference, withDefaultRegistry } from '../oci/reference.js';
import { deepFreeze } from './freeze.js';
import type { AssignmentEntry, DefaultsEntry, MachineEntry, MappingFile } from './mapping-schema.js';
import { nearest } from './nearest.js';
import type { Problem } from './problem.js';
import type { Config, ConfigFile } from './schema.js';
import { type Entry, findConflicts } from './unique.js';

const DATA = '/var/lib/bootlayer';
const HTTP_LISTEN = parseEndpoint('0.0.0.0:8080') as Endpoint;
const API_LISTEN = parseEndpoint('127.0.0.1:8081') as Endpoint;

/** What one file says of machines and assignments. */
export type FileEntries = { readonly file: string } & MappingFile;

export type Converted = {
  readonly config: Config;
  readonly problems: readonly Problem[];
  readonly warnings: readonly string[];
};

/** Fills in defaults, makes paths absolute, and checks what spans several entries. `files`: the main one first. Pure. */
export function convertConfig(input: ConfigFile, files: readonly FileEntries[]): Converted {
  const [main = ''] = files.map(({ file }) => file);
  const folder = dirname(resolve(main));
  const machines = files.flatMap(({ file, machines: list = [] }) =>
    list.map((entry, position): Entry<Machine> => ({ file, path: ['machines', position], value: toMachine(entry) })),
  );
  const problems: Problem[] = [];
  const assignments = files.flatMap(({ file, assignments: list = [] }) =>
    list.map((entry, position): Entry<Assignment> => {
      const path = ['assignments', position];
      const image = toReference(entry.image, dirname(resolve(file)), input.defaultRegistry);
      if (image.kind === 'problem') problems.push({ file, path: [...path, 'image'], message: image.message });
      const sets = findSets(entry, input.defaults);
      problems.push(...sets.problems.map((message) => ({ file, path: [...path, 'defaults'], message })));
      const reference = image.kind === 'problem' ? entry.image : image.reference;
      return { file, path, value: toAssignment(entry, reference, sets.found) };
    }),
  );
  const config: Config = {
    file: main,
    advertise: input.advertise,
    data: resolve(folder, input.data ?? DATA),
    http: { listen: input.http?.listen ?? HTTP_LISTEN },
    api: { listen: input.api?.listen ?? API_LISTEN },
    ...(input.defaultRegistry !== undefined && { defaultRegistry: input.defaultRegistry }),
    plainHttpRegistries: plainHttpRegistries(input),
    defaults: { kernelArgs: toKernelArgs(input.defaults?.kernelArgs) },
    machines: machines.map(({ value }) => value),
    assignments: assignments.map(({ value }) => value),
  };
  if (config.http.listen.port !== 0 && isDeepStrictEqual(config.http.listen, config.api.listen)) {
    const message = `is the same as http.listen: give each listener a port of its own`;
    problems.push({ file: main, path: ['api', 'listen'], message });
  }
  const warnings = assignments.length === 0 ? [`${main} has no assignments: no machine will be booted`] : [];
  return { config: deepFreeze(config), problems: [...findConflicts(machines, assignments), ...problems], warnings };
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

type SharedValues = Pick<AssignmentEntry, 'variant' | 'kernelArgs'>;

/** `sets`: those that count for all first, then the named ones it takes. Its own values come last. */
function toAssignment(entry: AssignmentEntry, image: ImageReference, sets: readonly SharedValues[]): Assignment {
  const { name, priority = 0, match } = entry;
  const layers = [...sets, entry];
  const variant = layers.findLast((one) => one.variant !== undefined)?.variant ?? 'metal';
  // What counts for all is kept once for all (`Config.defaults`).
  const kernelArgs = layers
    .slice(1)
    .flatMap((one) => (one.kernelArgs === undefined ? [] : [toKernelArgs(one.kernelArgs)]));
  return { name, priority, match: withoutGaps(match), image, variant, kernelArgs };
}

function findSets({ defaults: names = [] }: AssignmentEntry, defaults: DefaultsEntry = {}) {
  const { named = {} } = defaults;
  const missing = names.filter((name) => !Object.hasOwn(named, name));
  const found: readonly SharedValues[] = [
    defaults,
    ...names.flatMap((name) => (Object.hasOwn(named, name) ? (named[name] ?? []) : [])),
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

function toKernelArgs(entry: AssignmentEntry['kernelArgs']): KernelArgs {
  return withoutGaps(entry ?? {});
}

/** The same without keys that are there and hold nothing. */
function withoutGaps<T extends object>(entry: T): { [K in keyof T]: Exclude<T[K], undefined> } {
  const pairs = Object.entries(entry).filter(([, value]) => value !== undefined);
  return Object.fromEntries(pairs) as { [K in keyof T]: Exclude<T[K], undefined> };
}

function plainHttpRegistries({ registries }: ConfigFile): ReadonlySet<string> {
  const plain = Object.entries(registries ?? {}).filter(([, { plainHttp }]) => plainHttp === true);
  return new Set(plain.map(([host]) => host));
}
