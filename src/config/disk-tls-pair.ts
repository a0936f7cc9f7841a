import { createSecureContext } from 'node:tls';
import { readSource, type Source } from './disk-sources.js';
import type { Problem } from './problem.js';
import type { Config, TlsListener, TlsPair } from './schema.js';
import { judgePair } from './tls-pair.js';

/** What became of the files that `http.tls` names. */
export type PairRead = {
  /** What they held, for who watches them. */
  readonly sources: readonly Source[];
  /** Missing where they cannot be used, which the problems say then. */
  readonly pair?: TlsPair;
  readonly problems: readonly Problem[];
  readonly warnings: readonly string[];
};

const NOTHING: PairRead = { sources: [], problems: [], warnings: [] };

/** Never rejects. */
export async function readPair(tls: TlsListener | undefined, advertise: Config['advertise']): Promise<PairRead> {
  if (tls === undefined) return NOTHING;
  const [cert, key] = await Promise.all([readSource(tls.certFile), readSource(tls.keyFile)]);
  const sources = [cert, key];
  const judged = judgePair({ cert, key, advertise, now: new Date() });
  if (judged.kind === 'unusable') return { sources, problems: judged.problems, warnings: [] };
  const { pair, warnings } = judged;
  const refused = whyRefused(pair);
  if (refused === undefined) return { sources, pair, problems: [], warnings };
  const message = `${tls.certFile} cannot be used (${refused}): make a certificate with an RSA key of 2048 bits and sha256`;
  return { sources, problems: [{ path: ['http', 'tls', 'cert'], message }], warnings: [] };
}

/** The library has demands of its own, such as how long a key is. */
function whyRefused(pair: TlsPair): string | undefined {
  try {
    createSecureContext(pair);
    return undefined;
  } catch (thrown) {
    // error:0A00018F:SSL routines::ee key too small
    return thrown instanceof Error ? (thrown.message.split(':').at(-1) ?? thrown.message) : String(thrown);
  }
}
