/** How one registry (`host[:port]`) is to be reached. */
export type RegistrySettings = {
  /** Without TLS. */
  readonly plainHttp: boolean;
  /** A PEM file with certificate authorities that are trusted beside the system's. Absolute. */
  readonly caFile?: string;
  readonly credentials?: PasswordFile;
};

/** The password is the file's first line; it is read anew whenever it is needed. */
export type PasswordFile = { readonly username: string; readonly passwordFile: string };

export type FindSettings = (registry: string) => RegistrySettings;

export const DEFAULT_SETTINGS: RegistrySettings = { plainHttp: false };
