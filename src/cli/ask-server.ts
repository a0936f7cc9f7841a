import { BootlayerError, ERROR_CODES, type ErrorCode } from '../errors.js';

/** `body`: what is posted; without one the answer is only read. */
export type Question = { readonly path: string; readonly body?: unknown; readonly signal: AbortSignal };

/** Thousands of large files are not removed at once. */
const PATIENCE_MILLISECONDS = 4 * 60_000;

/**
 * What the server answers at its API listener, `http://127.0.0.1:8081`; undefined where none answers, or something that is none
 * of ours. Throws the error that it tells, and BLOB_UNAVAILABLE when it does not come to an end.
 */
export async function askServer(
  api: string,
  { path, body, signal }: Question,
  patience = PATIENCE_MILLISECONDS,
): Promise<unknown> {
  const late = AbortSignal.timeout(patience);
  const answer = await ask(`${api}${path}`, body, AbortSignal.any([signal, late]));
  signal.throwIfAborted();
  if (answer === undefined && late.aborted) {
    throw new BootlayerError('BLOB_UNAVAILABLE', `the server at ${api} has not answered yet`, {
      remedy: 'it is busy with it: see its log, and try again',
    });
  }
  if (answer?.isGood === true) return answer.body;
  const told = toldBy(answer?.body);
  if (told !== undefined) throw told;
  return undefined;
}

type Answer = { readonly isGood: boolean; readonly body: unknown };

async function ask(url: string, body: unknown, signal: AbortSignal): Promise<Answer | undefined> {
  try {
    const headers = { 'content-type': 'application/json' };
    const posted = body === undefined ? {} : { method: 'POST', headers, body: JSON.stringify(body) };
    const response = await fetch(url, { ...posted, signal, redirect: 'error' });
    return { isGood: response.ok, body: await response.json() };
  } catch {
    // Nobody is there, or somebody who does not speak as we do.
    return undefined;
  }
}

type Told = { readonly code?: unknown; readonly message?: unknown; readonly details?: { readonly remedy?: unknown } };

/** The error that an answer of a server tells. */
export function toldBy(answer: unknown): BootlayerError | undefined {
  const { code, message, details } = ((answer ?? {}) as { readonly error?: Told }).error ?? {};
  if (!isErrorCode(code) || typeof message !== 'string') return undefined;
  return new BootlayerError(code, message, typeof details?.remedy === 'string' ? { remedy: details.remedy } : {});
}

function isErrorCode(code: unknown): code is ErrorCode {
  return typeof code === 'string' && Object.hasOwn(ERROR_CODES, code);
}
