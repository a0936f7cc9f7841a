import { stat } from 'node:fs/promises';
import { readSource, type Source, whyNoText } from './disk-sources.js';
import type { Problem } from './problem.js';
import type { ApiToken } from './schema.js';
import { keptToken, parseTokenFile } from './token-file.js';

/** What became of the file that `api.tokenFile` names. */
export type TokensRead = {
  /** What it held, for who watches it. */
  readonly sources: readonly Source[];
  /** Missing where there is no such file, or it cannot be used, which the problems say then. */
  readonly tokens?: readonly ApiToken[];
  readonly problems: readonly Problem[];
  readonly warnings: readonly string[];
};

const PATH = ['api', 'tokenFile'];
const OTHERS_MAY_READ = 0o004;

/** Never rejects. */
export async function readTokens(file: string | undefined): Promise<TokensRead> {
  if (file === undefined) return { sources: [], problems: [], warnings: [] };
  const source = await readSource(file);
  const problem = (message: string): Problem => ({ path: PATH, message });
  if (source.kind !== 'text') {
    const message = `cannot read ${file} (${whyNoText(source)}): name a file of tokens that the server may read`;
    return { sources: [source], problems: [problem(message)], warnings: [] };
  }
  const { tokens, problems } = parseTokenFile(source.text);
  if (problems.length > 0) {
    return { sources: [source], problems: problems.map((why) => problem(`${file}: ${why}`)), warnings: [] };
  }
  return { sources: [source], tokens: tokens.map(keptToken), problems: [], warnings: await warningsOf(file) };
}

async function warningsOf(file: string): Promise<readonly string[]> {
  const mode = (await stat(file).catch(() => undefined))?.mode ?? 0;
  if ((mode & OTHERS_MAY_READ) === 0) return [];
  return [`api.tokenFile: every user of this host may read ${file}: chmod o-r ${file}`];
}
