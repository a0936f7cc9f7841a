import { Command } from 'commander';
import { bytesIn } from '../blob/eviction.js';
import { type CopiedImage, copyImage } from '../build/image-copy.js';
import { counted, formatBytes } from '../format.js';
import { formatReference, manifestNameOf } from '../oci/reference.js';
import { withJson } from './common.js';
import { type PlacesOptions, readDestination, readReference, withImages, withPlacesOptions } from './image-places.js';
import { standardOutput, writeJson, writeLine } from './output.js';
import { blobName, withProgress } from './transfer-progress.js';
import { untilSignal } from './until-signal.js';

type PushOptions = PlacesOptions & { readonly json?: true };

const HELP = `
All platforms are copied, byte for byte. What is there already is not sent again, so an interrupted push goes on where it was;
between repositories of one registry nothing is sent at all, where the registry can do that.

Examples:
  bootlayer image push oci:images/debian:12 registry.lab:5000/os/debian:12
  bootlayer image push ghcr.io/ironcore-dev/os-images/gardenlinux:1443 oci:images/gardenlinux:1443`;

export function pushCommand(): Command {
  return withJson(withPlacesOptions(new Command('push')))
    .description('copy an image between OCI layouts and registries')
    .argument('<source>', 'registry/repository[:tag][@digest], or oci:<folder>[:tag][@digest]')
    .argument('<destination>', 'registry/repository[:tag], or oci:<folder>[:tag]; without a tag, that of the source')
    .addHelpText('after', HELP)
    .action(push);
}

async function push(from: string, to: string, options: PushOptions): Promise<void> {
  const source = readReference(from);
  const destination = readDestination(to, source.tag);
  await withImages(options, [source, destination], async ([wanted = source, target = destination], sources) => {
    const reference = formatReference(target);
    const copied = await withProgress(reference, (shown) =>
      untilSignal((signal) =>
        copyImage(manifestNameOf(wanted), destination.tag, {
          source: sources.own(wanted),
          destination: sources.own(target),
          progress: (blob, sent, how) =>
            shown.update(blobName(blob), sent, { size: blob.size, how: WORDS[how ?? 'sent'] }),
          signal,
        }),
      ),
    );
    tell(reference, copied, options);
  });
}

/** What is said of a blob beside its size. */
const WORDS = { sent: '', mounted: 'mounted', there: 'there already' } as const;

function tell(reference: string, { digest, blobs }: CopiedImage, { json }: PushOptions): void {
  const output = standardOutput();
  if (json) {
    writeJson(output, { reference, digest, blobs });
    return;
  }
  const bytes = bytesIn(blobs.filter(({ how }) => how === 'sent'));
  process.stderr.write(`${reference}: ${counted(blobs.length, 'blob')}, ${formatBytes(bytes)} sent\n`);
  writeLine(output, `${reference}@${digest}`);
}
