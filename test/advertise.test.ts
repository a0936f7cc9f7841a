import { expect, it } from 'vitest';
import { advertisedUrl } from '../src/advertise.js';
import { readConfigText } from '../src/config/read.js';
import { parseIp } from '../src/net/ip.js';

const config = (text: string) => readConfigText(text, '/etc/bootlayer/bootlayer.yaml', {}).config;
const hosts = (...addresses: string[]) => addresses.flatMap((address) => parseIp(address) ?? []);

it('does not guess among several addresses, nor without any', () => {
  for (const [addresses, found] of [
    [hosts('10.0.0.1', '10.0.0.2'), '10.0.0.1, 10.0.0.2'],
    [[], 'none'],
  ] as const) {
    expect(() => advertisedUrl(config(''), 8080, { addresses })).toThrow(
      expect.objectContaining({
        code: 'CONFIG_INVALID',
        message: `cannot tell by which address machines reach this host (found: ${found})`,
        remedy: expect.stringContaining('set "advertise"') as string,
      }),
    );
  }
});

it('takes the only address there is, and the port that was given', () => {
  expect(advertisedUrl(config(''), 9090, { addresses: hosts('10.0.0.1', 'fd77::1') })).toBe('http://10.0.0.1:9090');
});

it('warns of an address that is not one of this host', () => {
  const warnings: string[] = [];
  const warn = (warning: string) => void warnings.push(warning);
  expect(advertisedUrl(config('advertise: 10.9.9.9'), 80, { addresses: hosts('10.0.0.1'), warn })).toBe(
    'http://10.9.9.9',
  );
  expect(warnings).toEqual(['the advertised address 10.9.9.9 is not one of this host']);
});
