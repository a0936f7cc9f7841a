import { join } from 'node:path';
import { readFileBounded } from '../disk-access.js';
import { BootlayerError, systemErrorCode } from '../errors.js';
import { ANONYMOUS, type Credential, type FindCredential } from './credential.js';
import { type ConfiguredCredential, findInDockerConfig } from './docker-config.js';
import type { FindSettings, PasswordFile } from './registry-settings.js';

export type DiskCredentialsParts = {
  readonly settings: FindSettings;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly askHelper: (name: string, server: string) => Promise<Credential>;
};

const MAX_BYTES = 1024 * 1024;

/**
 * Credentials from where operators keep them: our own configuration, then the files of Podman and docker in the order
 * that Podman reads them. Files are read anew each time. Whoever is found nowhere is anonymous.
 */
export function diskCredentials({ settings, env, askHelper }: DiskCredentialsParts): FindCredential {
  const files = credentialFiles(env);
  return async (registry, repository) => {
    const own = settings(registry).credentials;
    if (own !== undefined) return readPasswordFile(registry, own);
    for (const file of files) {
      const found = await findInFile(file, registry, repository);
      if (found.kind === 'credential') return found.credential;
      const { kind } = found;
      if (kind === 'none') continue;
      const credential = await askHelper(found.name, found.server).catch((cause: unknown) => {
        throw unusable(registry, `${describe(cause)} (named by ${file})`, cause);
      });
      if (credential.kind !== 'anonymous') return credential;
    }
    return ANONYMOUS;
  };
}

/** containers-auth.json(5), docker's own, and the name a Kubernetes secret gives it. */
function credentialFiles({
  REGISTRY_AUTH_FILE,
  DOCKER_CONFIG,
  XDG_RUNTIME_DIR,
  XDG_CONFIG_HOME,
  HOME,
}: Readonly<Record<string, string | undefined>>): readonly string[] {
  if (REGISTRY_AUTH_FILE) return [REGISTRY_AUTH_FILE];
  const config = XDG_CONFIG_HOME || (HOME && join(HOME, '.config'));
  const docker = DOCKER_CONFIG || (HOME && join(HOME, '.docker'));
  return [
    ...(XDG_RUNTIME_DIR ? [join(XDG_RUNTIME_DIR, 'containers/auth.json')] : []),
    ...(config ? [join(config, 'containers/auth.json')] : []),
    ...(docker ? [join(docker, 'config.json'), join(docker, '.dockerconfigjson')] : []),
  ];
}

async function readPasswordFile(registry: string, { username, passwordFile }: PasswordFile): Promise<Credential> {
  try {
    const [password = ''] = (await readText(passwordFile)).split(/\r?\n/, 1);
    if (password !== '') return { kind: 'basic', username, password };
  } catch (thrown) {
    throw unusable(registry, `${passwordFile} cannot be read (${describe(thrown)})`, thrown);
  }
  throw unusable(registry, `${passwordFile} is empty`);
}

async function findInFile(file: string, registry: string, repository: string): Promise<ConfiguredCredential> {
  try {
    return findInDockerConfig(await readText(file), registry, repository);
  } catch (thrown) {
    const code = systemErrorCode(thrown);
    if (code === 'ENOENT' || code === 'ENOTDIR') return { kind: 'none' };
    throw unusable(registry, `${file}: ${describe(thrown)}`, thrown);
  }
}

async function readText(file: string): Promise<string> {
  const bytes = await readFileBounded(file, MAX_BYTES);
  if (bytes === undefined) throw new Error(`it is larger than ${MAX_BYTES} bytes`);
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw new Error('it is no UTF-8');
  }
}

function describe(thrown: unknown): string {
  return systemErrorCode(thrown) ?? (thrown instanceof Error ? thrown.message : String(thrown));
}

function unusable(registry: string, why: string, cause?: unknown): BootlayerError {
  return new BootlayerError('REGISTRY_DENIED', `the credentials for ${registry} cannot be had: ${why}`, {
    remedy: 'mend that file, or set registries.<host>.credentials in the configuration',
    cause,
  });
}
