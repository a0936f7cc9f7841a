import { existsSync } from 'node:fs';
import { Command } from 'commander';
import { bytesIn } from '../blob/eviction.js';
import { collectGarbage, type Garbage } from '../blob/garbage.js';
import { MappedImages } from '../booter/mapped-images.js';
import { createMapping } from '../booter/mapping.js';
import { systemClock } from '../clock.js';
import type { Config } from '../config/schema.js';
import { cacheFolderIn, openContent } from '../content.js';
import { BootlayerError } from '../errors.js';
import { counted, formatBytes } from '../format.js';
import { Lifecycle } from '../lifecycle.js';
import { formatEndpoint } from '../net/endpoint.js';
import { isInUse } from '../store/worker-database.js';
import { apiIn, type TokenOptions, withTokenFile } from './api-server.js';
import { askServer } from './ask-server.js';
import { type CommonOptions, readConfig, warnOnStderr, withCommonOptions, withJson } from './common.js';
import { standardOutput, writeJson, writeLine, writeTable } from './output.js';
import { untilSignal } from './until-signal.js';

type GcOptions = CommonOptions & TokenOptions & { readonly json?: true; readonly force?: true; readonly dryRun?: true };

const HELP = `
A running server does it itself, as long as its API listener answers. Without one, the registries are asked what the mappings
lead to.`;

export function gcCommand(): Command {
  return withTokenFile(withJson(withCommonOptions(new Command('gc'))))
    .description('remove the blobs that neither a mapping nor an issued plan needs')
    .option('--dry-run', 'only say what would go')
    .option('--force', 'also while some mapped image cannot be resolved: what it needs may go, too')
    .addHelpText('after', HELP)
    .action(collectCache);
}

async function collectCache(options: GcOptions): Promise<void> {
  const config = await readConfig(options);
  const folder = cacheFolderIn(config.data);
  const output = standardOutput();
  const wanted = { force: options.force === true, dryRun: options.dryRun === true };
  const token = options.tokenFile === undefined ? {} : { tokenFile: options.tokenFile };
  const isThere = existsSync(folder);
  const garbage = isThere ? await untilSignal((signal) => collect(config, { ...wanted, ...token }, signal)) : [];
  const bytes = bytesIn(garbage);
  if (options.json) return writeJson(output, { folder, dryRun: wanted.dryRun, bytes, removed: garbage });
  if (!isThere) return writeLine(output, `there is no cache yet in ${folder}`);
  const rows = garbage.map(({ digest, size, isPart }) => [digest, formatBytes(size), isPart ? 'part' : 'blob']);
  if (rows.length > 0) writeTable(output, ['DIGEST', 'SIZE', 'WHAT'], rows);
  const did = wanted.dryRun ? 'would be removed' : 'removed';
  writeLine(output, `${counted(rows.length, 'file')}, ${formatBytes(bytes)}, ${did}, in ${folder}`);
}

type Wanted = { readonly force: boolean; readonly dryRun: boolean };

async function collect(
  config: Config,
  { tokenFile, ...wanted }: Wanted & TokenOptions,
  signal: AbortSignal,
): Promise<readonly Garbage[]> {
  const body = { folder: cacheFolderIn(config.data), ...wanted };
  const api = await apiIn(config, tokenFile === undefined ? {} : { tokenFile });
  const answer = await askServer(api, { path: '/api/v1/cache/gc', body, signal }).catch(unlessAnothers);
  return removedIn(answer) ?? collectAlone(config, wanted, signal);
}

/** A server of another cache listens there. */
function unlessAnothers(thrown: unknown): undefined {
  if (BootlayerError.from(thrown).code !== 'NOT_FOUND') throw thrown;
}

/** undefined when it is no answer of ours: something else listens there. */
function removedIn(answer: unknown): readonly Garbage[] | undefined {
  const { removed } = (answer ?? {}) as { readonly removed?: readonly Garbage[] };
  return Array.isArray(removed) ? removed : undefined;
}

/** A server has the state, and was asked in vain. */
function elsewhere({ code, message }: BootlayerError, { api }: Config): BootlayerError {
  return new BootlayerError(code, message, {
    remedy: `it does not answer at ${formatEndpoint(api.listen)}: set api.listen to where it listens, or end it`,
  });
}

/** The state is locked meanwhile, so that no server can start. */
async function collectAlone(config: Config, wanted: Wanted, signal: AbortSignal): Promise<readonly Garbage[]> {
  const lifecycle = new Lifecycle();
  try {
    const { images, database, collector } = await openContent({
      config: () => config,
      pins: () => mapped.pinnedDigests(),
      warn: warnOnStderr,
      events: () => undefined,
      lifecycle,
      tidies: !wanted.dryRun,
    });
    const mapping = createMapping(config);
    const parts = { mapping: () => mapping, images, plans: database.plans, clock: systemClock };
    const mapped: MappedImages = new MappedImages(parts);
    await mapped.resolveAll(signal);
    signal.throwIfAborted();
    const isAnythingMapped = mapping.assignments.length > 0;
    return await collectGarbage({ collector, unresolved: mapped.unresolved(), isAnythingMapped }, wanted);
  } catch (thrown) {
    throw isInUse(thrown) ? elsewhere(thrown, config) : thrown;
  } finally {
    await lifecycle.stop();
  }
}
