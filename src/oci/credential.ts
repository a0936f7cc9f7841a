/** What a registry is shown of us. */
export type Credential = (
  | { readonly kind: 'anonymous' }
  | { readonly kind: 'basic'; readonly username: string; readonly password: string }
  /** For the token server alone, which gives bearer tokens for it (distribution's oauth.md, refresh_token). */
  | { readonly kind: 'identity'; readonly token: string }
  /** A bearer token that somebody got elsewhere. */
  | { readonly kind: 'bearer'; readonly token: string }
) & {
  /** Where it was found, for messages: a file, or a helper. */
  readonly from?: string;
};

export const ANONYMOUS = { kind: 'anonymous' } as const satisfies Credential;

/** Finds what to show to a registry for one of its repositories, anew each time: passwords change. Throws REGISTRY_DENIED. */
export type FindCredential = (registry: string, repository: string) => Promise<Credential>;

/** `Authorization: Basic` (RFC 7617). */
export function basicAuthorization(username: string, password: string): string {
  return `Basic ${Buffer.from(`${username}:${password}`, 'utf8').toString('base64')}`;
}

/** Who is refused, for messages: never a secret. */
export function describeCredential(credential: Credential): string {
  return credential.from === undefined ? kindOf(credential) : `${kindOf(credential)} (from ${credential.from})`;
}

function kindOf(credential: Credential): string {
  switch (credential.kind) {
    case 'anonymous':
      return 'no credentials';
    case 'basic':
      return `user ${credential.username}`;
    case 'identity':
      return 'an identity token';
    case 'bearer':
      return 'a registry token';
  }
}
