/** `linux/arm64`: an image's platform in Go's names (image-spec, image-index.md). */
export type Platform = {
  readonly os: string;
  readonly architecture: string;
  /** The CPU variant (`v7`), not IronCore's `variant` annotation. */
  readonly variant?: string;
};

/** Names that firmware, iPXE, uname and people use for Go's architecture names (protocols: E5). */
const ALIASES: Readonly<Record<string, string>> = {
  x86_64: 'amd64',
  x64: 'amd64',
  'x86-64': 'amd64',
  aarch64: 'arm64',
  arm32: 'arm',
  i386: '386',
  i486: '386',
  i586: '386',
  i686: '386',
  x86: '386',
  loongarch64: 'loong64',
};

const ARCHITECTURES = new Set(['amd64', 'arm64', '386', 'arm', 'riscv64', 'loong64', 'ppc64le', 's390x', 'mips64le']);

/** Go's name for an architecture in any usual spelling; undefined when nobody knows it. */
export function parseArchitecture(text: string): string | undefined {
  const lower = text.trim().toLowerCase();
  const name = Object.hasOwn(ALIASES, lower) ? ALIASES[lower] : lower;
  return name !== undefined && ARCHITECTURES.has(name) ? name : undefined;
}

export function knownArchitectures(): readonly string[] {
  return [...ARCHITECTURES];
}

/** Go's name where there is one, the text as it is elsewhere: an index may name architectures we never heard of. */
export function normalizeArchitecture(text: string): string {
  return parseArchitecture(text) ?? text;
}

export function formatPlatform(platform: Platform): string {
  const base = `${platform.os}/${platform.architecture}`;
  return platform.variant === undefined ? base : `${base}/${platform.variant}`;
}

/** `linux/amd64` or `linux/arm/v7`; undefined when it is not of that form. */
export function parsePlatform(text: string): Platform | undefined {
  const [os, architecture, variant, ...rest] = text.split('/');
  if (os === undefined || architecture === undefined || rest.length > 0) return undefined;
  if (!/^[a-z0-9]+$/.test(os) || !/^[a-z0-9_-]+$/i.test(architecture) || variant === '') return undefined;
  const platform = { os, architecture: normalizeArchitecture(architecture) };
  return variant === undefined ? platform : { ...platform, variant };
}
