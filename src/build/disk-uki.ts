import { type FileHandle, mkdtemp, open, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BootlayerError, isDiskFull, systemErrorCode } from '../errors.js';
import { formatBytes } from '../format.js';
import { architectureOfMachine } from '../image/efi-machine.js';
import { readPe } from '../image/pe-file.js';
import { DiskSource } from './disk-source.js';
import { type SigningFiles, signProgram } from './sign-process.js';
import { readStubHeader, type StubHeader, stubWithSections } from './stub-header.js';
import { STUB_PACKAGES, stubNameOf } from './stub-name.js';
import { kernelForUki, UKI_KERNEL_HEAD_BYTES } from './uki-kernel.js';
import { layoutUki, type SectionName, type UkiLayout, type UkiSection } from './uki-layout.js';
import { FILE_PARTS, type FilePartName, markProblem } from './uki-parts.js';

/** What a UKI is made of. All but the texts are files. */
export type UkiRecipe = Readonly<Partial<Record<FilePartName, string>>> & {
  readonly stub: string;
  readonly kernel: string;
  /** Of the stub and of the kernel, as OCI says it. */
  readonly architecture: string;
  /** In one line. Without it the UKI has none, and its kernel what its loader says. */
  readonly commandLine?: string;
  /** Without it, what the kernel says of itself. */
  readonly uname?: string;
  readonly signing?: SigningFiles;
};

export type UkiWork = {
  readonly signal: AbortSignal;
  /** Where it is made, in a folder of its own. */
  readonly folder?: string;
};

type Contents = UkiSection & { readonly pieces: () => AsyncIterable<Uint8Array> | readonly Uint8Array[] };

/** Stubs have some 100 KB. */
const MOST_STUB_BYTES = 16 * 1024 * 1024;

/**
 * Makes a unified kernel image (UAPI.5) and gives it to the work as a file, which is gone afterwards. The same recipe gives the same
 * bytes, unless it is signed. Throws USAGE, DISK_FULL, the signal's reason, and what the work throws.
 */
export async function withUki<T>(
  recipe: UkiRecipe,
  { signal, folder = tmpdir() }: UkiWork,
  work: (file: string) => Promise<T>,
): Promise<T> {
  const own = await mkdtemp(join(folder, 'bootlayer-uki-')).catch((cause: unknown) => {
    throw unwritten(folder, cause);
  });
  try {
    const file = join(own, 'linux.efi');
    if (recipe.signing !== undefined) await requireSigning(recipe.signing);
    await makeUki(recipe, file, { signal, folder });
    return await work(recipe.signing === undefined ? file : await signedFile(file, recipe.signing, signal));
  } finally {
    await rm(own, { recursive: true, force: true });
  }
}

/** Before the work: what sbsign says of files that it cannot read is of little help. */
async function requireSigning({ key, cert }: SigningFiles): Promise<void> {
  await (await DiskSource.open(key, 'key')).close();
  await (await DiskSource.open(cert, 'certificate')).close();
}

async function signedFile(unsigned: string, files: SigningFiles, signal: AbortSignal): Promise<string> {
  const signed = `${unsigned}.signed`;
  await signProgram({ unsigned, signed }, files, { signal });
  await rm(unsigned);
  return signed;
}

async function makeUki(recipe: UkiRecipe, file: string, { signal, folder }: Required<UkiWork>): Promise<void> {
  const sources: DiskSource[] = [];
  const opened = async (path: string, what: string) => {
    const source = await DiskSource.open(path, what);
    sources.push(source);
    return source;
  };
  try {
    const stub = await readStub(await opened(recipe.stub, 'stub'), recipe.architecture);
    const contents = await contentsOf(recipe, opened);
    const laid = layoutUki(stub.header, contents);
    if (laid.kind === 'refused')
      throw stub.source.refusal(`cannot take it: ${laid.reason}`, 'name another with --stub');
    await writeFile(file, pieces(stub, contents, laid.layout), signal).catch((thrown: unknown) => {
      throw signal.aborted ? signal.reason : unwritten(folder, thrown, laid.layout.fileSize);
    });
  } finally {
    for (const source of sources) await source.close();
  }
}

type Stub = { readonly source: DiskSource; readonly bytes: Buffer; readonly header: StubHeader };

/** Throws USAGE for what is no stub of that architecture. */
async function readStub(source: DiskSource, architecture: string): Promise<Stub> {
  const remedy = `name ${stubNameOf(architecture) ?? 'a stub'} by --stub, which is in ${STUB_PACKAGES}`;
  const pe = await readPe(source);
  if (pe.kind === 'broken') throw source.refusal(`is damaged: ${pe.reason}`, remedy);
  if (pe.kind === 'other' || source.size > MOST_STUB_BYTES) throw source.refusal('is no stub', remedy);
  const { machine, sections, isSigned } = pe.file;
  if (sections.some(({ name }) => name === '.linux'))
    throw source.refusal('is a unified kernel image already: it holds .linux', remedy);
  const its = architectureOfMachine(machine) ?? `a machine that nobody here knows, 0x${machine.toString(16)}`;
  if (its !== architecture) throw source.refusal(`is for ${its}, and the image for ${architecture}`, remedy);
  if (isSigned) throw source.refusal('is signed, which nothing that is added to it would be', 'name an unsigned one');
  const bytes = await source.read(0, source.size);
  const read = readStubHeader(bytes);
  if (read.kind === 'refused') throw source.refusal(`is no stub: ${read.reason}`, remedy);
  return { source, bytes, header: read.header };
}

type Open = (file: string, what: string) => Promise<DiskSource>;

async function contentsOf(recipe: UkiRecipe, opened: Open): Promise<readonly Contents[]> {
  const contents: Contents[] = [];
  for (const part of FILE_PARTS) {
    const file = recipe[part.name];
    if (file === undefined) continue;
    const source = await opened(file, part.name);
    const problem = markProblem(part, await source.read(0, 8), source.size);
    if (problem !== undefined) throw source.refusal(problem.reason, problem.remedy);
    contents.push(fileContents(part.section, source));
  }
  const kernel = await opened(recipe.kernel, 'kernel');
  const head = await kernel.read(0, UKI_KERNEL_HEAD_BYTES);
  const checked = kernelForUki(head, await readPe(kernel), recipe.architecture);
  if (checked.kind === 'refused') throw kernel.refusal(checked.reason, checked.remedy);
  const { uname, memorySize } = checked;
  const linux = fileContents('.linux', kernel);
  return [
    ...contents,
    ...textContents('.cmdline', recipe.commandLine),
    ...textContents('.uname', recipe.uname ?? uname),
    memorySize === undefined ? linux : { ...linux, memorySize },
  ];
}

function fileContents(name: SectionName, source: DiskSource): Contents {
  return { name, size: source.size, pieces: () => source.pieces() };
}

function textContents(name: SectionName, text: string | undefined): readonly Contents[] {
  if (text === undefined) return [];
  const bytes = Buffer.from(text);
  return [{ name, size: bytes.length, pieces: () => [bytes] }];
}

/** The UKI from its first byte to its last, none of it held for longer than it takes to write it. */
async function* pieces(
  { bytes, header }: Stub,
  contents: readonly Contents[],
  layout: UkiLayout,
): AsyncIterable<Uint8Array> {
  yield stubWithSections(bytes, header, layout);
  for (const { name, size, stored } of layout.sections) {
    for (const one of contents) if (one.name === name) yield* one.pieces();
    yield Buffer.alloc(stored - size);
  }
}

async function writeFile(file: string, bytes: AsyncIterable<Uint8Array>, signal: AbortSignal): Promise<void> {
  const handle: FileHandle = await open(file, 'wx', 0o600);
  try {
    for await (const piece of bytes) {
      signal.throwIfAborted();
      // All of the piece, as `write` alone need not.
      await handle.writeFile(piece);
    }
  } finally {
    await handle.close();
  }
}

function unwritten(folder: string, cause: unknown, bytes?: number): unknown {
  const code = systemErrorCode(cause);
  if (code === undefined || cause instanceof BootlayerError) return cause;
  const size = bytes === undefined ? '' : ` of ${formatBytes(bytes)}`;
  const remedy = 'let TMPDIR name a folder with room for it, which this user may write to';
  if (isDiskFull(cause))
    return new BootlayerError('DISK_FULL', `the disk of ${folder} is full, where the UKI${size} is made`, {
      remedy,
      cause,
    });
  return new BootlayerError('USAGE', `the UKI${size} cannot be made in ${folder} (${code})`, { remedy, cause });
}
