import type { FastifyReply } from 'fastify';
import { BootlayerError, type ErrorCode, publicMessage, publicRemedy, systemErrorCode } from '../errors.js';
import { clientGone } from './client-gone.js';

/** The one place where an error becomes an HTTP status. */
const STATUS: Readonly<Record<ErrorCode, number>> = {
  CONFIG_INVALID: 500,
  USAGE: 400,
  NOT_IN_THIS_VERSION: 501,
  REFERENCE_INVALID: 400,
  DIGEST_INVALID: 400,
  IMAGE_NOT_FOUND: 404,
  IMAGE_INVALID: 502,
  IMAGE_NO_PLATFORM: 404,
  REGISTRY_UNREACHABLE: 503,
  REGISTRY_DENIED: 502,
  DIGEST_MISMATCH: 502,
  BLOB_UNKNOWN: 404,
  BLOB_UNAVAILABLE: 503,
  DISK_FULL: 507,
  DATA_UNUSABLE: 500,
  PLAN_IMPOSSIBLE: 409,
  PORT_UNAVAILABLE: 500,
  DHCP_CONFLICT: 500,
  SERVER_UNREACHABLE: 503,
  REQUEST_INVALID: 400,
  UNAUTHORIZED: 401,
  FORBIDDEN: 403,
  RATE_LIMITED: 429,
  METHOD_NOT_ALLOWED: 405,
  NOT_FOUND: 404,
  CONFLICT: 409,
  READ_ONLY_ENTRY: 409,
  NO_LEASES: 409,
  PRECONDITION_FAILED: 412,
  INTERRUPTED: 500,
  INTERNAL: 500,
};

/** What else is said of an error (RFC 9110, 11.6.1 and 10.2.3). */
const HEADERS: Partial<Record<ErrorCode, Readonly<Record<string, string>>>> = {
  UNAUTHORIZED: { 'www-authenticate': 'Bearer realm="bootlayer"' },
  RATE_LIMITED: { 'retry-after': '1' },
};

/** `{ "error": { "code", "message", "details"? } }` with an exact length; faults of ours are logged and not explained to the network, nor who is gone. */
export function sendError(reply: FastifyReply, thrown: unknown): FastifyReply {
  const refused = statusOfFramework(thrown);
  const error = refused === undefined ? BootlayerError.from(thrown) : requestInvalid(thrown);
  const status = refused ?? STATUS[error.code];
  if (error.code === 'INTERNAL') reply.log.error({ err: thrown }, 'a request failed');
  else if (status >= 500 && thrown !== clientGone(reply.request.raw.socket).reason)
    reply.log.warn({ event: 'request.failed', url: loggedUrl(reply.request.url), code: error.code }, error.message);
  return reply
    .code(status)
    .type('application/json')
    .headers({ 'cache-control': 'no-store', ...(refused === undefined && HEADERS[error.code]) })
    .send(errorBody(error));
}

/**
 * Whoever reads the log is not to say that a boot is done, nor to fetch a machine's configuration. What is as long as a capability goes
 * wherever it stands: the router reads doubled slashes and escapes as others do not.
 */
function loggedUrl(url: string): string {
  return url.replace(/(\/(?:done|provision)\/+)[^/?]*/, '$1…').replace(/(?<![\w-])[\w-]{43}(?![\w-])/g, '…');
}

/** As the network is told of it: a line of JSON. */
export function errorBody(error: BootlayerError): string {
  const details = detailsOf(error);
  const told = { code: error.code, message: publicMessage(error), ...(details !== undefined && { details }) };
  return `${JSON.stringify({ error: told })}\n`;
}

const HAVE_PROBLEMS: ReadonlySet<ErrorCode> = new Set(['REQUEST_INVALID', 'CONFLICT']);

/** What may be done about it, and what is wrong with the request where it is that. */
function detailsOf(error: BootlayerError): object | undefined {
  const remedy = publicRemedy(error);
  const found = HAVE_PROBLEMS.has(error.code) && typeof error.details === 'object' ? error.details : null;
  return remedy === undefined && found === null ? undefined : { ...(remedy !== undefined && { remedy }), ...found };
}

export function statusOf(code: ErrorCode): number {
  return STATUS[code];
}

/** Fastify's own errors carry a 4xx status: the client's mistake, not ours. */
function statusOfFramework(thrown: unknown): number | undefined {
  if (!(thrown instanceof Error) || !('statusCode' in thrown)) return undefined;
  const { statusCode } = thrown;
  return typeof statusCode === 'number' && statusCode >= 400 && statusCode < 500 ? statusCode : undefined;
}

/** What may be done about fastify's own errors, by their codes. */
const REMEDIES: Readonly<Record<string, string>> = {
  FST_ERR_CTP_INVALID_MEDIA_TYPE: 'send JSON, and say so with the header content-type: application/json',
  FST_ERR_CTP_INVALID_JSON_BODY: 'send JSON, such as {"name": "node-01"}',
  FST_ERR_CTP_EMPTY_JSON_BODY: 'send a body in JSON, or no content-type',
  FST_ERR_CTP_BODY_TOO_LARGE: 'send less at a time',
};

function requestInvalid(cause: unknown): BootlayerError {
  const remedy = REMEDIES[systemErrorCode(cause) ?? ''];
  const message = cause instanceof Error ? cause.message : String(cause);
  return new BootlayerError('REQUEST_INVALID', message, { cause, ...(remedy !== undefined && { remedy }) });
}
