import { BootlayerError, ERROR_CODES, type ErrorCode } from '../errors.js';
import { authorization, type ServerApi } from './api-server.js';

/** `body`: what is posted; without one the answer is only read. */
export type Question = { readonly path: string; readonly body?: unknown; readonly signal: AbortSignal };

/** Thousands of large files are not removed at once. */
const PATIENCE_MILLISECONDS = 4 * 60_000;

/**
 * What the server answers at its API listener; undefined where none answers, or something that is none
 * of ours. Throws the error that it tells, and BLOB_UNAVAILABLE when it does not come to an end.
 */
export async function askServer(
  api: ServerApi,
  { path, body, signal }: Question,
  patience = PATIENCE_MILLISECONDS,
): Promise<unknown> {
  const late = AbortSignal.timeout(patience);
  const answer = await ask(api, { path, body, signal: AbortSignal.any([signal, late]) });
  signal.throwIfAborted();
  if (answer === undefined && late.aborted) {
    throw new BootlayerError('BLOB_UNAVAILABLE', `the server at ${api.url} has not answered yet`, {
      remedy: 'it is busy with it: see its log, and try again',
    });
  }
  if (answer?.isGood === true) return answer.body;
  const told = errorIn(answer?.body);
  if (told !== undefined) throw told;
  return undefined;
}

type Answer = { readonly isGood: boolean; readonly body: unknown };

async function ask(api: ServerApi, { path, body, signal }: Question): Promise<Answer | undefined> {
  try {
    const type = body === undefined ? {} : { 'content-type': 'application/json' };
    const headers = { ...authorization(api), ...type };
    const posted = body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) };
    const response = await fetch(`${api.url}${path}`, { ...posted, headers, signal, redirect: 'error' });
    return { isGood: response.ok, body: await response.json() };
  } catch {
    // Nobody is there, or somebody who does not speak as we do.
    return undefined;
  }
}

/** What is to be done about it on a command line, where that is something else than by HTTP. */
const REMEDIES: Partial<Record<ErrorCode, string>> = {
  UNAUTHORIZED: 'name a file with a token of the server by --token-file FILE',
  FORBIDDEN: 'name a file with a token of the role admin by --token-file FILE',
};

type Told = { readonly code?: unknown; readonly message?: unknown; readonly details?: { readonly remedy?: unknown } };

/** The error that an answer tells of; undefined where it is none of ours. */
export function errorIn(answer: unknown): BootlayerError | undefined {
  const { code, message, details } = ((answer ?? {}) as { readonly error?: Told }).error ?? {};
  if (!isErrorCode(code) || typeof message !== 'string') return undefined;
  const remedy = REMEDIES[code] ?? details?.remedy;
  return new BootlayerError(code, message, typeof remedy === 'string' ? { remedy } : {});
}

function isErrorCode(code: unknown): code is ErrorCode {
  return typeof code === 'string' && Object.hasOwn(ERROR_CODES, code);
}
