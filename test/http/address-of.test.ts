import { describe, expect, it } from 'vitest';
import { addressOf } from '../../src/http/address-of.js';
import { createListener } from '../../src/http/app.js';
import { createLog } from '../../src/log.js';
import { parseSubnet } from '../../src/net/ip.js';

type Asked = Parameters<typeof addressOf>[0];

describe('behind a proxy', () => {
  /** What a listener that trusts this host's own makes of the header. */
  async function seen(forwarded: string, proxies: readonly string[]): Promise<string> {
    const subnets = proxies.map((text) => parseSubnet(text) ?? expect.fail(text));
    const app = createListener(createLog('silent', { write: () => undefined }), { proxies: subnets });
    app.get('/', (request, reply) => reply.send(addressOf(request)));
    return (await app.inject({ url: '/', headers: { 'x-forwarded-for': forwarded } })).body;
  }

  it.each([
    ['believes one that is trusted', '10.0.0.5', ['127.0.0.1'], '10.0.0.5'],
    ['believes IPv6', '2001:db8::5', ['127.0.0.0/8'], '2001:db8::5'],
    ['tells IPv6 in one spelling', '2001:DB8:0:0::5', ['127.0.0.1'], '2001:db8::5'],
    ['tells IPv4 as such', '::FFFF:10.0.0.5', ['127.0.0.1'], '10.0.0.5'],
    ['believes nobody else', '10.0.0.5', [], '127.0.0.1'],
    ['believes nobody else where others are', '10.0.0.5', ['192.0.2.0/24'], '127.0.0.1'],
    [
      'takes what the nearest one that is not trusted says of itself alone',
      '10.0.0.9, 10.0.0.5',
      ['127.0.0.1'],
      '10.0.0.5',
    ],
    ['goes through several', '10.0.0.5, 192.0.2.7', ['127.0.0.1', '192.0.2.0/24'], '10.0.0.5'],
    ['takes what is no address for nothing', 'node-01', ['127.0.0.1'], '127.0.0.1'],
  ])('%s', async (_name, forwarded, proxies, address) => expect(await seen(forwarded, proxies)).toBe(address));
});

it.each([
  ['10.0.0.1', '10.0.0.1'],
  [undefined, 'unknown'],
])('calls a client from %s %s', (remoteAddress, address) => {
  expect(addressOf({ ip: remoteAddress as string, socket: { remoteAddress } as Asked['socket'] })).toBe(address);
});
