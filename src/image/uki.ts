import { normalizeCommandLine, placeholdersIn } from './command-line.js';
import { architectureOfMachine } from './efi-machine.js';
import { KERNEL_HEAD_BYTES, type KernelFacts, kernelFacts } from './kernel-kind.js';
import { type PeFile, readPe } from './pe-file.js';
import { type FilePart, OutOfReach, type RangeReader } from './range-reader.js';

/** One of what a unified kernel image can boot. */
export type UkiProfile = {
  /** `ID` and `TITLE` of its `.profile`; an image without profiles is one that has neither. */
  readonly id?: string;
  readonly title?: string;
  readonly linux: FilePart;
  /** What that is; unknown, too, where it is out of reach. */
  readonly kernel: KernelFacts;
  /** In the order in which they are handed over: microcode comes first. */
  readonly initrds: readonly FilePart[];
  /** In one line; undefined where the stub takes that of its loader. */
  readonly commandLine?: string;
  readonly dtb?: FilePart;
};

/** What a unified kernel image holds (UAPI.5, "Unified Kernel Image"). */
export type Uki = {
  /** As OCI says it: `amd64`. */
  readonly architecture: string;
  readonly isSigned: boolean;
  /** The first is what boots where nobody chooses. */
  readonly profiles: readonly [UkiProfile, ...UkiProfile[]];
  /** `PRETTY_NAME` of its `.osrel`, else its `NAME`. */
  readonly osName?: string;
  /** The kernel's version, as `uname -r` says it. */
  readonly uname?: string;
  readonly sbat?: string;
};

export type ReadUki =
  | { readonly kind: 'uki'; readonly uki: Uki }
  /**
   * What it is not, or what is wrong with it. `isProgram: false`: no firmware starts it either. `isSigned`: undefined where its header
   * could not be read.
   */
  | { readonly kind: 'refused'; readonly reason: string; readonly isProgram?: false; readonly isSigned?: boolean };

/** Of what is text; stubs have no more room for it either. */
const MOST_TEXT_BYTES = 64 * 1024;
/** Four times what most kernels take, and twice what any does (Linux: COMMAND_LINE_SIZE). */
const MOST_COMMAND_LINE_BYTES = 8 * 1024;
/** Of a profile, microcode among them: each is a file that is downloaded. */
const MOST_INITRDS = 16;
/** Each may have texts that are to be read. */
const MOST_PROFILES = 64;
/** Of all that is kept of an image, as JSON: each profile has what all have once more, and a thousand images are kept. */
const MOST_KEPT_BYTES = 64 * 1024;

type Sections = ReadonlyMap<string, readonly FilePart[]>;
/** All but how its kernel begins. */
type SaidProfile = Omit<UkiProfile, 'kernel'>;

/** Reads its header, its texts and how its kernel begins. Throws what the reader throws. */
export async function readUki(file: RangeReader): Promise<ReadUki> {
  const read = await readPe(file);
  if (read.kind === 'other') return { ...refused('it is no program of UEFI'), isProgram: false };
  if (read.kind === 'broken') return refused(read.reason);
  const { machine, isSigned } = read.file;
  const unlike = (reason: string): ReadUki => ({ ...refused(reason), isSigned });
  const architecture = architectureOfMachine(machine);
  if (architecture === undefined)
    return unlike(`it is for a machine that nobody here knows, 0x${machine.toString(16)}`);
  const [base, ...more] = profilesOf(read.file);
  if (more.length > MOST_PROFILES)
    return unlike(`it has ${more.length} profiles, and ${MOST_PROFILES} are read at most`);
  const all = more.length === 0 ? [base] : more.map((own) => new Map([...base, ...own]));
  const tooMuch = tooLongIn(read.file) ?? tooManyIn(all);
  if (tooMuch !== undefined) return unlike(tooMuch);
  const profiles: SaidProfile[] = [];
  for (const sections of all) {
    const profile = await readProfile(file, sections);
    if (profile === undefined) return unlike('it has no section .linux, so that it is no unified kernel image');
    profiles.push(profile);
  }
  const texts = await readTexts(file, base);
  const kept = Buffer.byteLength(JSON.stringify([profiles, texts]));
  if (kept > MOST_KEPT_BYTES)
    return unlike(`its profiles and texts come to ${kept} bytes, and ${MOST_KEPT_BYTES} are kept at most`);
  const [first, ...others] = await withKernels(file, profiles);
  if (first === undefined) return unlike('it has no profile');
  return { kind: 'uki', uki: { architecture, isSigned, profiles: [first, ...others], ...texts } };
}

/** The placeholders of its arguments, each once: only iPXE is given what they stand for. Pure. */
export function unfilledIn({ commandLine = '' }: UkiProfile): readonly string[] {
  return [...new Set(placeholdersIn(commandLine))];
}

const MOST_BYTES: ReadonlyMap<string, number> = new Map([
  ['.cmdline', MOST_COMMAND_LINE_BYTES],
  ...['.osrel', '.uname', '.sbat', '.profile'].map((name) => [name, MOST_TEXT_BYTES] as const),
]);

function tooLongIn({ sections }: PeFile): string | undefined {
  for (const { name, length } of sections) {
    const most = MOST_BYTES.get(name);
    if (most !== undefined && length > most) return `its ${name} has ${length} bytes, and ${most} are read at most`;
  }
  return undefined;
}

function tooManyIn(profiles: readonly Sections[]): string | undefined {
  const most = Math.max(...profiles.map((sections) => initrdsIn(sections).length));
  return most > MOST_INITRDS
    ? `it has ${most} initrds (.initrd, .ucode), and ${MOST_INITRDS} are handed over at most`
    : undefined;
}

/** What is before the first `.profile` belongs to all of them; each begins with its own. */
function profilesOf({ sections }: PeFile): readonly [Sections, ...Sections[]] {
  const base = new Map<string, FilePart[]>();
  const profiles: Map<string, FilePart[]>[] = [];
  for (const { name, offset, length } of sections) {
    if (name === '.profile') profiles.push(new Map());
    const own = profiles.at(-1) ?? base;
    own.set(name, [...(own.get(name) ?? []), { offset, length }]);
  }
  return [base, ...profiles];
}

async function readProfile(file: RangeReader, sections: Sections): Promise<SaidProfile | undefined> {
  const [linux] = presentIn(sections, '.linux');
  if (linux === undefined) return undefined;
  const said = fieldsOf((await textOf(file, sections, '.profile')) ?? '');
  const commandLine = await textOf(file, sections, '.cmdline');
  const [dtb] = presentIn(sections, '.dtb');
  const [id, title] = [said.get('ID'), said.get('TITLE')];
  return {
    ...(id !== undefined && { id }),
    ...(title !== undefined && { title }),
    linux,
    initrds: initrdsIn(sections),
    ...(commandLine !== undefined && { commandLine: normalizeCommandLine(commandLine) }),
    ...(dtb !== undefined && { dtb }),
  };
}

/** They come last, since kernels may lie behind all that there is to say: from some sources only that can be had. */
async function withKernels(file: RangeReader, profiles: readonly SaidProfile[]): Promise<readonly UkiProfile[]> {
  const found = new Map<string, KernelFacts>();
  const whole: UkiProfile[] = [];
  for (const profile of profiles) {
    const { offset, length } = profile.linux;
    const kernel = found.get(`${offset} ${length}`) ?? kernelFacts(await headOf(file, profile.linux));
    found.set(`${offset} ${length}`, kernel);
    whole.push({ ...profile, kernel });
  }
  return whole;
}

async function headOf(file: RangeReader, { offset, length }: FilePart): Promise<Buffer> {
  try {
    return await file.read(offset, Math.min(KERNEL_HEAD_BYTES, length));
  } catch (thrown) {
    if (thrown instanceof OutOfReach) return Buffer.alloc(0);
    throw thrown;
  }
}

async function readTexts(file: RangeReader, base: Sections): Promise<Pick<Uki, 'osName' | 'uname' | 'sbat'>> {
  const release = fieldsOf((await textOf(file, base, '.osrel')) ?? '');
  const osName = release.get('PRETTY_NAME') ?? release.get('NAME');
  const [uname, sbat] = [await textOf(file, base, '.uname'), await textOf(file, base, '.sbat')];
  return {
    ...(osName !== undefined && { osName }),
    ...(uname !== undefined && { uname: normalizeCommandLine(uname) }),
    ...(sbat !== undefined && { sbat }),
  };
}

function initrdsIn(sections: Sections): readonly FilePart[] {
  return [...presentIn(sections, '.ucode'), ...presentIn(sections, '.initrd')];
}

/** Those that have something in them. */
function presentIn(sections: Sections, name: string): readonly FilePart[] {
  return (sections.get(name) ?? []).filter(({ length }) => length > 0);
}

/** Of the first of that name; up to its NUL, with which some tools end it. */
async function textOf(file: RangeReader, sections: Sections, name: string): Promise<string | undefined> {
  const [section] = sections.get(name) ?? [];
  if (section === undefined) return undefined;
  const [text = ''] = (await file.read(section.offset, section.length)).toString('utf8').split('\0', 1);
  return text;
}

/** `KEY=value` and `KEY="value"` in lines, as os-release(5) has them. */
function fieldsOf(text: string): ReadonlyMap<string, string> {
  const fields = new Map<string, string>();
  for (const line of text.split(/\r?\n/)) {
    const found = /^\s*([A-Z_]+)=(.*)$/.exec(line);
    if (found?.[1] !== undefined && found[2] !== undefined) fields.set(found[1], unquoted(found[2].trim()));
  }
  return fields;
}

function unquoted(value: string): string {
  const found = /^(["'])(.*)\1$/.exec(value);
  return (found?.[2] ?? value).replace(/\\(.)/g, '$1');
}

function refused(reason: string): Extract<ReadUki, { kind: 'refused' }> {
  return { kind: 'refused', reason };
}
