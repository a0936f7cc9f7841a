import { join } from 'node:path';
import { readFileBounded } from '../disk-access.js';
import { BootlayerError, type ErrorExtras, systemErrorCode } from '../errors.js';
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
      if (found.kind === 'credential') return { ...found.credential, from: file.path };
      if (found.kind === 'none') continue;
      const { name, server } = found;
      const credential = await askHelper(name, server).catch((cause: unknown) => {
        const why = `${describe(cause)} (named by ${file.path})`;
        throw unusable(registry, why, {
          cause,
          remedy: `try it by hand: echo ${server} | docker-credential-${name} get`,
        });
      });
      if (credential.kind !== 'anonymous') return { ...credential, from: `docker-credential-${name}` };
    }
    return ANONYMOUS;
  };
}

type CredentialFile = {
  readonly path: string;
  /** Somebody named this very file. */
  readonly isNamed: boolean;
};

/** containers-auth.json(5), docker's own, and the name a Kubernetes secret gives it. */
export function credentialFiles({
  REGISTRY_AUTH_FILE,
  DOCKER_CONFIG,
  XDG_RUNTIME_DIR,
  XDG_CONFIG_HOME,
  HOME,
}: Readonly<Record<string, string | undefined>>): readonly CredentialFile[] {
  if (REGISTRY_AUTH_FILE) return [{ path: REGISTRY_AUTH_FILE, isNamed: true }];
  const config = XDG_CONFIG_HOME || (HOME && join(HOME, '.config'));
  const docker = DOCKER_CONFIG || (HOME && join(HOME, '.docker'));
  const paths = [
    ...(XDG_RUNTIME_DIR ? [join(XDG_RUNTIME_DIR, 'containers/auth.json')] : []),
    ...(config ? [join(config, 'containers/auth.json')] : []),
    ...(docker ? [join(docker, 'config.json'), join(docker, '.dockerconfigjson')] : []),
  ];
  return paths.map((path) => ({ path, isNamed: false }));
}

async function readPasswordFile(registry: string, { username, passwordFile }: PasswordFile): Promise<Credential> {
  try {
    const [password = ''] = (await readText(passwordFile)).split(/\r?\n/, 1);
    if (password !== '') return { kind: 'basic', username, password, from: passwordFile };
  } catch (cause) {
    throw unusable(registry, `${passwordFile} cannot be read (${describe(cause)})`, { cause });
  }
  throw unusable(registry, `the first line of ${passwordFile} is empty`);
}

async function findInFile(
  { path, isNamed }: CredentialFile,
  registry: string,
  repository: string,
): Promise<ConfiguredCredential> {
  try {
    return findInDockerConfig(await readText(path), registry, repository);
  } catch (thrown) {
    const code = systemErrorCode(thrown);
    if (!isNamed && (code === 'ENOENT' || code === 'ENOTDIR')) return { kind: 'none' };
    const whose = isNamed ? ', which REGISTRY_AUTH_FILE names' : '';
    throw unusable(registry, `${path}${whose}: ${describe(thrown)}`, { cause: thrown });
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

function unusable(registry: string, why: string, { remedy, cause }: ErrorExtras = {}): BootlayerError {
  return new BootlayerError('REGISTRY_DENIED', `the credentials for ${registry} cannot be had: ${why}`, {
    remedy: remedy ?? 'mend that file, or set credentials under registries in the configuration',
    cause,
  });
}
