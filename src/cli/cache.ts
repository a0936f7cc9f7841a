import { existsSync } from 'node:fs';
import { Command } from 'commander';
import { listBlobs, removeBlob } from '../blob/disk-folder.js';
import { type Verified, verifyBlobs } from '../blob/disk-verify.js';
import { bytesIn } from '../blob/eviction.js';
import { cacheFolderIn } from '../content.js';
import { BootlayerError } from '../errors.js';
import { counted, formatBytes } from '../format.js';
import { type Digest, parseDigest } from '../oci/digest.js';
import { gcCommand } from './cache-gc.js';
import { type CommonOptions, parsedBy, readConfig, withCommonOptions, withJson } from './common.js';
import { standardOutput, writeJson, writeLine, writeTable } from './output.js';

type CacheOptions = CommonOptions & { readonly json?: true };

/** All of them may be used beside a running server: but for gc, which asks it, they work on the folder. */
export function cacheCommand(): Command {
  const cache = new Command('cache').description('look after the cache');
  cache.addCommand(
    withJson(withCommonOptions(new Command('ls')))
      .description('list the blobs in the cache')
      .action(listCache),
  );
  cache.addCommand(
    withJson(withCommonOptions(new Command('verify')))
      .description('read every blob and compare it with its digest')
      .option('--remove', 'remove what is damaged: it is downloaded again when it is needed')
      .addHelpText('after', '\nExit status: 0 all is intact, or what was damaged is removed; 1 something is damaged.')
      .action(verifyCache),
  );
  cache.addCommand(
    withCommonOptions(new Command('rm'))
      .description('remove blobs from the cache: they are downloaded again when they are needed')
      .argument('<digest...>', 'sha256:<64 hex digits>', collectDigests)
      .action(removeFromCache),
  );
  cache.addCommand(gcCommand());
  return cache;
}

function collectDigests(text: string, others: readonly Digest[] = []): readonly Digest[] {
  return [...others, parsedBy(parseDigest)(text)];
}

async function folderOf(options: CommonOptions): Promise<string> {
  return cacheFolderIn((await readConfig(options)).data);
}

async function listCache(options: CacheOptions): Promise<void> {
  const folder = await folderOf(options);
  const blobs = (await listBlobs(folder)).map(({ digest, size }) => ({ digest, size }));
  const bytes = bytesIn(blobs);
  const output = standardOutput();
  if (options.json) return writeJson(output, { folder, bytes, blobs });
  const rows = blobs.map(({ digest, size }) => [digest, formatBytes(size)]);
  if (rows.length > 0) writeTable(output, ['DIGEST', 'SIZE'], rows);
  if (!existsSync(folder)) return writeLine(output, `there is no cache yet in ${folder}`);
  writeLine(output, `${counted(rows.length, 'blob')}, ${formatBytes(bytes)}, in ${folder}`);
}

async function verifyCache(options: CacheOptions & { readonly remove?: true }): Promise<void> {
  const folder = await folderOf(options);
  const output = standardOutput();
  const wrong: Verified[] = [];
  const isToGo = ({ state }: Verified) => options.remove === true && state === 'damaged';
  let count = 0;
  for await (const blob of verifyBlobs(folder)) {
    if (blob.state === 'gone') continue;
    count += 1;
    if (blob.state === 'intact') continue;
    wrong.push(blob);
    if (isToGo(blob)) await removeBlob(folder, blob.digest);
    if (!options.json) writeLine(output, `${blob.digest} is ${blob.state}${isToGo(blob) ? ' and was removed' : ''}`);
  }
  if (!options.json && !existsSync(folder)) return writeLine(output, `there is no cache yet in ${folder}`);
  if (options.json) writeJson(output, { folder, blobs: count, wrong, removed: options.remove === true });
  else writeLine(output, `${counted(count, 'blob')}, ${wrong.length} not intact, in ${folder}`);
  const left = wrong.filter((blob) => !isToGo(blob));
  if (left.length === 0) return;
  throw new BootlayerError('DIGEST_MISMATCH', `${counted(left.length, 'blob')} of ${folder} not intact`, {
    remedy: 'bootlayer cache verify --remove removes what is damaged; what is unreadable is so to this user',
  });
}

async function removeFromCache(digests: readonly Digest[], options: CommonOptions): Promise<void> {
  const folder = await folderOf(options);
  const output = standardOutput();
  const missing: Digest[] = [];
  for (const digest of digests) {
    if (await removeBlob(folder, digest)) writeLine(output, `removed ${digest}`);
    else missing.push(digest);
  }
  if (missing.length === 0) return;
  throw new BootlayerError('BLOB_UNKNOWN', `${folder} has no ${missing.join(', ')}`, {
    remedy: 'bootlayer cache ls lists what there is',
  });
}
