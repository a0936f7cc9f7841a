import { parseChallenges } from './challenge.js';
import { basicAuthorization, type Credential, describeCredential, type FindCredential } from './credential.js';
import { denied, type RequestContext } from './registry-error.js';
import { areOfOneSite } from './site.js';
import type { TokenClient } from './token-client.js';

export type AuthorizerParts = {
  readonly tokens: TokenClient;
  readonly credentials: FindCredential;
  /** Milliseconds that only go forward. */
  readonly ticks: () => number;
  /** Something odd that does not keep anybody from anything. */
  readonly warn: (text: string) => void;
};

/** The value of an `Authorization` header, and on whose behalf, for messages: a token may be anybody's. */
export type Authorization = { readonly header: string; readonly whom: string; readonly isKnown: boolean };

/** A 401: what was asked, what the server wants, and what it had been shown. */
export type Refusal = {
  readonly url: URL;
  readonly context: RequestContext;
  /** Its WWW-Authenticate. */
  readonly challenge: string;
  readonly ca: string | undefined;
};

const MAX_KEPT = 1_000;
const LONGEST_SECONDS = 3_600;
/** A password is looked up anew after this time, so that a new one is taken before the old one is refused. */
const PASSWORD_SECONDS = 300;

/** Answers the challenges of registries (RFC 9110, 11.6.1), and remembers the answers by registry and scope. */
export class Authorizer {
  readonly #parts: AuthorizerParts;
  readonly #kept = new Map<string, { readonly authorization: Authorization; readonly until: number }>();
  readonly #underWay = new Map<string, Promise<Authorization>>();
  readonly #warned = new Set<string>();

  constructor(parts: AuthorizerParts) {
    this.#parts = parts;
  }

  /** What was good before for the same registry and scope, so that most requests need no challenge. */
  remembered(url: URL, { scope }: RequestContext): Authorization | undefined {
    const kept = this.#kept.get(keyOf(url, scope));
    return kept !== undefined && kept.until > this.#parts.ticks() ? kept.authorization : undefined;
  }

  forget(url: URL, { scope }: RequestContext): void {
    this.#kept.delete(keyOf(url, scope));
  }

  /**
   * Another answer, asked for once however many were refused at the same time. Throws REGISTRY_DENIED when there is none
   * to give; other errors are worth another try.
   */
  async renew(refusal: Refusal): Promise<Authorization> {
    const key = keyOf(refusal.url, refusal.context.scope);
    const running = this.#underWay.get(key) ?? this.#answer(refusal, key).finally(() => this.#underWay.delete(key));
    this.#underWay.set(key, running);
    return running;
  }

  async #answer({ url, context, challenge, ca }: Refusal, key: string): Promise<Authorization> {
    const challenges = parseChallenges(challenge);
    const credential = await this.#parts.credentials(context.registry, context.repository);
    const whom = describeCredential(credential);
    const shown = { whom, isKnown: credential.kind !== 'anonymous' };
    const bearer = challenges.find(({ scheme }) => scheme === 'bearer');
    if (bearer !== undefined) {
      if (credential.kind === 'bearer') return this.#keep(key, { header: `Bearer ${credential.token}`, ...shown });
      const { parameters } = bearer;
      this.#warnOfForeign(url, parameters.realm, credential);
      const { token, seconds } = await this.#parts.tokens.fetch({
        registry: url,
        parameters,
        scope: context.scope,
        credential,
        ca,
        name: context.registry,
      });
      // Four fifths of its life: a clock may be off, and a download takes its time.
      return this.#keep(key, { header: `Bearer ${token}`, ...shown }, Math.min(seconds, LONGEST_SECONDS) * 0.8);
    }
    if (challenges.some(({ scheme }) => scheme === 'basic') && credential.kind === 'basic') {
      const header = basicAuthorization(credential.username, credential.password);
      return this.#keep(key, { header, ...shown });
    }
    const offered = challenges.map(({ scheme }) => scheme).join(', ') || 'of no kind it names';
    throw denied(context, `${context.what}: it wants credentials (${offered}), and there are ${whom} for it`);
  }

  #keep(key: string, authorization: Authorization, seconds = PASSWORD_SECONDS): Authorization {
    const [oldest] = this.#kept.keys();
    if (this.#kept.size >= MAX_KEPT && oldest !== undefined) this.#kept.delete(oldest);
    this.#kept.set(key, { authorization, until: this.#parts.ticks() + seconds * 1_000 });
    return authorization;
  }

  /** A registry may name any server to show its credentials to: that of another domain is worth a look. */
  #warnOfForeign(registry: URL, realm: string | undefined, credential: Credential): void {
    if (credential.kind === 'anonymous' || realm === undefined || !URL.canParse(realm)) return;
    const { host, hostname } = new URL(realm);
    if (areOfOneSite(hostname, registry.hostname) || this.#warned.has(`${registry.host} ${host}`)) return;
    // Which hosts it names is the registry's choice.
    if (this.#warned.size >= MAX_KEPT) this.#warned.clear();
    this.#warned.add(`${registry.host} ${host}`);
    this.#parts.warn(`${registry.host} has its credentials shown to ${host}, which is of another domain`);
  }
}

function keyOf(url: URL, scope: string): string {
  return `${url.origin} ${scope}`;
}
