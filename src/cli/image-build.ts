import { readFile } from 'node:fs/promises';
import { Command, Option } from 'commander';
import { layerFromFile } from '../build/disk-layer.js';
import { type BuiltManifest, buildManifest, type ImageRecipe, type Layer, writeImage } from '../build/image-builder.js';
import type { ImageSources } from '../catalog/image-sources.js';
import { BootlayerError, systemErrorCode } from '../errors.js';
import { normalizeCommandLine } from '../image/command-line.js';
import { ROLES, type Role } from '../image/role.js';
import type { Digest } from '../oci/digest.js';
import { type Platform, parseArchitecture, parsePlatform } from '../oci/platform.js';
import { formatReference, type ImageReference } from '../oci/reference.js';
import { parsedBy, withJson } from './common.js';
import { type PlacesOptions, readReference, withImageSources, withPlacesOptions } from './image-places.js';
import { standardOutput, writeJson, writeLine } from './output.js';
import { TransferProgress } from './transfer-progress.js';

type BuildOptions = PlacesOptions &
  Partial<Readonly<Record<Role, string>>> & {
    readonly platform: Platform;
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
    .addOption(
      new Option('--platform <os/arch>', 'what the files are for')
        .argParser(parsedBy(readPlatform))
        .makeOptionMandatory(),
    )
    .option('--variant <name>', 'metal or virtualization', 'metal')
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
  const references = destinations.map(readDestination);
  const built = buildManifest(await readRecipe(options));
  const digests = await withImageSources(options, (sources) => writeAll(built, references, { sources, options }));
  const output = standardOutput();
  if (options.json) {
    writeJson(output, { manifest: built.manifest.descriptor, destinations: digests });
    return;
  }
  for (const { reference, digest } of digests) writeLine(output, `${reference}@${digest}`);
}

type Destination = ImageReference & { readonly tag: string };
type Written = { readonly reference: string; readonly digest: Digest };

async function writeAll(
  built: BuiltManifest,
  destinations: readonly Destination[],
  { sources, options }: { readonly sources: ImageSources; readonly options: BuildOptions },
): Promise<readonly Written[]> {
  const written: Written[] = [];
  for (const destination of destinations) {
    const reference = formatReference(destination);
    const shown = new TransferProgress(process.stderr, reference);
    try {
      const index = await writeImage(built, sources.of(destination), {
        tag: destination.tag,
        append: options.append === true,
        progress: ({ role, descriptor }, sent) => shown.update(role, sent, descriptor.size),
      });
      written.push({ reference, digest: index.descriptor.digest });
    } finally {
      shown.stop();
    }
  }
  return written;
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
        remedy: 'name a file that exists and is readable',
        cause,
      },
    );
  }
  throw new BootlayerError('USAGE', `${file} is too large for kernel arguments`, { remedy: 'name a short text file' });
}

function readDestination(text: string): Destination {
  const reference = readReference(text);
  if (reference.digest !== undefined) {
    throw new BootlayerError('USAGE', `"${text}" names a digest, and a digest cannot be written to`, {
      remedy: 'name a tag only',
    });
  }
  if (reference.tag === undefined) {
    throw new BootlayerError('USAGE', `"${text}" names no tag`, { remedy: 'add one, such as :1' });
  }
  return { ...reference, tag: reference.tag };
}

function readPlatform(text: string): Platform {
  const platform = parsePlatform(text);
  if (platform === undefined || parseArchitecture(platform.architecture) === undefined) {
    throw new BootlayerError('USAGE', `"${text}" is no platform; write linux/amd64, linux/arm64 or the like`);
  }
  return platform;
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
