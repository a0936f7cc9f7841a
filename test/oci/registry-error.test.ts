import { once } from 'node:events';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { HttpClient } from '../../src/oci/http-client.js';
import { unreachable } from '../../src/oci/registry-error.js';
import { type AuthorityOptions, privateAuthority } from '../fixtures/certificates.js';

const DAY = 86_400_000;
const CONTEXT = {
  ...{ registry: 'r', repository: 'os', name: 'r/os', what: 'manifest 1', scope: '' },
  origin: 'https://r',
};

/** What is said of a registry with such a certificate, of an authority that is known. */
async function saidOf(options: AuthorityOptions) {
  const { ca, server: certificate } = await privateAuthority(options);
  const server = createServer(certificate, (_request, answer) => answer.end());
  server.listen(0, '127.0.0.1');
  onTestFinished(() => void server.close());
  await once(server, 'listening');
  const client = new HttpClient({});
  onTestFinished(() => client.close());
  const url = new URL(`https://127.0.0.1:${(server.address() as AddressInfo).port}/`);
  const thrown: unknown = await client.send(url, { method: 'GET', headers: {} }, { ca }).then(
    () => expect.unreachable('it is believed'),
    (error: unknown) => error,
  );
  return unreachable(CONTEXT, thrown, new Date('2024-05-06T07:08:09Z'));
}

describe('a certificate that is not of this time', () => {
  it.for([
    ['is not valid yet', { notBefore: new Date(Date.now() + DAY), notAfter: new Date(Date.now() + 2 * DAY) }],
    ['has expired', { notBefore: new Date(Date.now() - 2 * DAY), notAfter: new Date(Date.now() - DAY) }],
  ] as const)('%s: the clock may be to blame', async ([what, options]) => {
    expect(await saidOf(options)).toMatchObject({
      code: 'REGISTRY_UNREACHABLE',
      message: expect.stringMatching(
        `r/os cannot be asked for manifest 1: its certificate, or its authority's, ${what} by the clock of this host, which says 2024-05-06T`,
      ) as string,
      remedy: expect.stringContaining('see that the clock of this host is right') as string,
    });
  });
});
