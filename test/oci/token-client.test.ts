import { describe, expect, it, onTestFinished } from 'vitest';
import { HttpClient } from '../../src/oci/http-client.js';
import { TokenClient } from '../../src/oci/token-client.js';
import { startFakeRegistry } from '../fakes/registry.js';

const SCOPE = 'repository:demo:pull';

async function tokens(answer?: { readonly status?: number; readonly body: string }) {
  const server = await startFakeRegistry();
  if (answer !== undefined) {
    const { status = 200, body } = answer;
    for (const path of ['/token', `/token?scope=${encodeURIComponent(SCOPE)}`]) {
      server.answer(path, (response) => response.writeHead(status).end(body));
    }
  }
  const http = new HttpClient();
  onTestFinished(() => http.close());
  const clock = { now: 1_000_000 };
  const registry = new URL(`http://${server.host}/v2/demo/manifests/1`);
  const client = new TokenClient(http, () => clock.now);
  const fetch = (parameters: Record<string, string> = {}) =>
    client.fetch({ registry, parameters: { realm: `http://${server.host}/token`, ...parameters }, scope: SCOPE });
  return { server, clock, registry, client, fetch };
}

describe('asking for a token', () => {
  it('passes on service and scope, and keeps the query of the realm', async () => {
    const { server, fetch } = await tokens();
    const realm = `http://${server.host}/token?account=a%20b`;
    await fetch({ realm, service: 'registry & more', scope: 'repository:demo:pull repository:base:pull' });
    const asked = new URL(server.requests[0]?.path ?? '', realm);
    expect([...asked.searchParams]).toEqual([
      ['account', 'a b'],
      ['service', 'registry & more'],
      ['scope', 'repository:demo:pull'],
      ['scope', 'repository:base:pull'],
    ]);
    expect(server.requests[0]?.headers.authorization).toBeUndefined();
  });

  it('asks for what it needs where the challenge names no scope', async () => {
    const { server, fetch } = await tokens();
    expect(await fetch()).toBe('token-1');
    expect(server.requests.map(({ path }) => path)).toEqual([`/token?scope=${encodeURIComponent(SCOPE)}`]);
  });

  it('takes either of the two names', async () => {
    expect(await (await tokens({ body: '{"access_token":"abc"}' })).fetch()).toBe('abc');
    expect(await (await tokens({ body: '{"token":"abc","access_token":"def"}' })).fetch()).toBe('abc');
  });

  it.each([
    '',
    '{}',
    'null',
    '[]',
    '<html>',
    '{"token":7}',
    '{"token":""}',
    '{"token":"a b"}',
    '{"token":"a\\r\\nhost: x"}',
  ])('is denied by %j', async (body) => {
    await expect((await tokens({ body })).fetch()).rejects.toMatchObject({
      code: 'REGISTRY_DENIED',
      message: expect.stringContaining('gave no token') as string,
    });
  });

  it('is denied when it is refused, and worth another try when the server failed', async () => {
    await expect((await tokens({ status: 401, body: '' })).fetch()).rejects.toMatchObject({
      code: 'REGISTRY_DENIED',
      message: expect.stringContaining('answered 401') as string,
    });
    for (const status of [429, 503]) {
      const problem: unknown = await (await tokens({ status, body: '' })).fetch().catch((thrown: unknown) => thrown);
      expect(problem).toEqual(new Error(`its token server answered ${status}`));
    }
  });

  it('has a limit', async () => {
    const body = JSON.stringify({ token: 'x'.repeat(70_000) });
    await expect((await tokens({ body })).fetch()).rejects.toThrow('larger than 65536');
  });
});

describe('the realm', () => {
  it.each([
    ['', 'names no token server'],
    ['/token', 'names no token server'],
    ['http://elsewhere.example/token', 'is not secure'],
    ['ftp://127.0.0.1/token', 'is not secure'],
    ['file:///etc/passwd', 'is not secure'],
  ])('must not be %j', async (realm, why) => {
    const { server, fetch } = await tokens();
    await expect(fetch({ realm })).rejects.toMatchObject({
      code: 'REGISTRY_DENIED',
      message: expect.stringContaining(why) as string,
    });
    expect(server.requests).toEqual([]);
  });

  it('must not be plain where the registry is secure, be it on the same host', async () => {
    const { server, client } = await tokens();
    const registry = new URL(`https://${server.host}/v2/`);
    const parameters = { realm: `http://${server.host}/token` };
    await expect(client.fetch({ registry, parameters, scope: SCOPE })).rejects.toMatchObject({
      code: 'REGISTRY_DENIED',
    });
  });
});

describe('a token', () => {
  it.each([
    ['{"token":"t","expires_in":300}', 240],
    ['{"token":"t"}', 48],
    ['{"token":"t","expires_in":-5}', 48],
    ['{"token":"t","expires_in":"300"}', 48],
    ['{"token":"t","expires_in":1e300}', 2_880],
  ])('of %s is remembered for %i seconds', async (body, seconds) => {
    const { registry, client, clock, fetch } = await tokens({ body });
    await fetch();
    clock.now += seconds * 1_000 - 1;
    expect(client.remembered(registry, SCOPE)).toBe('t');
    clock.now += 1;
    expect(client.remembered(registry, SCOPE)).toBeUndefined();
  });

  it('belongs to one registry and one scope', async () => {
    const { registry, client, fetch } = await tokens();
    await fetch();
    expect(client.remembered(new URL('/v2/other', registry), SCOPE)).toBe('token-1');
    expect(client.remembered(registry, 'repository:other:pull')).toBeUndefined();
    expect(client.remembered(new URL('http://127.0.0.1:1/'), SCOPE)).toBeUndefined();
    client.forget(registry, SCOPE);
    expect(client.remembered(registry, SCOPE)).toBeUndefined();
  });
});
