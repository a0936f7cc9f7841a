/** How one registry (`host[:port]`) is to be reached. */
export type RegistrySettings = {
  /** Without TLS. */
  readonly plainHttp: boolean;
  /** A PEM file with certificate authorities that are trusted beside the system's. Absolute. */
  readonly caFile?: string;
  readonly credentials?: PasswordFile;
  /** Asked first, in this order; each is reached as the settings of its own host say. */
  readonly mirrors?: readonly Mirror[];
};

/** `https://mirror.lab/proxy`: repositories are below the path. */
export type Mirror = {
  readonly host: string;
  readonly plainHttp: boolean;
  /** `proxy`, or empty. */
  readonly path: string;
};

const NO_PASSWORD =
  "a mirror's URL holds no user and password: write credentials under registries, for the mirror's own host";

/** undefined unless it is an http(s) URL without anything but a path. Throws RangeError where it holds a password. */
export function parseMirror(text: string): Mirror | undefined {
  if (!URL.canParse(text)) return undefined;
  const { protocol, host, pathname, search, hash, username, password } = new URL(text);
  const path = pathname.replace(/^\/+|\/+$/g, '');
  if (`${username}${password}` !== '') throw new RangeError(NO_PASSWORD);
  const isBare = `${search}${hash}` === '' && /^[a-z0-9._/-]*$/.test(path);
  if (!isBare || (protocol !== 'https:' && protocol !== 'http:')) return undefined;
  return { host, plainHttp: protocol === 'http:', path };
}

/** The password is the file's first line; it is read anew whenever it is needed. */
export type PasswordFile = { readonly username: string; readonly passwordFile: string };

export type FindSettings = (registry: string) => RegistrySettings;

export const DEFAULT_SETTINGS: RegistrySettings = { plainHttp: false };
