import type { Documents } from '../provision/documents.js';
import { NOT_UTF8, textIn } from '../provision/file-text.js';
import { judgeIgnition } from '../provision/ignition.js';
import { SEED_DOCUMENTS, SINGLE_DOCUMENTS } from '../provision/kinds.js';
import { withoutLineEnds } from '../provision/line-ends.js';
import { unknownNames } from '../provision/names.js';
import type { DocumentFault } from '../provision/position.js';
import type { DocumentSource, Provision } from '../provision/provision.js';
import type { Template, Values } from '../provision/template.js';
import { type DocumentUse, SaidOfDocuments } from './document-uses.js';
import { isPacked, unpacked } from './packed-text.js';
import { judgeUserData, judgeYaml } from './seed-text.js';

/** `problems` and `warnings`, to which who reads the files adds what else there is to say. */
export type JudgedDocuments = { readonly problems: SaidOfDocuments; readonly warnings: SaidOfDocuments };

/** What is wrong with what was read; nothing is said of what was not. Pure. */
export function judgeDocuments(uses: readonly DocumentUse[], documents: Documents): JudgedDocuments {
  const judge = new DocumentJudge(documents);
  const [problems, warnings] = [new SaidOfDocuments(), new SaidOfDocuments()];
  for (const use of uses) {
    const bytes = documents.files.get(use.named);
    if (bytes === undefined) continue;
    const { document, provision } = use;
    if (document !== undefined) {
      for (const fault of judge.faultsOf(document, provision, bytes)) problems.add(use, described(use.named, fault));
      continue;
    }
    const fault = faultOfSecret(use.named, bytes);
    if (fault !== undefined) problems.add(use, fault);
    else if (!judge.mayName(provision, use.keys.at(-1)))
      warnings.add(use, `no template names it: write {{ secrets.${use.keys.at(-1)} }} in one, or leave it out`);
  }
  return { problems, warnings };
}

function faultOfSecret(file: string, bytes: Uint8Array): string | undefined {
  const text = textIn(bytes);
  if (text === undefined) return described(file, NO_TEXT);
  return withoutLineEnds(text) === '' ? `${file} holds nothing: write the secret into it` : undefined;
}

const NO_TEXT: DocumentFault = { reason: NOT_UTF8 };

function described(file: string, { reason, line, column = 1 }: DocumentFault): string {
  return `${file}:${line === undefined ? '' : `${line}:${column}:`} ${reason}`;
}

/** Judges each file once for each of the ways in which it is used. */
class DocumentJudge {
  readonly #documents: Documents;
  readonly #faults = new Map<string, readonly DocumentFault[]>();

  constructor(documents: Documents) {
    this.#documents = documents;
  }

  faultsOf(document: DocumentSource, { secrets }: Provision, bytes: Uint8Array): readonly DocumentFault[] {
    const names = document.isTemplate ? Object.keys(secrets) : [];
    const way = JSON.stringify([document.file, document.key, document.isTemplate, names]);
    const known = this.#faults.get(way);
    if (known !== undefined) return known;
    const faults = document.isTemplate ? this.#ofTemplate(document, names, bytes) : [judgePlain(document, bytes) ?? []];
    this.#faults.set(way, faults.flat());
    return faults.flat();
  }

  /** Whether one of its templates names the secret, or may do. */
  mayName({ documents }: Provision, secret: string | undefined): boolean {
    return documents.some((document) => {
      if (!document.isTemplate) return false;
      const parsed = this.#documents.templateOf(document);
      if (parsed?.kind !== 'template') return true;
      return parsed.template.names.some(({ path: [root, name] }) => root === 'secrets' && name === secret);
    });
  }

  #ofTemplate(document: DocumentSource, secrets: readonly string[], bytes: Uint8Array): readonly DocumentFault[] {
    const parsed = this.#documents.templateOf(document);
    if (parsed?.kind !== 'template') return parsed === undefined ? [] : [parsed];
    const unknown = unknownNames(parsed.template.names, { secrets });
    if (unknown.length > 0 || document.path !== SINGLE_DOCUMENTS.ignition.path) return unknown;
    return judgeFilledIn(parsed.template, textIn(bytes) ?? '');
  }
}

/** What nobody looks into may hold anything. */
function judgePlain({ path }: DocumentSource, bytes: Uint8Array): DocumentFault | undefined {
  switch (path) {
    case SINGLE_DOCUMENTS.ignition.path:
      return judgeText(bytes, judgeIgnition);
    case SEED_DOCUMENTS.userData.path:
    case SEED_DOCUMENTS.vendorData.path:
      return isPacked(bytes) ? judgePacked(bytes) : judgeText(bytes, judgeUserData);
    case SEED_DOCUMENTS.metaData.path:
    case SEED_DOCUMENTS.networkConfig.path:
      return judgeText(bytes, judgeYaml);
    case SINGLE_DOCUMENTS.talos.path:
      return judgeText(bytes, (text) => judgeYaml(text, { maySeveral: true }));
    default:
      return undefined;
  }
}

function judgeText(bytes: Uint8Array, judge: (text: string) => DocumentFault | undefined): DocumentFault | undefined {
  const text = textIn(bytes);
  return text === undefined ? NO_TEXT : judge(text);
}

/** Lines and columns are of what cloud-init unpacks. */
function judgePacked(bytes: Uint8Array): DocumentFault | undefined {
  const opened = unpacked(bytes);
  if (opened.kind === 'refused') return { reason: opened.reason };
  const fault = judgeText(opened.bytes, judgeUserData);
  if (fault === undefined) return undefined;
  const { reason, line } = fault;
  return { reason: `unpacked${line === undefined ? '' : `, in line ${line}`}: ${reason}` };
}

/** A number and the inside of a string alike, so that it may stand wherever a value may. */
const SAMPLE = '1';

/** What a template of Ignition makes of any values. Where it decides by them, nobody knows which of its ways machines take. */
function judgeFilledIn(template: Template, text: string): readonly DocumentFault[] {
  if (text.includes('{%')) return [];
  const rendered = template.render(sampleValues(template));
  const fault = rendered.kind === 'text' ? judgeIgnition(rendered.text) : undefined;
  if (fault === undefined) return [];
  const { reason, line } = fault;
  return [{ reason: `with its values filled in${line === undefined ? '' : `, in line ${line}`}: ${reason}` }];
}

type Growing = { [name: string]: string | Growing };

function sampleValues({ names }: Template): Values {
  const values: Growing = {};
  for (const { path } of names) {
    const holder = path.slice(0, -1).reduce((outer, word) => innerOf(outer, word), values);
    holder[path.at(-1) ?? ''] = SAMPLE;
  }
  return values;
}

function innerOf(outer: Growing, word: string): Growing {
  const known = outer[word];
  if (typeof known === 'object') return known;
  const made: Growing = {};
  outer[word] = made;
  return made;
}
