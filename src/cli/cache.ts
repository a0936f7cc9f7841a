import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { Command } from 'commander';
import { listBlobs } from '../blob/disk-blob-store.js';
import { formatBytes } from '../format.js';
import { type CommonOptions, loadWithWarnings, withCommonOptions, withJson } from './common.js';
import { laterCommand } from './later-command.js';
import { standardOutput, writeJson, writeLine, writeTable } from './output.js';

export function cacheCommand(): Command {
  const cache = new Command('cache').description('look after the cache');
  cache.addCommand(
    withJson(withCommonOptions(new Command('ls')))
      .description('list the blobs in the cache')
      .action(listCache),
  );
  for (const name of ['gc', 'verify', 'rm']) cache.addCommand(laterCommand(`cache ${name}`), { hidden: true });
  return cache;
}

/** Reads the folder only, so that it works beside a running server. */
async function listCache(options: CommonOptions & { readonly json?: true }): Promise<void> {
  const { config } = await loadWithWarnings(options);
  const folder = join(config.data, 'cache');
  const blobs = await listBlobs(folder);
  const bytes = blobs.reduce((sum, { size }) => sum + size, 0);
  const output = standardOutput();
  if (options.json) return writeJson(output, { folder, bytes, blobs });
  const rows = blobs.map(({ digest, size }) => [digest, formatBytes(size)]);
  if (rows.length > 0) writeTable(output, ['DIGEST', 'SIZE'], rows);
  if (!existsSync(folder)) return writeLine(output, `there is no cache yet in ${folder}`);
  writeLine(output, `${rows.length} ${rows.length === 1 ? 'blob' : 'blobs'}, ${formatBytes(bytes)}, in ${folder}`);
}
