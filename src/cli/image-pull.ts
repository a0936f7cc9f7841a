import { Command, Option } from 'commander';
import { BlobCache } from '../blob/blob-cache.js';
import type { BlobSource } from '../blob/blob-store.js';
import { DiskBlobStore } from '../blob/disk-blob-store.js';
import { listBlobs } from '../blob/disk-folder.js';
import { besideServer } from '../blob/disk-parts.js';
import { bytesIn } from '../blob/eviction.js';
import type { BootEvent } from '../boot/event.js';
import { describeEvent } from '../booter/event-text.js';
import { inspectImage, type ManifestReport } from '../catalog/inspect.js';
import { systemClock } from '../clock.js';
import { cacheFolderIn } from '../content.js';
import { BootlayerError } from '../errors.js';
import { counted, formatBytes, harmless } from '../format.js';
import type { Descriptor } from '../oci/descriptor.js';
import { formatPlatform, type Platform } from '../oci/platform.js';
import { formatReference } from '../oci/reference.js';
import { parsedBy, readConfig, warnOnStderr, withJson } from './common.js';
import { type PlacesOptions, readPlatform, readReference, withImages, withPlacesOptions } from './image-places.js';
import { standardOutput, writeJson, writeLine } from './output.js';
import { blobName, withProgress } from './transfer-progress.js';
import { untilSignal } from './until-signal.js';

type PullOptions = PlacesOptions & { readonly json?: true; readonly platform?: Platform };

const HELP = `
A server may be running on the same cache; what the command leaves when it is interrupted, it goes on with. Once cache.maxSize is
reached, blobs that no mapping needs make room for others.

Example:
  bootlayer image pull --platform linux/amd64 registry.lab:5000/os/debian:12`;

export function pullCommand(): Command {
  return withJson(withPlacesOptions(new Command('pull')))
    .description('download what machines boot of an image into the cache')
    .argument('<reference>', 'registry/repository[:tag][@digest], or oci:<folder>[:tag][@digest]')
    .addOption(new Option('--platform <os/arch>', 'only for this one').argParser(parsedBy(readPlatform)))
    .addHelpText('after', HELP)
    .action(pull);
}

type Pulled = Descriptor & { readonly how: 'sent' | 'there' };

async function pull(text: string, options: PullOptions): Promise<void> {
  const { data, cache } = await readConfig(options);
  const folder = cacheFolderIn(data);
  const wanted = readReference(text);
  await withImages(options, [wanted], async ([reference = wanted], sources) => {
    const name = formatReference(reference);
    const source = sources.of(reference);
    const { digest, manifests } = await inspectImage(source, reference);
    const descriptors = chosenBlobs(name, manifests, options.platform);
    const from = sources.blobSourcesAt(source.name);
    const blobs = await untilSignal((signal) => pullAll({ name, folder, descriptors, from, signal }));
    if (options.json) writeJson(standardOutput(), { reference: name, digest, folder, blobs });
    else tell(`${name}@${digest}`, folder, blobs);
    await warnOfLimit(folder, cache.maxSize);
  });
}

function tell(name: string, folder: string, blobs: readonly Pulled[]): void {
  const bytes = bytesIn(blobs.filter(({ how }) => how === 'sent'));
  const output = standardOutput();
  writeLine(output, name);
  writeLine(output, `${counted(blobs.length, 'blob')}, ${formatBytes(bytes)} downloaded, in ${folder}`);
}

/** Only the server removes, and when something comes. */
async function warnOfLimit(folder: string, maxSize: number | undefined): Promise<void> {
  const bytes = bytesIn(await listBlobs(folder));
  if (maxSize === undefined || bytes <= maxSize) return;
  warnOnStderr(`the cache has ${formatBytes(bytes)} now, more than the ${formatBytes(maxSize)} of cache.maxSize`);
}

/** Each once. Throws IMAGE_NO_PLATFORM. */
function chosenBlobs(
  name: string,
  manifests: readonly ManifestReport[],
  platform: Platform | undefined,
): readonly Descriptor[] {
  const asked = platform === undefined ? undefined : formatPlatform(platform);
  const chosen = manifests.filter((manifest) => asked === undefined || manifest.platform === asked);
  const blobs = chosen.flatMap(({ artifacts }) => artifacts.map(({ descriptor }) => descriptor));
  if (blobs.length > 0) return [...new Map(blobs.map((blob) => [blob.digest, blob])).values()];
  const held = [...new Set(manifests.map((manifest) => manifest.platform))].join(', ') || 'nothing';
  throw new BootlayerError(
    'IMAGE_NO_PLATFORM',
    `${name} has nothing to boot for ${asked ?? 'any platform'}; it has ${held}`,
    {
      remedy: 'bootlayer image inspect shows what it holds',
    },
  );
}

type PullParts = {
  readonly name: string;
  readonly folder: string;
  readonly descriptors: readonly Descriptor[];
  readonly from: readonly BlobSource[];
  readonly signal: AbortSignal;
};

async function pullAll({ name, folder, descriptors, from, signal }: PullParts): Promise<readonly Pulled[]> {
  const store = await DiskBlobStore.open(folder, { writer: besideServer() });
  const cache = new BlobCache({ store, events: tellBreaks, clock: { now: () => systemClock.ticks() } });
  try {
    return await withProgress(name, async (shown) => {
      const pulled: Pulled[] = [];
      for (const descriptor of descriptors) {
        const label = blobName(descriptor);
        const stored = await store.open(descriptor);
        await stored?.close();
        if (stored === undefined)
          await follow(descriptor, { cache, from, signal }, (received) => shown.update(label, received, descriptor));
        else shown.update(label, descriptor.size, { size: descriptor.size, how: 'there already' });
        pulled.push({ ...descriptor, how: stored === undefined ? 'sent' : 'there' });
      }
      return pulled;
    });
  } finally {
    await cache.close();
  }
}

/** What goes wrong in the end is the command's error. */
function tellBreaks(event: BootEvent): void {
  if (event.event === 'fill.resumed') process.stderr.write(`bootlayer: ${harmless(describeEvent(event))}\n`);
}

async function follow(
  descriptor: Descriptor,
  { cache, from, signal }: { readonly cache: BlobCache } & Pick<PullParts, 'from' | 'signal'>,
  progress: (received: number) => void,
): Promise<void> {
  const reader = await cache.open(descriptor, from);
  try {
    for (let received = 0; received < descriptor.size; ) {
      progress(received);
      received += await reader.available(received, signal);
    }
    await reader.whole(signal);
    progress(descriptor.size);
  } finally {
    await reader.close();
  }
}
