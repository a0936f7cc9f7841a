import { describe, expect, it, onTestFinished } from 'vitest';
import { Authorizer } from '../../src/oci/authorizer.js';
import { ANONYMOUS, basicAuthorization, type Credential } from '../../src/oci/credential.js';
import { HttpClient } from '../../src/oci/http-client.js';
import { TokenClient } from '../../src/oci/token-client.js';
import { startFakeRegistry } from '../fakes/registry.js';

const BOOT = { kind: 'basic', username: 'boot', password: 'secret' } as const;

async function authorizer(credential: Credential, { tokenSeconds = 300 } = {}) {
  const server = await startFakeRegistry({ auth: 'token', tokenSeconds });
  const http = new HttpClient();
  onTestFinished(() => http.close());
  const clock = { now: 1_000_000 };
  const warnings: string[] = [];
  const asked: string[] = [];
  const made = new Authorizer({
    tokens: new TokenClient(http),
    credentials: async (registry, repository) => {
      asked.push(`${registry} ${repository}`);
      return credential;
    },
    ticks: () => clock.now,
    warn: (text) => warnings.push(text),
  });
  const url = new URL(`http://${server.host}/v2/demo/manifests/1`);
  const context = {
    registry: server.host,
    repository: 'demo',
    name: `${server.host}/demo`,
    origin: url.origin,
    what: 'manifest 1',
    scope: 'repository:demo:pull',
  };
  const bearer = `Bearer realm="http://${server.host}/token"`;
  const renew = (challenge = bearer) => made.renew({ url, context, challenge, ca: undefined });
  return { authorizer: made, server, clock, warnings, asked, url, context, renew };
}

describe('Authorizer', () => {
  it.each([
    [300, 240],
    [60, 48],
    [1e300, 2_880],
  ])('keeps a token of %i seconds for %i', async (tokenSeconds, kept) => {
    const { authorizer: one, clock, url, context, renew } = await authorizer(ANONYMOUS, { tokenSeconds });
    expect(one.remembered(url, context)).toBeUndefined();
    await renew();
    clock.now += kept * 1_000 - 1;
    expect(one.remembered(url, context)).toEqual({
      header: 'Bearer token-1',
      whom: 'no credentials',
      isKnown: false,
    });
    clock.now += 1;
    expect(one.remembered(url, context)).toBeUndefined();
  });

  it('keeps it for one registry and one scope', async () => {
    const { authorizer: one, url, context, renew } = await authorizer(ANONYMOUS);
    await renew();
    expect(one.remembered(new URL('/v2/other', url), context)).toBeDefined();
    expect(one.remembered(url, { ...context, scope: 'repository:other:pull' })).toBeUndefined();
    expect(one.remembered(new URL('http://127.0.0.1:1/'), context)).toBeUndefined();
    one.forget(url, context);
    expect(one.remembered(url, context)).toBeUndefined();
  });

  it('asks once for all who were refused at the same time', async () => {
    const { server, renew } = await authorizer(ANONYMOUS);
    const all = await Promise.all([renew(), renew(), renew()]);
    expect([new Set(all).size, server.requests.length]).toEqual([1, 1]);
    await renew();
    expect(server.requests.length).toBe(2);
  });

  it('shows a password where Basic is wanted, looked up anew each time', async () => {
    const { renew, server, asked, context } = await authorizer(BOOT);
    const shown = { header: basicAuthorization('boot', 'secret'), whom: 'user boot', isKnown: true };
    expect(await renew('Basic realm="x"')).toEqual(shown);
    expect(await renew('Basic realm="x"')).toEqual(shown);
    expect([asked, server.requests]).toEqual([[`${context.registry} demo`, `${context.registry} demo`], []]);
  });

  it('shows a token that was got elsewhere without asking for one', async () => {
    const { renew, server } = await authorizer({ kind: 'bearer', token: 'mine' });
    expect(await renew()).toEqual({ header: 'Bearer mine', whom: 'a registry token', isKnown: true });
    expect(server.requests).toEqual([]);
  });

  it.each<[Credential, string, string]>([
    [ANONYMOUS, 'Basic realm="x"', 'it wants credentials (basic), and there are no credentials for it'],
    [{ kind: 'identity', token: 't' }, 'Basic realm="x"', 'there are an identity token for it'],
    [BOOT, 'Negotiate', 'it wants credentials (negotiate)'],
    [BOOT, '', 'of no kind it names'],
  ])('has nothing to show: %j for %s', async (credential, challenge, why) => {
    const { renew } = await authorizer(credential);
    await expect(renew(challenge)).rejects.toMatchObject({
      code: 'REGISTRY_DENIED',
      message: expect.stringContaining(why) as string,
      remedy: expect.stringContaining('docker login 127.0.0.1:') as string,
    });
  });

  it('warns once before credentials are shown to another domain', async () => {
    const { renew, warnings } = await authorizer(BOOT);
    const challenge = 'Bearer realm="https://127.0.0.2:1/token"';
    for (let turn = 0; turn < 2; turn += 1) await expect(renew(challenge)).rejects.toThrow('ECONNREFUSED');
    expect(warnings).toEqual([expect.stringContaining('has its credentials shown to 127.0.0.2:1')]);
    await renew();
    const anonymous = await authorizer(ANONYMOUS);
    await expect(anonymous.renew(challenge)).rejects.toThrow('ECONNREFUSED');
    expect([...warnings.slice(1), ...anonymous.warnings]).toEqual([]);
  });
});
