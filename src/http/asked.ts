import type { FastifyRequest } from 'fastify';
import { z } from 'zod';
import { problemsOfIssue } from '../config/issue-problems.js';
import { formatPath } from '../config/problem.js';
import { BootlayerError } from '../errors.js';
import type { Taken } from './api-route.js';

/** What is wrong in a request: `path` within the part, as the configuration's problems have it. */
export type RequestProblem = {
  readonly in: 'path' | 'query' | 'header' | 'body';
  readonly path: string;
  readonly message: string;
};

/** Of more problems, one does not see the request for the problems. */
const MOST_PROBLEMS = 100;

const DEEPEST = 32;

const NOTHING = z.strictObject({}, 'there is no such thing to say here: this takes no query');

/** The parts of a request that the route takes, parsed. Throws REQUEST_INVALID with all problems at once. */
export function readAsked(
  { params, query, headers, body }: Taken,
  request: Pick<FastifyRequest, 'params' | 'query' | 'headers' | 'body'>,
): Record<string, unknown> {
  const parts = [
    params && readPart('path', params, request.params),
    readPart('query', query ?? NOTHING, request.query),
    headers && readPart('header', headers, request.headers),
    body && readPart('body', body, request.body),
  ];
  const problems = parts.flatMap((part) => part?.problems ?? []);
  if (problems.length > 0) throw requestInvalid(problems);
  const [inPath, inQuery, inHeaders, inBody] = parts.map((part) => part?.data);
  return { params: inPath, query: inQuery, headers: inHeaders, body: inBody };
}

type PartRead = { readonly data?: unknown; readonly problems: readonly RequestProblem[] };

function readPart(part: RequestProblem['in'], schema: z.ZodType, value: unknown): PartRead {
  // A request without a body has none, which is not a body that is nothing.
  if (part === 'body' && value === undefined && !schema.safeParse(undefined).success) {
    return { problems: [{ in: part, path: '', message: 'is missing: send it in JSON' }] };
  }
  if (part === 'body' && isTooDeep(value)) return { problems: [{ in: part, path: '', message: 'is nested too deep' }] };
  const { data, error } = schema.safeParse(value);
  if (error === undefined) return { data, problems: [] };
  const problems = error.issues.flatMap(problemsOfIssue);
  return { problems: problems.map(({ path, message }) => ({ in: part, path: formatPath(path), message })) };
}

/** Deeper than anything that is taken: whoever follows it by calling itself is not to run out of stack. */
function isTooDeep(value: unknown): boolean {
  let level: readonly unknown[] = [value];
  for (let depth = 0; level.length > 0; depth += 1) {
    if (depth > DEEPEST) return true;
    level = level.flatMap((one): readonly unknown[] =>
      typeof one === 'object' && one !== null ? Object.values(one) : [],
    );
  }
  return false;
}

/** A request that cannot be followed, and everything that is wrong with it. */
export function requestInvalid(problems: readonly RequestProblem[]): BootlayerError {
  const told = problems.slice(0, MOST_PROBLEMS);
  const [first] = told;
  const message =
    first !== undefined && problems.length === 1
      ? `${whereOf(first)}: ${first.message}`
      : `the request has ${problems.length} problems, the first ${first === undefined ? '' : `at the ${whereOf(first)}: ${first.message}`}`;
  return new BootlayerError('REQUEST_INVALID', message, { details: { problems: told } });
}

function whereOf({ in: part, path }: RequestProblem): string {
  return path === '' ? part : `${part} "${path}"`;
}
