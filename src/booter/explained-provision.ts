import { createHash } from 'node:crypto';
import type { ValuesOf } from '../boot/argument-values.js';
import { documentValues } from '../boot/document-values.js';
import { type DocumentFiles, Documents, type Rendering } from '../provision/documents.js';
import { bytesOf, textIn } from '../provision/file-text.js';
import type { ProvisionKind } from '../provision/kinds.js';
import type { Provision } from '../provision/provision.js';
import type { Values } from '../provision/template.js';
import type { BootUrls } from './boot-urls.js';
import { documentUrls } from './document-urls.js';
import type { Unled } from './led-machines.js';
import { type GivenCapabilities, SOME_CAPABILITIES } from './placeholder-urls.js';

/** What a machine would be handed as its configuration. Plain data. */
export type ProvisionExplanation = {
  /** Whose name its assignment says; missing of one that says all of it. */
  readonly set?: string;
  readonly kinds: readonly ProvisionKind[];
  /** In milliseconds. */
  readonly life: number;
  readonly isOnce: boolean;
  readonly isByAddress: boolean;
  /** Missing where its kernel arguments lead the machine to it, and where nothing boots. */
  readonly unled?: Unled;
  /** Missing where nobody asked for them. */
  readonly documents?: readonly ExplainedDocument[];
};

/** `file`: missing of what there is by itself. */
export type ExplainedDocument = { readonly path: string; readonly file?: string } & (
  | { readonly contentType: string; readonly bytes: number; readonly text: string }
  /** It is no text. `sha256`: in hexadecimal. */
  | { readonly contentType: string; readonly bytes: number; readonly sha256: string }
  /** Without it, the machine is not booted. */
  | { readonly refused: string }
);

/** What the files hold that are named there; of secrets, nothing where they are not to be shown. */
export type FilesRead = { readonly files: DocumentFiles; readonly showsSecrets: boolean };

export type ExplainedProvisionParts = {
  readonly urls: BootUrls;
  readonly unled: Unled | undefined;
  /** Missing where documents are not to be shown. */
  readonly filesFor?: ((provision: Provision) => Promise<FilesRead>) | undefined;
};

/** As the server would write them for this machine, but for its capabilities, and for secrets that are not to be shown. */
export async function explainProvision(
  whose: ValuesOf,
  provision: Provision,
  { urls, unled, filesFor }: ExplainedProvisionParts,
): Promise<ProvisionExplanation> {
  const { set, kinds, life, isOnce, isByAddress } = provision;
  const values = documentValues(whose, documentUrls(urls, STAND_INS));
  return {
    ...(set !== undefined && { set }),
    ...{ kinds, life, isOnce, isByAddress },
    ...(unled !== undefined && { unled }),
    ...(filesFor !== undefined && { documents: documentsOf(provision, values, await filesFor(provision)) }),
  };
}

function documentsOf(
  provision: Provision,
  values: Values,
  { files, showsSecrets }: FilesRead,
): readonly ExplainedDocument[] {
  const shown = showsSecrets ? { provision, files } : withoutSecrets(provision, files);
  const documents = new Documents(shown.files);
  return documents.paths(provision).map((path) => {
    const file = provision.documents.find((one) => one.path === path)?.file;
    const rendering = documents.render(shown.provision, path, values);
    return { path, ...(file !== undefined && { file }), ...outcomeOf(rendering, showsSecrets) };
  });
}

function outcomeOf(rendering: Rendering, showsSecrets: boolean) {
  if (rendering.kind === 'absent') throw new RangeError('a document is not there that was said to be');
  if (rendering.kind === 'refused') return { refused: rendering.reason };
  const { contentType, bytes } = rendering.document;
  const text = textIn(bytes);
  // Nobody writes a NUL; in an archive of texts there are many.
  if (text === undefined || text.includes('\0'))
    return { contentType, bytes: bytes.length, sha256: createHash('sha256').update(bytes).digest('hex') };
  const shown = Object.entries(STAND_INS).reduce(
    (sum, [name, word]) => sum.replaceAll(word, SOME_CAPABILITIES[name as keyof GivenCapabilities]),
    showsSecrets ? text : named(text),
  );
  return { contentType, bytes: Buffer.byteLength(shown), text: shown };
}

/** Where angle brackets would be refused, or escaped. */
const STAND_INS: GivenCapabilities = { done: 'hidden.capability.done', provision: 'hidden.capability.provision' };

/** In place of each secret stands a word that means nothing in any document, so that it is escaped nowhere. */
function withoutSecrets(provision: Provision, files: DocumentFiles) {
  const names = Object.keys(provision.secrets);
  const secrets = Object.fromEntries(names.map((name) => [name, { file: `secret ${name}` }]));
  const words = names.map((name) => [`secret ${name}`, bytesOf(wordOf(name))] as const);
  return { provision: { ...provision, secrets }, files: new Map([...files, ...words]) };
}

function wordOf(name: string): string {
  return `hidden.secret.${name}.hidden`;
}

/** Also where its template has encoded it: what the word begins with is always the same in base64, too. */
function named(text: string): string {
  return text
    .replace(/hidden\.secret\.(\w+)\.hidden/g, '(secret $1)')
    .replace(/aGlkZGVuLnNlY3JldC[A-Za-z0-9+/]*={0,2}/g, (encoded) => {
      const [, name] = /^hidden\.secret\.(\w+)\.hidden$/.exec(Buffer.from(encoded, 'base64').toString()) ?? [];
      return name === undefined ? encoded : `(secret ${name})`;
    });
}
