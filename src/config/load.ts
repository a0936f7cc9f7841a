import { stat } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { BootlayerError } from '../errors.js';
import { tlsOf, tokenFileOf } from './convert.js';
import { readDocuments } from './disk-documents.js';
import { findIncluded, readSource, readSources, whyNoText } from './disk-sources.js';
import { type PairRead, readPair } from './disk-tls-pair.js';
import { readTokens, type TokensRead } from './disk-token-file.js';
import { holdersIn } from './document-uses.js';
import { emptied, type Fingerprints, fingerprintsOf } from './fingerprint.js';
import type { Problem } from './problem.js';
import { type Environment, gatherFiles, joinFiles, type Loaded, type MainFile, readMainFile } from './read.js';

export type { Config } from './schema.js';

export type LoadOptions = {
  /** From the command line; without it the usual places are tried. */
  readonly file?: string;
  readonly env: Environment;
  readonly cwd: string;
  /** Whether the certificate, the key, the tokens and the documents that it names are read: not everybody may who may read the configuration. */
  readonly withSecrets?: boolean;
  /** What was read of the configuration that counts now: what looks like a mishap beside it is refused. */
  readonly inForce?: ReadFiles;
};

/** Which files were read, and what they held: known also when it is refused. */
export type ReadFiles = {
  readonly file: string;
  /** As it is written. */
  readonly include: readonly string[];
  readonly included: readonly string[];
  /** Files that it names which are no configuration: the certificate and the key of TLS, the tokens of the API, what assignments hand out. */
  readonly named: readonly string[];
  /** Of all of them. */
  readonly fingerprints: Fingerprints;
};

export type LoadOutcome = { readonly read: ReadFiles } & (
  | { readonly kind: 'loaded'; readonly loaded: Loaded }
  | { readonly kind: 'refused'; readonly error: BootlayerError }
);

const USUAL_PLACES = ['bootlayer.yaml', '/etc/bootlayer/bootlayer.yaml'];

/** Reads and validates the whole configuration with all it includes. Throws CONFIG_INVALID with all problems at once. */
export async function loadConfig(options: LoadOptions): Promise<Loaded & { readonly read: ReadFiles }> {
  const outcome = await readConfigFiles(options);
  if (outcome.kind === 'refused') throw outcome.error;
  return { ...outcome.loaded, read: outcome.read };
}

/** The same, with what was read. Throws CONFIG_INVALID only when there is nothing to read. */
export async function readConfigFiles(options: LoadOptions): Promise<LoadOutcome> {
  const { env, cwd, inForce } = options;
  const path = await configPath(options);
  if (path === undefined) throw noConfiguration(cwd);
  const source = await readSource(path);
  if (source.kind !== 'text') {
    const read = { file: path, include: [], included: [], named: [], fingerprints: fingerprintsOf([source]) };
    return { kind: 'refused', read, error: unreadable(path, whyNoText(source)) };
  }
  const main = readMainFile(source, env);
  const { files, idle, problems } = await findIncluded(path, main.include, inForce);
  const others = await readSources(files);
  const { tls, tokens } = await readNamed(main, options);
  const gathered = gatherFiles(main, others);
  const handed = await readDocuments(holdersIn(gathered), {
    withSecrets: options.withSecrets === true,
    ...(inForce !== undefined && { inForce: inForce.fingerprints }),
  });
  const secrets = [...tls.sources, ...tokens.sources, ...handed.sources];
  const named = secrets.map((one) => one.file);
  const fingerprints = fingerprintsOf([source, ...others, ...secrets]);
  const read = { file: path, include: main.include, included: files, named, fingerprints };
  try {
    const included = fingerprintsOf([source, ...others]);
    const gone = inForce === undefined ? [] : emptied(inForce.fingerprints, included).map(wasEmptied);
    const found = [...problems, ...gone, ...tls.problems, ...tokens.problems, ...handed.problems];
    const { config, warnings } = joinFiles(gathered, found);
    const idleWarnings = idle.map((pattern) => `include "${pattern}" names no file`);
    const loaded = {
      config,
      warnings: [...warnings, ...idleWarnings, ...tls.warnings, ...tokens.warnings, ...handed.warnings],
      ...(tls.pair !== undefined && { tls: tls.pair }),
      ...(tokens.tokens !== undefined && { tokens: tokens.tokens }),
      ...(handed.documents !== undefined && { documents: handed.documents }),
    };
    return { kind: 'loaded', read, loaded };
  } catch (thrown) {
    return { kind: 'refused', read, error: BootlayerError.from(thrown) };
  }
}

/** Of a configuration that is wrong itself, nobody knows what it means to name. */
async function readNamed(
  { file, input = {} }: MainFile,
  { withSecrets = false }: LoadOptions,
): Promise<{ readonly tls: PairRead; readonly tokens: TokensRead }> {
  const folder = dirname(file);
  const [tls, tokens] = await Promise.all([
    readPair(withSecrets ? tlsOf(input, folder) : undefined, input.advertise),
    readTokens(withSecrets ? tokenFileOf(input, folder) : undefined),
  ]);
  return { tls, tokens };
}

/** More likely a file that is just being written than one whose entries are to go. */
function wasEmptied(file: string): Problem {
  return { path: ['include'], message: `${file} is empty now: delete it if its entries are to go` };
}

function unreadable(file: string, why: string): BootlayerError {
  return new BootlayerError('CONFIG_INVALID', `cannot read the configuration ${file} (${why})`, {
    remedy: 'name a file that exists and is readable with -c FILE',
  });
}

function noConfiguration(cwd: string): BootlayerError {
  const places = usualPlaces(cwd).join(' and ');
  return new BootlayerError('CONFIG_INVALID', `there is no configuration (looked for ${places})`, {
    remedy: 'write one, or name it with -c FILE',
  });
}

/** The file that is named, whether it is there or not; else that in the usual places, if there is one. */
export async function configPath({ file, cwd }: Pick<LoadOptions, 'file' | 'cwd'>): Promise<string | undefined> {
  return file === undefined ? findConfigFile(cwd) : resolve(cwd, file);
}

/** The file in the first of the usual places that has one. */
export async function findConfigFile(cwd: string): Promise<string | undefined> {
  for (const place of usualPlaces(cwd)) {
    if (await stat(place).catch(() => undefined)) return place;
  }
  return undefined;
}

function usualPlaces(cwd: string): readonly string[] {
  return USUAL_PLACES.map((place) => resolve(cwd, place));
}
