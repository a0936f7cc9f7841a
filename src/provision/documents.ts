import { Budget } from './budget.js';
import { bytesOf, NOT_UTF8, textIn } from './file-text.js';
import type { DocumentKind } from './kinds.js';
import { SEED_DOCUMENTS } from './kinds.js';
import { withoutLineEnds } from './line-ends.js';
import { type UnknownName, unknownNames } from './names.js';
import { type DocumentSource, type Provision, placeOf } from './provision.js';
import { type Parsed, parseTemplate, type Values } from './template.js';

/** What the files hold that assignments name, by their absolute paths, as it was read with the configuration. */
export type DocumentFiles = ReadonlyMap<string, Uint8Array>;

/** What is handed out. */
export type HandedDocument = Pick<DocumentKind, 'path' | 'contentType'> & { readonly bytes: Uint8Array };

export type Rendering =
  | { readonly kind: 'document'; readonly document: HandedDocument }
  /** There is none of that name. */
  | { readonly kind: 'absent' }
  | { readonly kind: 'refused'; readonly reason: string };

/** Its instance is the machine: what a system does once it does again where it is installed anew. */
const DEFAULT_META_DATA = parseTemplate(
  'instance-id: {{ machine.name | quote }}\nlocal-hostname: {{ machine.hostname | default: machine.name | quote }}\n',
  SEED_DOCUMENTS.metaData.format,
);
const NOTHING = new Uint8Array();

/**
 * The documents of assignments. Each template is parsed once, by whoever wants it first: those who judge them, who hand them
 * out and who explain them share it for as long as their files stay as they are.
 */
export class Documents {
  readonly files: DocumentFiles;
  readonly #templates = new Map<string, Parsed>();

  constructor(files: DocumentFiles) {
    this.files = files;
  }

  /** Every path that a machine may ask for. */
  paths({ documents, kinds }: Pick<Provision, 'documents' | 'kinds'>): readonly string[] {
    const named = documents.map(({ path }) => path);
    return hasSeed(kinds) ? [...new Set([...named, SEED_DOCUMENTS.metaData.path])] : named;
  }

  /** Whether some of it leads to where the boot is reported as done. */
  asksForDone(provision: Provision): boolean {
    return provision.documents.some((source) => {
      const template = source.isTemplate ? this.templateOf(source) : undefined;
      return template?.kind === 'template' && template.template.names.some(({ path: [first] }) => first === 'done');
    });
  }

  /** With these values and the secrets that it names. */
  render(provision: Provision, path: string, values: Values): Rendering {
    return this.#render(path, { provision, values, budget: new Budget() });
  }

  /** Why not all of it can be written with these values; undefined where it can. */
  unready(provision: Provision, values: Values): string | undefined {
    const filling = { provision, values, budget: new Budget() };
    for (const path of this.paths(provision)) {
      const rendering = this.#render(path, filling);
      if (rendering.kind === 'refused') return rendering.reason;
    }
    return undefined;
  }

  #render(path: string, filling: Filling): Rendering {
    const { provision } = filling;
    const source = provision.documents.find((one) => one.path === path);
    if (source === undefined) return hasSeed(provision.kinds) ? this.#ofSeed(path, filling) : { kind: 'absent' };
    if (source.isTemplate) return this.#fillIn(source, filling);
    const bytes = this.files.get(source.file);
    return bytes === undefined
      ? unread(source, provision)
      : { kind: 'document', document: { ...handed(source), bytes } };
  }

  #fillIn(source: DocumentSource, filling: Filling): Rendering {
    const { provision } = filling;
    const parsed = this.templateOf(source);
    const secrets = this.#secretsOf(provision.secrets);
    const names = parsed?.kind === 'template' ? parsed.template.names : [];
    const [unknown] = unknownNames(names, { secrets: Object.keys(provision.secrets) });
    if (unknown !== undefined) return refused(source, provision, unknown);
    for (const [name, { file }] of Object.entries(provision.secrets)) {
      const isUsed = names.some(({ path: [first, second] }) => first === 'secrets' && second === name);
      if (isUsed && !Object.hasOwn(secrets, name)) return unread({ key: `secrets.${name}`, file }, provision);
    }
    return this.#fill(parsed, source, { ...filling, values: { ...filling.values, secrets } });
  }

  /** cloud-init (22.4, 25.1) asks ten times more, a second apart, for what is not there, and takes what is empty for nothing. */
  #ofSeed(path: string, filling: Filling): Rendering {
    const { metaData, vendorData, networkConfig } = SEED_DOCUMENTS;
    if (path === metaData.path) return this.#fill(DEFAULT_META_DATA, { ...metaData, key: 'meta-data' }, filling);
    const empty = [vendorData, networkConfig].find((one) => one.path === path);
    return empty === undefined
      ? { kind: 'absent' }
      : { kind: 'document', document: { ...handed(empty), bytes: NOTHING } };
  }

  #fill(parsed: Parsed | undefined, source: Named, { provision, values, budget }: Filling): Rendering {
    if (parsed === undefined) return unread(source, provision);
    if (parsed.kind === 'refused') return refused(source, provision, parsed);
    const rendered = parsed.template.render(values, budget);
    if (rendered.kind === 'refused') return refused(source, provision, rendered);
    return { kind: 'document', document: { ...handed(source), bytes: bytesOf(rendered.text) } };
  }

  /** What its file is as a template; undefined where it is not read. */
  templateOf({ file, format }: Pick<DocumentSource, 'file' | 'format'>): Parsed | undefined {
    const name = `${format} ${file}`;
    const known = this.#templates.get(name);
    if (known !== undefined) return known;
    const bytes = this.files.get(file);
    if (bytes === undefined) return undefined;
    const text = textIn(bytes);
    const parsed: Parsed =
      text === undefined ? { kind: 'refused', line: 1, column: 1, reason: NOT_UTF8 } : parseTemplate(text, format);
    this.#templates.set(name, parsed);
    return parsed;
  }

  #secretsOf(named: Provision['secrets']): Readonly<Record<string, string>> {
    return Object.fromEntries(
      Object.entries(named).flatMap(([name, { file }]) => {
        const bytes = this.files.get(file);
        const text = bytes && textIn(bytes);
        return text === undefined ? [] : [[name, withoutLineEnds(text)] as const];
      }),
    );
  }
}

/** Of whom nothing is handed out. */
export const NO_DOCUMENTS = new Documents(new Map());

type Filling = { readonly provision: Provision; readonly values: Values; readonly budget: Budget };

type Named = DocumentKind & { readonly key: string; readonly file?: string };

function hasSeed(kinds: Provision['kinds']): boolean {
  return kinds.includes('cloudInit') || kinds.includes('autoinstall');
}

function handed({ path, contentType }: DocumentKind): Pick<HandedDocument, 'path' | 'contentType'> {
  return { path, contentType };
}

function unread({ key, file = '' }: Pick<Named, 'key' | 'file'>, provision: Provision): Rendering {
  const reason = `${placeOf(provision, key)}: ${file} is not read: see that it is there, and readable`;
  return { kind: 'refused', reason };
}

function refused({ key, file }: Named, provision: Provision, { line, column, reason }: UnknownName): Rendering {
  const where = file === undefined ? '' : `${file}:${line}:${column}: `;
  return { kind: 'refused', reason: `${placeOf(provision, key)}: ${where}${reason}` };
}
