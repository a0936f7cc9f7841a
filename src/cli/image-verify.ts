import { Command } from 'commander';
import { type VerifiedImage, verifyImage } from '../build/image-verify.js';
import { BootlayerError } from '../errors.js';
import { counted, formatBytes, harmless } from '../format.js';
import { formatReference, manifestNameOf } from '../oci/reference.js';
import { withJson } from './common.js';
import { type PlacesOptions, readReference, withImages, withPlacesOptions } from './image-places.js';
import { standardOutput, writeJson, writeLine, writeTable } from './output.js';
import { blobName, withProgress } from './transfer-progress.js';
import { untilSignal } from './until-signal.js';

type VerifyOptions = PlacesOptions & { readonly json?: true; readonly key?: string };

const HELP = `
Exit status: 0 all of it is there and what its digests say; 1 something is not.

Example:
  bootlayer image verify registry.lab:5000/os/debian:12`;

export function verifyCommand(): Command {
  return withJson(withPlacesOptions(new Command('verify')))
    .description('read an image whole, for every platform, and compare it with its digests')
    .argument('<reference>', 'registry/repository[:tag][@digest], or oci:<folder>[:tag][@digest]')
    .option('--key <file>', 'not in this version, which verifies no signatures')
    .addHelpText('after', HELP)
    .action(verify);
}

async function verify(text: string, options: VerifyOptions): Promise<void> {
  if (options.key !== undefined) {
    throw new BootlayerError('NOT_IN_THIS_VERSION', 'signatures are not verified in this version', {
      remedy: 'without --key, everything is compared with its digests',
    });
  }
  const wanted = readReference(text);
  await withImages(options, [wanted], async ([reference = wanted], sources) => {
    const name = formatReference(reference);
    const verified = await withProgress(name, (shown) =>
      untilSignal((signal) =>
        verifyImage(manifestNameOf(reference), {
          source: sources.own(reference),
          progress: (blob, read) => shown.update(blobName(blob), read, blob),
          signal,
        }),
      ),
    );
    tell(name, verified, options);
  });
}

/** Throws DIGEST_MISMATCH when something is wrong, after it was told. */
function tell(reference: string, verified: VerifiedImage, { json }: VerifyOptions): void {
  const { digest, documents, blobs, bytes, problems } = verified;
  const output = standardOutput();
  if (json) writeJson(output, { reference, ...verified });
  else if (problems.length > 0) {
    writeTable(
      output,
      ['WHAT', 'WHY'],
      problems.map(({ what, reason }) => [what, harmless(reason)]),
    );
  } else {
    writeLine(output, `${reference}@${digest}`);
    writeLine(output, `${counted(documents, 'document')} and ${counted(blobs, 'blob')}, ${formatBytes(bytes)}, intact`);
  }
  if (problems.length === 0) return;
  throw new BootlayerError('DIGEST_MISMATCH', `${reference} is not whole: ${counted(problems.length, 'problem')}`, {
    remedy: 'push the image again',
  });
}
