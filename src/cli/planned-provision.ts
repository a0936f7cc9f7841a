import type { ExplainedDocument, ProvisionExplanation } from '../booter/explained-provision.js';
import { formatBytes, formatDuration, harmless } from '../format.js';
import { emphasize, type Output, writeLine } from './output.js';

/** The same as JSON. */
export function provisionDocument({ life, ...others }: ProvisionExplanation) {
  return { ...others, lifeSeconds: life / 1000 };
}

/** What the machine is handed as its configuration: in one line, or with the text of each document. */
export function writeProvision(output: Output, provision: ProvisionExplanation): void {
  const { set, kinds, life, isOnce, isByAddress, unled, documents } = provision;
  const how = `${isOnce ? ', each document once' : ''}${isByAddress ? ', at /provision/self by its address, too' : ''}`;
  const named = set === undefined ? '' : ` of provisions "${set}"`;
  const more = documents === undefined ? ' (--provision shows it)' : '';
  writeLine(
    output,
    `  handed    ${kinds.join(', ')}${harmless(named)}, for ${formatDuration(life)} of each boot${how}${more}`,
  );
  const unwritten = documents?.find((document) => 'refused' in document);
  if (unwritten !== undefined)
    warn(output, `the machine is not booted, since ${unwritten.path} cannot be written for it: see below`);
  if (unled === undefined) return;
  const { reason, remedy } = unled;
  const text = `nothing leads the machine to what it is handed, since ${reason}: ${remedy}`;
  warn(output, text);
}

function warn(output: Output, text: string): void {
  writeLine(output, `${emphasize(output, 'bold', 'warning')}: ${harmless(text)}`);
}

/** Below everything else: they may be long. */
export function writeDocuments(output: Output, documents: readonly ExplainedDocument[]): void {
  for (const document of documents) {
    const { path, file } = document;
    if ('refused' in document) {
      const text = `document ${path} cannot be written, so the machine is not booted: ${document.refused}`;
      writeLine(output, emphasize(output, 'bold', harmless(text)));
      continue;
    }
    const { contentType, bytes } = document;
    const whence = file === undefined ? 'of this server' : `from ${file}`;
    const what = `document ${path} (${contentType}, ${formatBytes(bytes)}) ${whence}`;
    writeLine(output, emphasize(output, 'bold', harmless(what)));
    if ('sha256' in document) {
      writeLine(output, `  no text: sha256 ${document.sha256}`);
      continue;
    }
    for (const line of document.text.replace(/\n$/, '').split('\n')) writeLine(output, `  ${harmless(line)}`);
  }
}
