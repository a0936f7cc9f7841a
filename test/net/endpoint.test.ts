import { describe, expect, it } from 'vitest';
import { formatEndpoint, hostIn, parseEndpoint, withoutBrackets } from '../../src/net/endpoint.js';

describe('parseEndpoint', () => {
  it.each([
    ['0.0.0.0:8080', { host: '0.0.0.0', port: 8080 }],
    ['127.0.0.1:0', { host: '127.0.0.1', port: 0 }],
    ['[::]:80', { host: '::', port: 80 }],
    [':69', { host: '0.0.0.0', port: 69 }],
  ])('reads %s', (text, endpoint) => expect(parseEndpoint(text)).toEqual(endpoint));

  it.each(['8080', '0.0.0.0', '0.0.0.0:65536', 'lab:80', '::1:80', '[::1]', '[10.0.0.1:80'])('refuses %s', (text) =>
    expect(parseEndpoint(text)).toBeUndefined(),
  );

  it('writes brackets round IPv6', () => {
    expect(formatEndpoint({ host: '::1', port: 80 })).toBe('[::1]:80');
    expect(formatEndpoint({ host: '10.0.0.1', port: 80 })).toBe('10.0.0.1:80');
  });
});

it.each([
  ['http://boot.lab:8080/x', 'boot.lab'],
  ['https://10.0.0.1', '10.0.0.1'],
  ['http://[FD77::1]:8080', 'fd77::1'],
])('knows the host of %s', (url, host) => expect(hostIn(url)).toBe(host));

it('takes brackets that are a pair, and no others', () =>
  expect(['[::1]', '::1', '[::1', 'boot.lab'].map(withoutBrackets)).toEqual(['::1', '::1', '[::1', 'boot.lab']));
