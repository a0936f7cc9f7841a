import { Command } from 'commander';
import { DiskBlobStore } from '../blob/disk-blob-store.js';
import { formatBytes } from '../booter/format.js';
import { type CommonOptions, readConfig, withCommonOptions, withJson } from './common.js';
import { laterCommand } from './later-command.js';
import { standardOutput, writeJson, writeLine, writeTable } from './output.js';

export function cacheCommand(): Command {
  const cache = new Command('cache').description('look after the cache');
  cache.addCommand(
    withJson(withCommonOptions(new Command('ls')))
      .description('list the blobs in the cache')
      .action(listCache),
  );
  for (const name of ['gc', 'verify', 'rm']) cache.addCommand(laterCommand(name), { hidden: true });
  return cache;
}
