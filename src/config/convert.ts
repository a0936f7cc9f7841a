import { dirname, resolve } from 'node:path';
import type { Assignment } from '../boot/assignment.js';
import { describeError } from '../errors.js';
import type { KernelArgs } from '../image/command-line.js';
import type { Machine } from '../machine/machine.js';
import { type Endpoint, parseEndpoint } from '../net/endpoint.js';
import { swapUuid } from '../net/uuid.js';
import { type ImageReference, withDefaultRegistry } from '../oci/reference.js';
import { nearest } from './nearest.js';
import type { Path, Problem } from './problem.js';
import type { Config, ConfigFile } from './schema.js';

const DATA = '/var/lib/bootlayer';
const HTTP_LISTEN = parseEndpoint('0.0.0.0:8080') as Endpoint;
const API_LISTEN = parseEndpoint('127.0.0.1:8081') as Endpoint;

export type Converted = {
  readonly config: Config;
  readonly problems: readonly Problem[];
  readonly warnings: readonly string[];
};

/** Fills in defaults, makes paths absolute, and checks what spans several entries. Pure. */
export function convertConfig(input: ConfigFile, file: string): Converted {
  const folder = dirname(resolve(file));
  const machines = (input.machines ?? []).map(toMachine);
  const assignments = input.assignments ?? [];
  const config: Config = {
    file,
    advertise: input.advertise,
    data: resolve(folder, input.data ?? DATA),
    http: { listen: input.http?.listen ?? HTTP_LISTEN },
    api: { listen: input.api?.listen ?? API_LISTEN },
    plainHttpRegistries: plainHttpRegistries(input),
    defaults: { kernelArgs: toKernelArgs(input.defaults?.kernelArgs) },
    machines,
    assignments: assignments.map((assignment) => toAssignment(assignment, folder, input.defaultRegistry)),
  };
  const problems = [
    ...duplicates(
      machines.map(({ name }) => [name]),
      (position) => ['machines', position, 'name'],
      'name',
    ),
    ...duplicates(
      machines.map(({ macs }) => macs),
      (position) => ['machines', position, 'mac'],
      'MAC',
    ),
    ...duplicates(machines.map(uuidsOf), (position) => ['machines', position, 'uuid'], 'UUID'),
    ...duplicates(
      machines.map(({ serial }) => (serial === undefined ? [] : [serial])),
      (position) => ['machines', position, 'serial'],
      'serial',
    ),
    ...duplicates(
      assignments.map(({ name }) => [name]),
      (position) => ['assignments', position, 'name'],
      'name',
    ),
    ...assignments.flatMap((assignment, position) => unknownMachines(assignment, machines, position)),
    ...assignments.flatMap(({ image }, position) => withoutRegistry(image, input.defaultRegistry, position)),
  ];
  const warnings = assignments.length === 0 ? [`${file} has no assignments: no machine will be booted`] : [];
  return { config: deepFreeze(config), problems, warnings };
}

function toMachine({
  name,
  mac,
  arch,
  labels,
  kernelArgs,
  uuid,
  serial,
  ip,
  hostname,
}: NonNullable<ConfigFile['machines']>[number]): Machine {
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

type AssignmentEntry = NonNullable<ConfigFile['assignments']>[number];

function toAssignment(entry: AssignmentEntry, folder: string, defaultRegistry: string | undefined): Assignment {
  const { machine, mac, uuid, arch } = entry.match;
  return {
    name: entry.name,
    priority: entry.priority ?? 0,
    match: {
      ...(machine !== undefined && { machine }),
      ...(mac !== undefined && { mac }),
      ...(uuid !== undefined && { uuid }),
      ...(arch !== undefined && { arch }),
    },
    image: toReference(entry.image, folder, defaultRegistry),
    variant: entry.variant ?? 'metal',
    kernelArgs: toKernelArgs(entry.kernelArgs),
  };
}

/** A layout's folder belongs to the file that names it. Without a registry it stays as it is: that is a problem. */
function toReference(image: ImageReference, folder: string, defaultRegistry: string | undefined): ImageReference {
  if (image.kind === 'layout') return { ...image, folder: resolve(folder, image.folder) };
  return defaultRegistry === undefined ? image : withDefaultRegistry(image, defaultRegistry);
}

function toKernelArgs(entry: NonNullable<ConfigFile['defaults']>['kernelArgs']): KernelArgs {
  const { append, remove, replace } = entry ?? {};
  return {
    ...(append !== undefined && { append }),
    ...(remove !== undefined && { remove }),
    ...(replace !== undefined && { replace }),
  };
}

function plainHttpRegistries({ registries }: ConfigFile): ReadonlySet<string> {
  const plain = Object.entries(registries ?? {}).filter(([, { plainHttp }]) => plainHttp === true);
  return new Set(plain.map(([host]) => host));
}

/** Both byte orders are one machine. */
function uuidsOf({ uuid }: Machine): readonly string[] {
  return uuid === undefined ? [] : [...new Set([uuid, swapUuid(uuid)])];
}

/** Later entries that say what an earlier one said already. */
function duplicates(
  lists: readonly (readonly string[])[],
  pathOf: (position: number) => Path,
  what: string,
): readonly Problem[] {
  const first = new Map<string, number>();
  const problems: Problem[] = [];
  for (const [position, values] of lists.entries()) {
    const taken = values.find((value) => first.has(value));
    if (taken !== undefined) {
      const [other] = pathOf(first.get(taken) ?? 0);
      problems.push({
        path: pathOf(position),
        message: `the ${what} ${taken} is taken by ${other}[${first.get(taken)}]`,
      });
    }
    for (const value of values) if (!first.has(value)) first.set(value, position);
  }
  return problems;
}

function unknownMachines(
  { match }: AssignmentEntry,
  machines: readonly Machine[],
  position: number,
): readonly Problem[] {
  const names = machines.map(({ name }) => name);
  return (match.machine ?? [])
    .filter((name) => !names.includes(name))
    .map((name) => {
      const meant = nearest(name, names);
      const hint = meant === undefined ? 'add it to machines' : `did you mean "${meant}"?`;
      return {
        path: ['assignments', position, 'match', 'machine'],
        message: `no machine has the name "${name}": ${hint}`,
      };
    });
}

function withoutRegistry(
  image: ImageReference,
  defaultRegistry: string | undefined,
  position: number,
): readonly Problem[] {
  try {
    withDefaultRegistry(image, defaultRegistry);
    return [];
  } catch (thrown) {
    return [{ path: ['assignments', position, 'image'], message: describeError(thrown) }];
  }
}

function deepFreeze<T>(value: T): T {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return value;
  Object.freeze(value);
  for (const part of Object.values(value)) deepFreeze(part);
  return value;
}
