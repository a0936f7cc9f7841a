import { nearest } from '../nearest.js';
import type { Path } from './problem.js';

const PREFIX = 'BOOTLAYER_';

/** Every scalar of the configuration, and how a variable's text becomes its value. */
const SCALARS: readonly { readonly path: readonly string[]; readonly kind: 'text' | 'number' | 'boolean' }[] = [
  { path: ['advertise'], kind: 'text' },
  { path: ['data'], kind: 'text' },
  { path: ['http', 'listen'], kind: 'text' },
  { path: ['http', 'accelRedirect'], kind: 'text' },
  { path: ['http', 'tls', 'cert'], kind: 'text' },
  { path: ['http', 'tls', 'key'], kind: 'text' },
  { path: ['http', 'tls', 'listen'], kind: 'text' },
  { path: ['api', 'listen'], kind: 'text' },
  { path: ['api', 'tokenFile'], kind: 'text' },
  { path: ['tftp', 'enabled'], kind: 'boolean' },
  { path: ['tftp', 'listen'], kind: 'text' },
  { path: ['tftp', 'maxBlockSize'], kind: 'number' },
  { path: ['tftp', 'maxWindowSize'], kind: 'number' },
  { path: ['tftp', 'singlePort'], kind: 'boolean' },
  { path: ['dhcp', 'mode'], kind: 'text' },
  { path: ['dhcp', 'listen'], kind: 'text' },
  { path: ['dhcp', 'httpBoot'], kind: 'text' },
  { path: ['dhcp', 'authoritative'], kind: 'boolean' },
  { path: ['dhcp', 'allowOtherServers'], kind: 'boolean' },
  { path: ['dhcp', 'probe'], kind: 'boolean' },
  { path: ['ipxe', 'binaries'], kind: 'text' },
  { path: ['user'], kind: 'text' },
  { path: ['traces', 'otlp'], kind: 'text' },
  { path: ['cache', 'maxSize'], kind: 'text' },
  { path: ['cache', 'prefetch'], kind: 'boolean' },
  { path: ['store'], kind: 'text' },
  { path: ['unknown'], kind: 'text' },
  { path: ['identity', 'verify'], kind: 'boolean' },
  { path: ['defaultRegistry'], kind: 'text' },
];

export type Overridden = {
  readonly value: unknown;
  /** Which variable set the value at a path (see `variableKey`). */
  readonly variables: ReadonlyMap<string, string>;
  readonly warnings: readonly string[];
};

/** Lays the `BOOTLAYER_` variables over the file's values. Pure; unknown ones are warnings, since orchestrators inject some. */
export function applyEnvironment(value: unknown, env: Readonly<Record<string, string | undefined>>): Overridden {
  const variables = new Map<string, string>();
  const warnings: string[] = [];
  let result = value;
  for (const [variable, text] of Object.entries(env).sort()) {
    if (!variable.startsWith(PREFIX) || text === undefined) continue;
    const scalar = SCALARS.find(({ path }) => variableOf(path) === variable);
    if (scalar === undefined) {
      warnings.push(unknownVariable(variable));
    } else {
      result = withValue(result, scalar.path, readValue(text, scalar.kind));
      variables.set(variableKey(scalar.path), variable);
    }
  }
  return { value: result, variables, warnings };
}

/** A key may hold dots itself, so that a path must not be told by them. */
export function variableKey(path: Path): string {
  return JSON.stringify(path);
}

/** `http.listen` is BOOTLAYER_HTTP_LISTEN, `tftp.maxBlockSize` BOOTLAYER_TFTP_MAX_BLOCK_SIZE. */
function variableOf(path: Path): string {
  return PREFIX + path.map((part) => String(part).replace(/[A-Z]/g, '_$&').toUpperCase()).join('_');
}

function unknownVariable(variable: string): string {
  const meant = nearest(
    variable,
    SCALARS.map(({ path }) => variableOf(path)),
  );
  return `${variable} is no setting and was ignored${meant === undefined ? '' : `; did you mean ${meant}?`}`;
}

/** Text that is no number or boolean stays text, for the schema to refuse. */
function readValue(text: string, kind: 'text' | 'number' | 'boolean'): unknown {
  if (kind === 'number' && /^\d+$/.test(text)) return Number(text);
  if (kind === 'boolean' && (text === 'true' || text === 'false')) return text === 'true';
  return text;
}

function withValue(tree: unknown, [first, ...rest]: readonly string[], value: unknown): unknown {
  if (first === undefined) return value;
  // What is no mapping stays as it is, for the schema to refuse.
  if (tree !== undefined && tree !== null && (typeof tree !== 'object' || Array.isArray(tree))) return tree;
  const fields: Readonly<Record<string, unknown>> = { ...tree };
  return { ...fields, [first]: withValue(fields[first], rest, value) };
}
