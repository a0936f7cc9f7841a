import { createHash } from 'node:crypto';
import { API_ROLES, type ApiRole, type ApiToken } from './schema.js';

/** A token as it is written. It is a secret: no text for people holds it. */
export type WrittenToken = { readonly role: ApiRole; readonly token: string };

export type TokenFile = {
  readonly tokens: readonly WrittenToken[];
  /** Sentences with the number of their line. What stands on a wrong line is not told: it may be a token in the wrong place. */
  readonly problems: readonly string[];
};

const SHORTEST = 16;
const LONGEST = 512;
/** RFC 6750, 2.1: what a header may hold as a bearer token. */
const TOKEN = /^[\w.~+/-]+=*$/;
const MOST = 1_000;

const REMEDY = 'write a line such as "admin " with what "openssl rand -hex 32" prints behind it';

/** The lines of a token file: `role token`, with comments and empty lines between. Pure. */
export function parseTokenFile(text: string): TokenFile {
  const tokens: WrittenToken[] = [];
  const problems: string[] = [];
  const lineOf = new Map<string, number>();
  for (const [position, line] of text.split('\n').entries()) {
    const words = line.trim().split(/\s+/);
    if (line.trim() === '' || line.trim().startsWith('#')) continue;
    const read = readLine(words);
    const before = read.kind === 'token' ? lineOf.get(read.token) : undefined;
    if (read.kind === 'problem') problems.push(`line ${position + 1}: ${read.why}`);
    else if (before !== undefined) problems.push(`line ${position + 1}: it is the token of line ${before}`);
    else {
      lineOf.set(read.token, position + 1);
      tokens.push({ role: read.role, token: read.token });
    }
  }
  if (tokens.length > MOST) problems.push(`it holds ${tokens.length} tokens, and ${MOST} is the most`);
  if (tokens.length === 0 && problems.length === 0) problems.push(`it holds no token: ${REMEDY}`);
  return { tokens, problems };
}

type LineRead = ({ readonly kind: 'token' } & WrittenToken) | { readonly kind: 'problem'; readonly why: string };

function readLine([role = '', token = '', ...more]: readonly string[]): LineRead {
  const problem = (why: string) => ({ kind: 'problem', why }) as const;
  if (!isRole(role)) return problem(`the first word must be a role, ${API_ROLES.join(' or ')}`);
  if (token === '' || more.length > 0) return problem('it must be a role and a token, with a space between');
  const why = whyNoToken(token);
  return why === undefined ? { kind: 'token', role, token } : problem(why);
}

/** What is wrong with a token, in words that do not hold it. Pure. */
export function whyNoToken(token: string): string | undefined {
  if (token.length < SHORTEST)
    return `the token has fewer than ${SHORTEST} characters, which can be guessed: make one with "openssl rand -hex 32"`;
  if (token.length > LONGEST) return `the token has more than ${LONGEST} characters`;
  return TOKEN.test(token) ? undefined : 'a token holds letters, digits and - . _ ~ + / and at its end =, nothing else';
}

function isRole(word: string): word is ApiRole {
  return API_ROLES.some((role) => role === word);
}

/** As the server keeps it: whoever sees its memory or its log sees no token. Pure. */
export function keptToken({ role, token }: WrittenToken): ApiToken {
  return { role, sha256: createHash('sha256').update(token).digest('hex') };
}
