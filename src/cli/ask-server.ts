import { BootlayerError, ERROR_CODES, type ErrorCode } from '../errors.js';
import { type Endpoint, formatEndpoint } from '../net/endpoint.js';

export type Question = { readonly path: string; readonly body: unknown; readonly signal: AbortSignal };

const PATIENCE_MILLISECONDS = 60_000;

/**
 * What the server on this host answers at its API listener; undefined where none answers, or one that is not meant. Throws the
 * error that it tells.
 */
export async function askServer(api: Endpoint, { path, body, signal }: Question): Promise<unknown> {
  const response = await fetch(`http://${formatEndpoint(api)}${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
    signal: AbortSignal.any([signal, AbortSignal.timeout(PATIENCE_MILLISECONDS)]),
    redirect: 'error',
  }).catch(() => undefined);
  signal.throwIfAborted();
  const answer: unknown = await response?.json().catch(() => undefined);
  if (response?.ok === true) return answer;
  const told = toldBy(answer);
  if (told === undefined || told.code === 'NOT_FOUND') return undefined;
  throw new BootlayerError(told.code, told.message);
}

function toldBy(answer: unknown): { readonly code: ErrorCode; readonly message: string } | undefined {
  const { error } = (answer ?? {}) as { readonly error?: { readonly code?: unknown; readonly message?: unknown } };
  const { code, message } = error ?? {};
  return isErrorCode(code) && typeof message === 'string' ? { code, message } : undefined;
}

function isErrorCode(code: unknown): code is ErrorCode {
  return typeof code === 'string' && Object.hasOwn(ERROR_CODES, code);
}
