import { CORE_SCHEMA, loadAll } from 'js-yaml';
import { isMap, LineCounter, type ParsedNode, parseAllDocuments } from 'yaml';
import type { DocumentFault } from '../provision/position.js';

/** What cloud-init tells its formats apart by (docs.cloud-init.io, explanation/format): anything else it passes over, and says so on the machine alone. */
const CLOUD_CONFIG = /^#cloud-config(?![-\w])/i;
const OTHERS =
  /^(?:#!|#include|#cloud-config-archive|#cloud-config-jsonp|#cloud-boothook|#part-handler|##\s*template:\s*jinja)/i;
/** RFC 2045: a message of several parts. cloud-init looks for its header as far in as this. */
const MIME = /^(?:content-type|mime-version):/im;
const MIME_WITHIN = 4_096;

const TAKEN =
  'begin it with #cloud-config where it is YAML; #!, #include, #cloud-boothook, #part-handler, #cloud-config-archive, ## template: jinja and MIME messages are taken as well';

/** Why cloud-init could make nothing of its user data or vendor data. Pure. */
export function judgeUserData(text: string): DocumentFault | undefined {
  const start = text.trimStart();
  if (CLOUD_CONFIG.test(start)) return judgeYaml(text, { mayBeEmpty: true });
  if (OTHERS.test(start) || MIME.test(text.slice(0, MIME_WITHIN))) return undefined;
  return { line: 1, column: 1, reason: `cloud-init does not know what this is: ${TAKEN}` };
}

type YamlWish = {
  /** Comments alone do. */
  readonly mayBeEmpty?: boolean;
  /** Each document is a mapping. */
  readonly maySeveral?: boolean;
};

/**
 * Why a text is no YAML mapping. Pure. Its readers take YAML 1.1 or 1.2, and keys twice: what one of two parsers takes is let through.
 * The fast one goes first, as documents may be large; the other one knows places.
 */
export function judgeYaml(text: string, wish: YamlWish = {}): DocumentFault | undefined {
  const values = readFast(text);
  if (values?.every(isMapping) === true && (values.length === 1 || (values.length > 1 && wish.maySeveral === true)))
    return undefined;
  return judgeThoroughly(text, wish);
}

function readFast(text: string): readonly unknown[] | undefined {
  try {
    return loadAll(text, { schema: CORE_SCHEMA });
  } catch {
    return undefined;
  }
}

function isMapping(value: unknown): boolean {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function judgeThoroughly(
  text: string,
  { mayBeEmpty = false, maySeveral = false }: YamlWish,
): DocumentFault | undefined {
  const lines = new LineCounter();
  const at = (offset: number) => {
    const { line, col } = lines.linePos(offset);
    return { line: Math.max(1, line), column: Math.max(1, col) };
  };
  const options = { lineCounter: lines, prettyErrors: false, uniqueKeys: false, logLevel: 'silent' } as const;
  try {
    const documents = [...parseAllDocuments(text, { ...options, version: '1.1' })];
    const error = documents.flatMap(({ errors }) => errors)[0];
    // It takes its own stack's end for an error of the text.
    if (error?.message.includes('call stack')) return { reason: TOO_DEEP };
    if (error !== undefined) return { ...at(error.pos[0]), reason: error.message.split('\n')[0] ?? '' };
    const [first, second] = documents;
    if (second !== undefined && !maySeveral)
      return { ...at(second.range[0]), reason: 'must be one YAML document, and another one begins here' };
    if (first === undefined || documents.every(({ contents }) => isNothing(contents)))
      return mayBeEmpty ? undefined : { line: 1, column: 1, reason: 'must be a YAML mapping, and holds nothing' };
    const other = documents.find(({ contents }) => !isMap(contents));
    if (other === undefined) return undefined;
    return { ...at(other.contents?.range[0] ?? other.range[0]), reason: 'must be a YAML mapping' };
  } catch (thrown) {
    return { reason: thrown instanceof RangeError ? TOO_DEEP : String(thrown) };
  }
}

const TOO_DEEP = 'it is nested too deep';

function isNothing(contents: ParsedNode | null): boolean {
  return contents === null || ('value' in contents && contents.value === null);
}
