import { BootlayerError, ERROR_CODES, type ErrorCode } from '../errors.js';
import { authorization, type ServerApi } from './api-server.js';

/** `body`: what is posted, unless there is another method; without both the answer is only read. */
export type Question = {
  readonly path: string;
  readonly method?: 'PUT' | 'PATCH' | 'DELETE';
  /** Of what it must be as it was, or must not be there. */
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: unknown;
  readonly signal: AbortSignal;
};

/** Thousands of large files are not removed at once. */
const PATIENCE_MILLISECONDS = 4 * 60_000;

/**
 * What the server answers at its API listener; undefined where none answers, or something that is none
 * of ours. Throws the error that it tells, and BLOB_UNAVAILABLE when it does not come to an end.
 */
export async function askServer(
  api: ServerApi,
  { signal, ...question }: Question,
  patience = PATIENCE_MILLISECONDS,
): Promise<unknown> {
  const late = AbortSignal.timeout(patience);
  const answer = await ask(api, { ...question, signal: AbortSignal.any([signal, late]) });
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

const NO_CONTENT = 204;

type Answer = { readonly isGood: boolean; readonly body: unknown };

async function ask(api: ServerApi, question: Question): Promise<Answer | undefined> {
  const { path, body, signal } = question;
  const { method = body === undefined ? 'GET' : 'POST' } = question;
  try {
    const type = body === undefined ? {} : { 'content-type': 'application/json' };
    const headers = { ...authorization(api), ...type, ...question.headers };
    const sent = body === undefined ? {} : { body: JSON.stringify(body) };
    const response = await fetch(`${api.url}${path}`, { method, ...sent, headers, signal, redirect: 'error' });
    return { isGood: response.ok, body: response.status === NO_CONTENT ? {} : await response.json() };
  } catch {
    // Nobody is there, or somebody who does not speak as we do.
    return undefined;
  }
}

/** What is to be done about it on a command line, where that is something else than by HTTP. */
const REMEDIES: Partial<Record<ErrorCode, string>> = {
  UNAUTHORIZED: 'name a file with a token of the server by --token-file FILE',
  FORBIDDEN: 'name a file with a token of the role admin by --token-file FILE',
  PRECONDITION_FAILED: 'somebody else has changed it meanwhile: look at it, and run the command again',
};

type Told = {
  readonly code?: unknown;
  readonly message?: unknown;
  readonly details?: { readonly remedy?: unknown; readonly problems?: unknown };
};

/** The error that an answer tells of; undefined where it is none of ours. */
export function errorIn(answer: unknown): BootlayerError | undefined {
  const { code, message, details } = ((answer ?? {}) as { readonly error?: Told }).error ?? {};
  if (!isErrorCode(code) || typeof message !== 'string') return undefined;
  const remedy = REMEDIES[code] ?? details?.remedy;
  const lines = [message, ...problemsIn(details?.problems)].join('\n  ');
  return new BootlayerError(code, lines, { ...(typeof remedy === 'string' && { remedy }), details });
}

/** The message says what is wrong where that is one thing. */
function problemsIn(problems: unknown): readonly string[] {
  if (!Array.isArray(problems) || problems.length < 2) return [];
  return (problems as readonly { readonly path?: unknown; readonly message?: unknown }[]).map(
    ({ path, message }) => `${String(path)}: ${String(message)}`,
  );
}

function isErrorCode(code: unknown): code is ErrorCode {
  return typeof code === 'string' && Object.hasOwn(ERROR_CODES, code);
}
