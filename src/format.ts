/** Numbers and texts as people read them. */

const UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB'] as const;

/** `12.3 MiB`: three digits that count. */
export function formatBytes(bytes: number): string {
  let value = bytes;
  let unit = 0;
  while (value >= 1024 && unit < UNITS.length - 1) {
    value /= 1024;
    unit += 1;
  }
  const digits = unit === 0 || value >= 100 ? 0 : 1;
  return `${value.toFixed(digits)} ${UNITS[unit]}`;
}

/** `50GiB`, `1.5 TiB`, `800 MB`, `4096`, as bytes; undefined when it is no size. */
export function parseBytes(text: string): number | undefined {
  const [, number = '', prefix = '', binary] = /^(\d+(?:\.\d+)?)\s*(?:([KMGTP])(i)?)?B?$/i.exec(text.trim()) ?? [];
  if (number === '') return undefined;
  const power = ' KMGTP'.indexOf(prefix.toUpperCase() || ' ');
  const bytes = Math.floor(Number(number) * (binary === undefined ? 1000 : 1024) ** power);
  return Number.isSafeInteger(bytes) ? bytes : undefined;
}

/** `0.42 s`, `12.3 s`, `3 min 05 s`. */
export function formatSeconds(seconds: number): string {
  if (seconds < 10) return `${seconds.toFixed(2)} s`;
  if (seconds < 60) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  return `${Math.floor(whole / 60)} min ${String(whole % 60).padStart(2, '0')} s`;
}

const SPANS = { ms: 1, s: 1_000, m: 60_000, min: 60_000, h: 3_600_000, d: 86_400_000 } as const;

/** `90s`, `30m`, `1h`, `7 d`, as milliseconds; undefined when it is no duration. */
export function parseDuration(text: string): number | undefined {
  const [, number = '', unit = ''] = /^(\d+(?:\.\d+)?)\s*(ms|s|min|m|h|d)$/.exec(text.trim()) ?? [];
  if (number === '') return undefined;
  const milliseconds = Number(number) * SPANS[unit as keyof typeof SPANS];
  return Number.isSafeInteger(milliseconds) ? milliseconds : undefined;
}

/** `7 d`, `1 h`, `90 s`: in the largest unit of which it is a whole number. */
export function formatDuration(milliseconds: number): string {
  const unit = (['d', 'h', 'min', 's'] as const).find((one) => milliseconds > 0 && milliseconds % SPANS[one] === 0);
  return unit === undefined ? `${milliseconds} ms` : `${milliseconds / SPANS[unit]} ${unit}`;
}

/** Printable ASCII in one line, a space for each run of anything else: for what others say, and loaders print. */
export function asciiLine(text: string): string {
  return text.replace(/[^\x20-\x7e]+/g, ' ');
}

/** `a, b and 7 more`: the first so many. */
export function fewOf(texts: readonly string[], most: number, separator = ', '): string {
  const more = texts.length > most ? ` and ${texts.length - most} more` : '';
  return `${texts.slice(0, most).join(separator)}${more}`;
}

/** `1 blob`, `2 blobs`. */
export function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}

/** Text that came from elsewhere: control characters could drive a person's terminal. Line ends stay. */
export function harmless(text: string): string {
  return text.replace(/[^\P{Cc}\n]|[\p{Cf}\u2028\u2029]/gu, '?');
}
