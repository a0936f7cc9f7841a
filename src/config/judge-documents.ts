import type { DocumentFiles } from '../provision/documents.js';
import { judgeIgnition } from '../provision/ignition.js';
import { SEED_DOCUMENTS, SINGLE_DOCUMENTS } from '../provision/kinds.js';
import { withoutLineEnds } from '../provision/line-ends.js';
import { unknownNames } from '../provision/names.js';
import type { DocumentFault } from '../provision/position.js';
import type { DocumentSource, Provision } from '../provision/provision.js';
import { type Parsed, parseTemplate, type Template, type Values } from '../provision/template.js';
import { type DocumentUse, SaidOfDocuments } from './document-uses.js';
import { judgeUserData, judgeYaml } from './seed-text.js';

/** `problems` and `warnings`, to which who reads the files adds what else there is to say. */
export type JudgedDocuments = { readonly problems: SaidOfDocuments; readonly warnings: SaidOfDocuments };

/** What is wrong with what was read; nothing is said of what was not. Pure. */
export function judgeDocuments(uses: readonly DocumentUse[], texts: DocumentFiles): JudgedDocuments {
  const judge = new DocumentJudge(texts);
  const [problems, warnings] = [new SaidOfDocuments(), new SaidOfDocuments()];
  for (const use of uses) {
    const text = texts.get(use.named);
    if (text === undefined) continue;
    const { document, provision } = use;
    if (document !== undefined) {
      for (const fault of judge.faultsOf(document, provision, text)) problems.add(use, described(use.named, fault));
    } else if (withoutLineEnds(text) === '') {
      problems.add(use, `${use.named} holds nothing: write the secret into it`);
    } else if (!judge.mayName(provision, use.keys.at(-1))) {
      warnings.add(use, `no template names it: write {{ secrets.${use.keys.at(-1)} }} in one, or leave it out`);
    }
  }
  return { problems, warnings };
}

function described(file: string, { reason, line, column = 1 }: DocumentFault): string {
  return `${file}:${line === undefined ? '' : `${line}:${column}:`} ${reason}`;
}

/** Judges each file once for each of the ways in which it is used. */
class DocumentJudge {
  readonly #texts: DocumentFiles;
  readonly #templates = new Map<string, Parsed>();
  readonly #faults = new Map<string, readonly DocumentFault[]>();

  constructor(texts: DocumentFiles) {
    this.#texts = texts;
  }

  faultsOf(document: DocumentSource, { secrets }: Provision, text: string): readonly DocumentFault[] {
    const names = document.isTemplate ? Object.keys(secrets) : [];
    const way = JSON.stringify([document.file, document.key, document.isTemplate, names]);
    const known = this.#faults.get(way);
    if (known !== undefined) return known;
    const faults = document.isTemplate ? this.#ofTemplate(document, names, text) : [judgePlain(document, text) ?? []];
    this.#faults.set(way, faults.flat());
    return faults.flat();
  }

  /** Whether one of its templates names the secret, or may do. */
  mayName({ documents }: Provision, secret: string | undefined): boolean {
    return documents.some((document) => {
      if (!document.isTemplate) return false;
      const text = this.#texts.get(document.file);
      const parsed = text === undefined ? undefined : this.#parsed(document, text);
      if (parsed?.kind !== 'template') return true;
      return parsed.template.names.some(({ path: [root, name] }) => root === 'secrets' && name === secret);
    });
  }

  #ofTemplate(document: DocumentSource, secrets: readonly string[], text: string): readonly DocumentFault[] {
    const parsed = this.#parsed(document, text);
    if (parsed.kind === 'refused') return [parsed];
    const unknown = unknownNames(parsed.template.names, { secrets });
    if (unknown.length > 0 || document.path !== SINGLE_DOCUMENTS.ignition.path) return unknown;
    return judgeFilledIn(parsed.template, text);
  }

  #parsed({ file, format }: DocumentSource, text: string): Parsed {
    const known = this.#templates.get(`${format} ${file}`);
    if (known !== undefined) return known;
    const parsed = parseTemplate(text, format);
    this.#templates.set(`${format} ${file}`, parsed);
    return parsed;
  }
}

function judgePlain({ path }: DocumentSource, text: string): DocumentFault | undefined {
  switch (path) {
    case SINGLE_DOCUMENTS.ignition.path:
      return judgeIgnition(text);
    case SEED_DOCUMENTS.userData.path:
    case SEED_DOCUMENTS.vendorData.path:
      return judgeUserData(text);
    case SEED_DOCUMENTS.metaData.path:
    case SEED_DOCUMENTS.networkConfig.path:
      return judgeYaml(text);
    case SINGLE_DOCUMENTS.talos.path:
      return judgeYaml(text, { maySeveral: true });
    default:
      return undefined;
  }
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
