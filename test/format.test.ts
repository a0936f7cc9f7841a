import { expect, it } from 'vitest';
import { formatBytes, formatDuration, formatSeconds, parseBytes, parseDuration } from '../src/format.js';

it.each([
  [0, '0 B'],
  [1023, '1023 B'],
  [1536, '1.5 KiB'],
  [150 * 1024 ** 2, '150 MiB'],
  [3 * 1024 ** 4, '3.0 TiB'],
])('%d bytes are %s', (bytes, text) => expect(formatBytes(bytes)).toBe(text));

it.each([
  [0.423, '0.42 s'],
  [12.34, '12.3 s'],
  [185, '3 min 05 s'],
])('%d seconds are %s', (seconds, text) => expect(formatSeconds(seconds)).toBe(text));

it.each([
  ['50GiB', 50 * 1024 ** 3],
  ['1.5 TiB', 1.5 * 1024 ** 4],
  ['800 MB', 800_000_000],
  ['10g', 10_000_000_000],
  ['4096', 4096],
  ['7B', 7],
])('%s is %d bytes', (text, bytes) => expect(parseBytes(text)).toBe(bytes));

it.each(['', 'x', '-1', '1 XB', '1iB', '1e9', '1,5 GB', '99999999 PB'])('%j is no size', (text) =>
  expect(parseBytes(text)).toBeUndefined(),
);

it.each([
  ['90s', 90_000, '90 s'],
  ['30m', 1_800_000, '30 min'],
  ['1h', 3_600_000, '1 h'],
  ['1.5 h', 5_400_000, '90 min'],
  ['7d', 604_800_000, '7 d'],
  ['1500ms', 1_500, '1500 ms'],
])('%s is %d ms, told as %s', (text, milliseconds, told) => {
  expect(parseDuration(text)).toBe(milliseconds);
  expect(formatDuration(milliseconds)).toBe(told);
});

it.each(['', '1', 'h', '-1h', '1 year', '1e3 s', '99999999999999999d'])('%j is no duration', (text) =>
  expect(parseDuration(text)).toBeUndefined(),
);
