import { createHash, timingSafeEqual } from 'node:crypto';
import type { FastifyRequest } from 'fastify';
import type { ApiToken } from '../config/schema.js';
import { BootlayerError } from '../errors.js';
import { TokenBuckets } from '../net/token-buckets.js';
import { addressOf } from './address-of.js';
import type { ApiGuard } from './api.js';
import { refuseForeignPages } from './foreign-pages.js';

export type ApiGuardParts = {
  /** Those that count now; undefined where there is no token file, and whoever reaches the listener may do everything. */
  readonly tokens: () => readonly ApiToken[] | undefined;
  /** Milliseconds that only go forward. */
  readonly ticks: () => number;
};

/** Of one token, or without tokens of one address: a dashboard and some scripts at the same time. */
const REQUESTS = { burst: 400, perSecond: 100, places: 1_024 };
/** Of one address. */
const WRONG_TOKENS = { burst: 10, perSecond: 10, places: 4_096 };

/**
 * Who may ask the API what. With tokens, whoever has one of them (RFC 6750); without, this host, and of browsers on it only
 * pages that are ours. Throws UNAUTHORIZED, FORBIDDEN and RATE_LIMITED.
 */
export function apiGuard({ tokens, ticks }: ApiGuardParts): ApiGuard {
  const requests = new TokenBuckets(REQUESTS);
  const wrong = new TokenBuckets(WRONG_TOKENS);
  const requireTurn = (key: string) => {
    if (!requests.take(key, ticks())) throw tooMany('requests');
  };
  return async (request, access) => {
    const known = tokens();
    const address = addressOf(request);
    if (known === undefined) {
      await refuseForeignPages(request);
      return requireTurn(address);
    }
    const sha256 = presentedBy(request);
    if (sha256 === undefined) {
      requireTurn(address);
      throw unauthorized('this needs a token');
    }
    // A guess that is one too many is not even looked at, nor is a right token of the same address for that moment.
    if (!wrong.has(address, ticks())) throw tooMany('wrong tokens');
    const token = findToken(known, sha256);
    if (token === undefined) {
      wrong.take(address, ticks());
      throw unauthorized('the token is none that is known here');
    }
    requireTurn(token.sha256);
    if (access === 'admin' && token.role !== 'admin') throw forbidden();
  };
}

/** Of the token that came with a request; undefined where none did. */
function presentedBy({ headers }: FastifyRequest): Buffer | undefined {
  const [, token] = /^Bearer +(\S+) *$/i.exec(headers.authorization ?? '') ?? [];
  return token === undefined ? undefined : createHash('sha256').update(token).digest();
}

/** Takes the same time whichever it is, and when it is none. */
function findToken(tokens: readonly ApiToken[], sha256: Buffer): ApiToken | undefined {
  let found: ApiToken | undefined;
  for (const token of tokens) if (timingSafeEqual(Buffer.from(token.sha256, 'hex'), sha256)) found = token;
  return found;
}

function unauthorized(what: string): BootlayerError {
  return new BootlayerError('UNAUTHORIZED', what, {
    remedy: 'send "Authorization: Bearer TOKEN" with one of api.tokenFile',
  });
}

function forbidden(): BootlayerError {
  return new BootlayerError('FORBIDDEN', "the token's role is read, and this needs admin", {
    remedy: 'use a token of the role admin',
  });
}

function tooMany(what: string): BootlayerError {
  return new BootlayerError('RATE_LIMITED', `too many ${what} came from there`, { remedy: 'try again in a second' });
}
