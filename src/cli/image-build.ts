import { readFile } from 'node:fs/promises';
import { Command, Option } from 'commander';
import { layerFromFile } from '../build/disk-layer.js';
import { type BuiltManifest, buildManifest, type ImageRecipe, type Layer, writeImage } from '../build/image-builder.js';
import type { ImageSources } from '../catalog/image-sources.js';
import { BootlayerError, systemErrorCode } from '../errors.js';
import { harmless } from '../format.js';
import { clientsOf, unbootableBecause } from '../image/clients.js';
import { normalizeCommandLine } from '../image/command-line.js';
import { ROLES, type Role } from '../image/role.js';
import type { Digest } from '../oci/digest.js';
import type { Platform } from '../oci/platform.js';
import { formatReference } from '../oci/reference.js';
import { parsedBy, withJson } from './common.js';
import {
  type Destination,
  type PlacesOptions,
  readDestination,
  readPlatform,
  withImages,
  withPlacesOptions,
} from './image-places.js';
import { standardOutput, writeJson, writeLine } from './output.js';
import { withProgress } from './transfer-progress.js';
import { untilSignal } from './until-signal.js';

type BuildOptions = PlacesOptions &
  Partial<Readonly<Record<Role, string>>> & {
    readonly platform?: Platform;
    readonly variant: string;
    readonly annotation?: Readonly<Record<string, string>>;
    readonly append?: true;
    readonly json?: true;
  };

export function buildCommand(): Command {
  const command = withJson(withPlacesOptions(new Command('build')))
    .description('make an IronCore image from files and write it to OCI layouts and registries')
    .argument(
      '<destination...>',
      'oci:<folder>:<tag>, or registry/repository:tag; several are written one after another',
    )
    .addOption(new Option('--platform <os/arch>', 'what the files are for').argParser(parsedBy(readPlatform)))
    .option('--variant <name>', 'what the image is made for: metal, virtualization or another', 'metal')
    .option('--append', 'add the platform to the index that is there, replacing its like');
  for (const role of ROLES) command.option(`--${role} <file>`, HELP[role]);
  return command
    .addOption(new Option('--annotation <key=value>', 'a note on the image, repeatable').argParser(addAnnotation))
    .addHelpText('after', EXAMPLE)
    .action(build);
}

const HELP: Readonly<Record<Role, string>> = {
  kernel: 'the Linux kernel',
  initramfs: 'its initramfs',
  squashfs: 'a root file system, offered to the kernel arguments as {blob.squashfs.url}',
  cmdline: 'a text file with the kernel arguments',
  uki: 'a unified kernel image',
  iso: 'a bootable ISO image',
  disk: 'a disk image, offered to the kernel arguments as {blob.disk.url}',
};

const EXAMPLE = `
Example:
  bootlayer image build --platform linux/amd64 --kernel vmlinuz --initramfs initrd.img registry.lab:5000/os/debian:12
  bootlayer image build --append --platform linux/arm64 --kernel Image --initramfs initrd registry.lab:5000/os/debian:12`;

async function build(destinations: readonly string[], options: BuildOptions): Promise<void> {
  const wanted = destinations.map((text) => readDestination(text));
  const built = buildManifest(await readRecipe(options));
  const written = await withImages(options, wanted, (references, sources) =>
    untilSignal((signal) => writeAll(built, references, { sources, options, signal })),
  );
  if (options.json) {
    writeJson(standardOutput(), { manifest: built.manifest.descriptor, destinations: written });
    return;
  }
  warnUnbootable(built.recipe);
}

/** Not everything that is built is to be booted, but whoever forgot half of it wants to know. */
function warnUnbootable({ layers, platform }: ImageRecipe): void {
  if (clientsOf({ artifacts: layers }, platform.architecture).length > 0) return;
  process.stderr.write(
    `bootlayer: warning: nothing can be booted from it: ${unbootableBecause({ artifacts: layers }, platform.architecture)}\n`,
  );
}

type Written = { readonly reference: string; readonly digest: Digest; readonly dropped: readonly string[] };

async function writeAll(
  built: BuiltManifest,
  destinations: readonly Destination[],
  {
    sources,
    options,
    signal,
  }: { readonly sources: ImageSources; readonly options: BuildOptions; readonly signal: AbortSignal },
): Promise<readonly Written[]> {
  const written: Written[] = [];
  for (const destination of destinations) {
    const reference = formatReference(destination);
    const { index, dropped } = await withProgress(reference, (shown) =>
      writeImage(built, sources.own(destination), {
        tag: destination.tag,
        append: options.append === true,
        progress: ({ role, descriptor }, sent) => shown.update(role, sent, descriptor),
        signal,
      }),
    );
    written.push({ reference, digest: index.descriptor.digest, dropped });
    if (!options.json) tellWritten(reference, index.descriptor.digest, dropped);
  }
  return written;
}

function tellWritten(reference: string, digest: Digest, dropped: readonly string[]): void {
  writeLine(standardOutput(), `${reference}@${digest}`);
  if (dropped.length === 0) return;
  const what = `${reference} held ${dropped.join(', ')} before and does no more; --append keeps what is there`;
  process.stderr.write(`bootlayer: warning: ${harmless(what)}\n`);
}

async function readRecipe(options: BuildOptions): Promise<ImageRecipe> {
  const layers: Layer[] = [];
  for (const role of ROLES) {
    const file = options[role];
    if (file !== undefined && role !== 'cmdline') layers.push(await layerFromFile(role, file));
  }
  if (layers.length === 0) {
    throw new BootlayerError('USAGE', 'nothing to build an image from', {
      remedy: 'name files with --kernel and --initramfs, --uki, --iso, --squashfs or --disk',
    });
  }
  const { platform, variant, annotation: annotations = {} } = options;
  if (platform === undefined) {
    throw new BootlayerError('USAGE', 'what the files are for is not said', {
      remedy: 'add --platform linux/amd64 or the like',
    });
  }
  return { platform, variant, layers, annotations, commandLine: await readCommandLine(options.cmdline) };
}

const MAX_COMMAND_LINE_FILE = 64 * 1024;

async function readCommandLine(file: string | undefined): Promise<string> {
  if (file === undefined) return '';
  try {
    const text = await readFile(file, 'utf8');
    if (text.length <= MAX_COMMAND_LINE_FILE) return normalizeCommandLine(text);
  } catch (cause) {
    throw new BootlayerError(
      'USAGE',
      `cannot read ${file} for the cmdline (${systemErrorCode(cause) ?? String(cause)})`,
      {
        remedy: 'name a file that exists and is readable, with the arguments in it',
        cause,
      },
    );
  }
  throw new BootlayerError('USAGE', `${file} is too large for kernel arguments`, { remedy: 'name a short text file' });
}

function addAnnotation(
  text: string,
  annotations: Readonly<Record<string, string>> = {},
): Readonly<Record<string, string>> {
  const [key = '', ...value] = text.split('=');
  if (key === '' || value.length === 0) {
    throw new BootlayerError('USAGE', `"${text}" is no annotation`, { remedy: 'write key=value' });
  }
  return { ...annotations, [key]: value.join('=') };
}
