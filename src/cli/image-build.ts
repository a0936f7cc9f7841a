import { readFile } from 'node:fs/promises';
import { Command, Option } from 'commander';
import { judgeImage } from '../booter/judged-image.js';
import { contentsOfFiles } from '../build/disk-contents.js';
import { layerFromFile } from '../build/disk-layer.js';
import { withUki } from '../build/disk-uki.js';
import { type BuiltManifest, buildManifest, type ImageRecipe, type Layer, writeImage } from '../build/image-builder.js';
import { requirePlatform } from '../build/other-platform.js';
import { requireIso } from '../build/unusable-iso.js';
import type { ImageSources } from '../catalog/image-sources.js';
import { BootlayerError, systemErrorCode } from '../errors.js';
import { normalizeCommandLine } from '../image/command-line.js';
import type { ImageContents } from '../image/image.js';
import { ROLES, type Role } from '../image/role.js';
import { unfilledIn } from '../image/uki.js';
import type { Digest } from '../oci/digest.js';
import type { Platform } from '../oci/platform.js';
import { formatReference } from '../oci/reference.js';
import { parsedBy, warnOnStderr, withJson } from './common.js';
import {
  type Destination,
  type PlacesOptions,
  readDestination,
  readPlatform,
  withImages,
  withPlacesOptions,
} from './image-places.js';
import { isoLines } from './iso-lines.js';
import { standardOutput, writeJson, writeLine } from './output.js';
import { withProgress } from './transfer-progress.js';
import { MAKE, readUkiRecipe, type UkiOptions, withUkiOptions } from './uki-options.js';
import { untilSignal } from './until-signal.js';

type BuildOptions = PlacesOptions &
  UkiOptions &
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
  return withUkiOptions(command)
    .addOption(new Option('--annotation <key=value>', 'a note on the image, repeatable').argParser(addAnnotation))
    .addHelpText('after', EXAMPLE)
    .action(build);
}

const HELP: Readonly<Record<Role, string>> = {
  kernel: 'the Linux kernel',
  initramfs: 'its initramfs',
  squashfs: 'a root file system, offered to the kernel arguments as {blob.squashfs.url}',
  cmdline: 'a text file with the kernel arguments',
  uki: `a unified kernel image; the word ${MAKE} makes one of kernel, initramfs and cmdline`,
  iso: 'a bootable ISO image',
  disk: 'a disk image, offered to the kernel arguments as {blob.disk.url}',
};

const EXAMPLE = `
Example:
  bootlayer image build --platform linux/amd64 --kernel vmlinuz --initramfs initrd.img registry.lab:5000/os/debian:12
  bootlayer image build --append --platform linux/arm64 --kernel Image --initramfs initrd registry.lab:5000/os/debian:12
  bootlayer image build --platform linux/amd64 --uki make --kernel vmlinuz --initramfs initrd.img --cmdline cmdline.txt registry.lab:5000/os/debian:uki`;

async function build(destinations: readonly string[], options: BuildOptions): Promise<void> {
  const wanted = destinations.map((text) => readDestination(text));
  await untilSignal(async (signal) => {
    await withRecipe(options, signal, (made) => buildAndWrite(made, wanted, { options, signal }));
  });
}

async function buildAndWrite(
  { recipe, contents }: Prepared,
  wanted: readonly Destination[],
  { options, signal }: { readonly options: BuildOptions; readonly signal: AbortSignal },
): Promise<void> {
  const built = buildManifest(recipe);
  if (!options.json) tellIso(contents);
  const written = await withImages(options, wanted, (references, sources) =>
    writeAll(built, references, { sources, options, signal }),
  );
  if (options.json) {
    const uki = recipe.layers.find(({ role }) => role === 'uki')?.descriptor;
    const made = options.uki === MAKE && uki !== undefined ? { uki } : {};
    writeJson(standardOutput(), { manifest: built.manifest.descriptor, ...made, destinations: written });
  }
  warnUnbootable({ recipe, contents });
  warnUnfilled(contents);
  warnUnused({ recipe, contents });
}

/** Not everything that is built is to be booted, nor by everybody, but what is wrong with kernel arguments is seen at no other place. */
function warnUnbootable({ recipe, contents }: Prepared): void {
  const { layers: artifacts, commandLine, platform } = recipe;
  const { refused, reason } = judgeImage({ artifacts, commandLine, contents }, platform);
  if (reason !== undefined) {
    warnOnStderr(`nothing can be booted from it: ${reason}`);
    return;
  }
  const wrong = refused.filter(({ kind }) => kind === 'arguments');
  for (const why of new Set(wrong.map((one) => one.reason))) {
    const clients = wrong.filter((one) => one.reason === why).map(({ client }) => client);
    warnOnStderr(`it does not boot machines that come as ${clients.join(' or ')}: ${why}`);
  }
}

function warnUnfilled({ uki }: ImageContents): void {
  const [first] = uki?.kind === 'uki' ? uki.uki.profiles : [];
  for (const placeholder of first === undefined ? [] : unfilledIn(first))
    warnOnStderr(`{${placeholder}} in the kernel arguments is not filled where firmware starts the UKI`);
}

/** Kernel arguments of the image that no machine is given: those of its UKI count, however it is started. */
function warnUnused({ recipe: { commandLine, layers }, contents: { uki } }: Prepared): void {
  if (commandLine === '' || uki === undefined || layers.some(({ role }) => role === 'kernel')) return;
  if (uki.kind === 'uki' && uki.uki.profiles[0].commandLine === undefined) return;
  const why = uki.kind === 'uki' ? 'the UKI has kernel arguments of its own' : 'the UKI cannot be opened';
  warnOnStderr(`no machine is given what is in the file of --cmdline, since ${why}: ${UNUSED}`);
}

const UNUSED = 'leave --cmdline out, or add --kernel and --initramfs, which are started with it';

/** What is found in it is not for whoever reads the reference of the image. */
function tellIso({ iso }: ImageContents): void {
  for (const line of iso === undefined ? [] : isoLines(iso)) process.stderr.write(`iso     ${line}\n`);
}

type Written = {
  readonly reference: string;
  readonly digest: Digest;
  readonly dropped: readonly string[];
  readonly isNew: boolean;
};

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
    const { index, dropped, isNew } = await withProgress(reference, (shown) =>
      writeImage(built, sources.own(destination), {
        tag: destination.tag,
        append: options.append === true,
        progress: ({ role, descriptor }, sent) => shown.update(role, sent, descriptor),
        signal,
      }),
    );
    const one = { reference, digest: index.descriptor.digest, dropped, isNew };
    written.push(one);
    if (!options.json) tellWritten(one);
    if (options.append && isNew) warnOnStderr(`${reference} was not there to append to: ${NEW_ALONE}`);
  }
  return written;
}

const NEW_ALONE = 'a new image with this platform alone was written; if that is not meant, look at its name and tag';

function tellWritten({ reference, digest, dropped }: Written): void {
  writeLine(standardOutput(), `${reference}@${digest}`);
  if (dropped.length === 0) return;
  warnOnStderr(`${reference} held ${dropped.join(', ')} before and does no more; --append keeps what is there`);
}

type Files = Partial<Readonly<Record<Role, string>>>;

/** What an image is made of, and what is in it. */
type Prepared = { readonly recipe: ImageRecipe; readonly contents: ImageContents };

/** What the image is made of; a UKI that is made for it is there as long as the work lasts. */
async function withRecipe<T>(
  options: BuildOptions,
  signal: AbortSignal,
  work: (prepared: Prepared) => Promise<T>,
): Promise<T> {
  const { platform, uki, kernel, initramfs, ...others } = options;
  if (platform === undefined && uki === MAKE) throw noPlatform();
  const commandLine = await readCommandLine(options.cmdline);
  const making = platform && readUkiRecipe(options, options, { platform, commandLine: options.cmdline && commandLine });
  if (making === undefined) return work(await readRecipe(options, { files: options, commandLine, signal }));
  return withUki(making, { signal }, async (made) => {
    const parts = { ...(kernel !== undefined && { kernel }), ...(initramfs !== undefined && { initramfs }) };
    const files = { ...others, ...(options.keepParts && parts), uki: made };
    const kept = options.keepParts ? commandLine : '';
    return work(await readRecipe(options, { files, commandLine: kept, signal }));
  });
}

type RecipeParts = { readonly files: Files; readonly commandLine: string; readonly signal: AbortSignal };

async function readRecipe(options: BuildOptions, { files, commandLine, signal }: RecipeParts): Promise<Prepared> {
  const roles = ROLES.filter((role) => role !== 'cmdline' && files[role] !== undefined);
  if (roles.length === 0) {
    throw new BootlayerError('USAGE', 'nothing to build an image from', {
      remedy: 'name files with --kernel and --initramfs, --uki, --iso, --squashfs or --disk',
    });
  }
  const { platform, variant, annotation: annotations = {} } = options;
  if (platform === undefined) throw noPlatform();
  const contents = await contentsOfFiles(files);
  requireIso(contents, files.iso);
  requirePlatform(contents, files, platform);
  const layers: Layer[] = [];
  for (const role of roles) layers.push(await layerFromFile(role, files[role] ?? '', signal));
  return { recipe: { platform, variant, layers, annotations, commandLine }, contents };
}

function noPlatform(): BootlayerError {
  return new BootlayerError('USAGE', 'what the files are for is not said', {
    remedy: 'add --platform linux/amd64 or the like',
  });
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
