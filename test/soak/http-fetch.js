import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { request } from 'node:http';

/**
 * `most`: goes away after so many bytes.
 * @typedef {{ address: string, method?: 'GET' | 'POST' | 'HEAD', range?: string, most?: number }} Asking
 * What came of it, `bytes` of a HEAD as it says: `cut`: it broke off, by whoever; `none`: nobody answered.
 * @typedef {{ kind: 'whole' | 'cut', status: number, bytes: number, body: Buffer, sha256: string } | { kind: 'none', reason: string }} Fetched
 */

const PATIENCE_MILLISECONDS = 60_000;
/** What is larger is hashed, and not kept. */
const KEPT_BYTES = 4 * 1024 * 1024;

/** Asks once, from an address of its own. Never rejects. @param {string} url @param {Asking} asking @returns {Promise<Fetched>} */
export async function fetchFrom(url, { address, method = 'GET', range, most = Number.POSITIVE_INFINITY }) {
  const headers = range === undefined ? {} : { range };
  const asked = request(url, { localAddress: address, method, headers, agent: false, timeout: PATIENCE_MILLISECONDS });
  asked.once('timeout', () => asked.destroy(new Error('no answer within a minute')));
  try {
    const [answer] = /** @type {[import('node:http').IncomingMessage]} */ (await once(asked.end(), 'response'));
    return await readAnswer(answer, { most, hasBody: method !== 'HEAD' });
  } catch (thrown) {
    return { kind: 'none', reason: thrown instanceof Error ? thrown.message : String(thrown) };
  } finally {
    asked.on('error', () => undefined);
    asked.destroy();
  }
}

/** @param {import('node:http').IncomingMessage} answer @param {{ most: number, hasBody: boolean }} how @returns {Promise<Fetched>} */
async function readAnswer(answer, { most, hasBody }) {
  const hash = createHash('sha256');
  /** @type {Buffer[]} */
  const kept = [];
  let bytes = 0;
  let isCut = false;
  try {
    for await (const chunk of /** @type {AsyncIterable<Buffer>} */ (answer)) {
      hash.update(chunk);
      if (bytes < KEPT_BYTES) kept.push(chunk);
      bytes += chunk.length;
      if (bytes < most) continue;
      isCut = true;
      break;
    }
  } catch {
    isCut = true;
  }
  const said = Number(answer.headers['content-length'] ?? bytes);
  if (!hasBody) bytes = said;
  const isWhole = !isCut && answer.complete && bytes === said;
  const body = Buffer.concat(kept);
  return { kind: isWhole ? 'whole' : 'cut', status: answer.statusCode ?? 0, bytes, body, sha256: hash.digest('hex') };
}
