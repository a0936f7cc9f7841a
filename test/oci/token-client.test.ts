import { describe, expect, it, onTestFinished } from 'vitest';
import { ANONYMOUS } from '../../src/oci/credential.js';
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
  const registry = new URL(`http://${server.host}/v2/demo/manifests/1`);
  const client = new TokenClient(http);
  const fetch = async (more: Record<string, string> = {}) => {
    const parameters = { realm: `http://${server.host}/token`, ...more };
    return (await client.fetch({ registry, name: 'lab', parameters, scope: SCOPE, credential: ANONYMOUS })).token;
  };
  return { server, registry, client, fetch };
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
    await expect(
      client.fetch({ registry, name: 'lab', parameters, scope: SCOPE, credential: ANONYMOUS }),
    ).rejects.toMatchObject({
      code: 'REGISTRY_DENIED',
    });
  });
});

describe('what it shows', () => {
  it('is a user and a password, by Basic, and nothing of them to where it is sent on', async () => {
    const { server, registry, client } = await tokens();
    const elsewhere = await startFakeRegistry();
    server.redirect('account=boot', `http://${elsewhere.host}/token?there`);
    const parameters = { realm: `http://${server.host}/token` };
    const credential = { kind: 'basic', username: 'boot', password: 'a:b' } as const;
    expect(await client.fetch({ registry, name: 'lab', parameters, scope: SCOPE, credential })).toEqual({
      token: 'token-1',
      seconds: 60,
    });
    expect(server.requests[0]?.headers.authorization).toBe(`Basic ${Buffer.from('boot:a:b').toString('base64')}`);
    expect(elsewhere.requests[0]?.headers.authorization).toBeUndefined();
  });

  it('is an identity token, in the body of a POST', async () => {
    const { server, registry, client } = await tokens();
    let form = '';
    server.answer('/token', (response, { method, body }) => {
      form = `${method} ${body.toString()}`;
      response.end('{"access_token":"t","expires_in":300}');
    });
    const parameters = { realm: `http://${server.host}/token`, service: 'reg', scope: 'a b' };
    const credential = { kind: 'identity', token: 'secret&' } as const;
    expect(await client.fetch({ registry, name: 'lab', parameters, scope: SCOPE, credential })).toEqual({
      token: 't',
      seconds: 300,
    });
    expect(form).toBe(
      'POST grant_type=refresh_token&refresh_token=secret%26&client_id=bootlayer&scope=a+b&service=reg',
    );
  });

  it('is never part of what is said of a refusal', async () => {
    const { server, registry, client } = await tokens();
    server.fail('account=boot', 401);
    const parameters = { realm: `http://${server.host}/token` };
    const credential = { kind: 'basic', username: 'boot', password: 'secret' } as const;
    const refused = client.fetch({ registry, name: 'lab', parameters, scope: SCOPE, credential });
    await expect(refused).rejects.toMatchObject({
      code: 'REGISTRY_DENIED',
      message: expect.stringMatching(/answered 401 to user boot$/) as string,
    });
  });
});

describe('how long a token is good', () => {
  it.each([
    ['{"token":"t","expires_in":300}', 300],
    ['{"token":"t"}', 60],
    ['{"token":"t","expires_in":-5}', 60],
    ['{"token":"t","expires_in":"300"}', 60],
  ])('%s: %i seconds', async (body, seconds) => {
    const { registry, client, server } = await tokens({ body });
    const parameters = { realm: `http://${server.host}/token` };
    expect(await client.fetch({ registry, name: 'lab', parameters, scope: SCOPE, credential: ANONYMOUS })).toEqual({
      token: 't',
      seconds,
    });
  });
});
