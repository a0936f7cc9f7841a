import type { Credential } from './credential.js';

/**
 * What a docker `config.json`, a Podman `auth.json` or a Kubernetes pull secret says of a registry
 * (docker/cli config file; containers-auth.json(5)).
 */
export type ConfiguredCredential =
  | { readonly kind: 'credential'; readonly credential: Credential }
  /** `docker-credential-<name>` knows it by this server name. */
  | { readonly kind: 'helper'; readonly name: string; readonly server: string }
  | { readonly kind: 'none' };

const HELPER_NAME = /^[a-z0-9-]{1,64}$/;
/** The name under which docker keeps its own registry. */
const DOCKER_HUB_SERVER = 'https://index.docker.io/v1/';

/**
 * Pure. The helper of the registry comes before the helper of all, and that before what is written; of written entries
 * the one with the longest path that the repository is in. Throws Error naming what is wrong, never a secret.
 */
export function findInDockerConfig(text: string, registry: string, repository: string): ConfiguredCredential {
  const { auths, credHelpers, credsStore } = parse(text);
  const server = registry === 'docker.io' ? DOCKER_HUB_SERVER : registry;
  const own = Object.entries(credHelpers).find(([key]) => hostOf(key) === registry);
  const helper = own?.[1] ?? credsStore;
  const written = longestMatch(Object.keys(auths), registry, repository);
  const credential = written === undefined ? undefined : readEntry(written, recordOf(auths[written]));
  // docker leaves empty entries where its helper keeps the secret.
  if (own === undefined && credential !== undefined) return { kind: 'credential', credential };
  if (helper === undefined) return { kind: 'none' };
  if (typeof helper === 'string' && HELPER_NAME.test(helper)) return { kind: 'helper', name: helper, server };
  const named = typeof helper === 'string' ? `"${helper}"` : 'what it names';
  throw new Error(`${named} is no name of a credential helper`);
}

type Parsed = {
  readonly auths: Readonly<Record<string, unknown>>;
  readonly credHelpers: Readonly<Record<string, unknown>>;
  readonly credsStore: unknown;
};

function parse(text: string): Parsed {
  const config = recordOf(parseJson(text));
  const { credsStore } = config;
  return {
    auths: recordOf(config.auths),
    credHelpers: recordOf(config.credHelpers),
    credsStore: credsStore === '' ? undefined : credsStore,
  };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // The parser's own words would quote what is in the file.
    throw new Error('it is no JSON');
  }
}

function recordOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : {};
}

function longestMatch(keys: readonly string[], registry: string, repository: string): string | undefined {
  const whole = `${registry}/${repository}/`;
  return keys
    .filter((key) => whole.startsWith(`${placeOf(key)}/`))
    .sort((a, b) => placeOf(b).length - placeOf(a).length)
    .at(0);
}

/** `registry[/path]` of a key, which old tools wrote as the URL of an API. */
function placeOf(key: string): string {
  const bare = key
    .replace(/^https?:\/\//, '')
    .replace(/\/v[12]\/?$/, '')
    .replace(/\/+$/, '');
  const [host = '', ...path] = bare.split('/');
  return [hostOf(host), ...path].join('/');
}

function hostOf(key: string): string {
  const host = (key.replace(/^https?:\/\//, '').split('/', 1)[0] ?? '').toLowerCase();
  return host === 'index.docker.io' || host === 'registry-1.docker.io' ? 'docker.io' : host;
}

function readEntry(key: string, entry: Readonly<Record<string, unknown>>): Credential | undefined {
  const { identitytoken, registrytoken, auth, username, password } = entry;
  if (isText(identitytoken)) return { kind: 'identity', token: identitytoken };
  if (isText(registrytoken)) return readBearer(key, registrytoken);
  if (isText(auth)) return readAuth(key, auth);
  return isText(username) && typeof password === 'string' ? { kind: 'basic', username, password } : undefined;
}

/** It is sent as it is, in a header. */
function readBearer(key: string, token: string): Credential {
  if (/^[\x21-\x7e]+$/.test(token)) return { kind: 'bearer', token };
  throw new Error(`its entry for ${key} holds what is no registry token`);
}

function readAuth(key: string, auth: string): Credential {
  const text = Buffer.from(auth, 'base64').toString('utf8').replace(/\0+$/, '');
  const colon = text.indexOf(':');
  if (colon <= 0) throw new Error(`its entry for ${key} holds no user and password`);
  // A password may hold colons, a user name none.
  return { kind: 'basic', username: text.slice(0, colon), password: text.slice(colon + 1) };
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value !== '';
}
