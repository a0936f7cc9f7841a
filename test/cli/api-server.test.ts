import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { apiIn, apiOf, authorization } from '../../src/cli/api-server.js';
import { readToken } from '../../src/cli/api-token.js';
import { read } from '../fixtures/configuration-texts.js';
import { temporaryFolder } from '../fixtures/folder.js';

const ADMIN = 'admin-token-0123456789';
const READ = 'read-token-0123456789';

async function fileOf(text: string): Promise<string> {
  const file = join(await temporaryFolder(), 'tokens');
  await writeFile(file, text);
  return file;
}

/** What is said on stderr meanwhile. */
async function heard<T>(work: () => Promise<T>): Promise<{ readonly answer: T; readonly said: string }> {
  const write = vi.spyOn(process.stderr, 'write').mockReturnValue(true);
  try {
    const answer = await work();
    return { answer, said: write.mock.calls.map(([text]) => String(text)).join('') };
  } finally {
    write.mockRestore();
  }
}

describe('a token for commands', () => {
  it.each([
    ['by itself', `${ADMIN}\n`, ADMIN],
    ['the one that may do everything', `# x\nread ${READ}\nadmin ${ADMIN}\n`, ADMIN],
    ['the one that may read, where there is none', `read ${READ}`, READ],
  ])('is %s', async (_name, text, token) => expect(await readToken(await fileOf(text))).toBe(token));

  it.each([
    ['nothing', '', 'holds no token: it holds no token'],
    ['what is too short', 'short', 'holds no token: line 1: the first word must be a role'],
    ['other words', 'secret-one secret-two', 'line 1: the first word must be a role'],
  ])('is not in a file of %s', async (_name, text, why) => {
    const refused = await readToken(await fileOf(text)).catch((thrown: unknown) => thrown);
    expect(refused).toMatchObject({ code: 'USAGE', message: expect.stringContaining(why) as unknown });
    expect(String(refused)).not.toContain('secret');
  });

  it('is not in a file that is not there', async () => {
    await expect(readToken('/nowhere/tokens')).rejects.toThrow('/nowhere/tokens cannot be read (ENOENT)');
  });
});

describe('the server that is asked', () => {
  const common = { logLevel: 'info' } as const;

  it('may be named where it runs by an older configuration than the one that is there, which cannot be read', async () => {
    const config = await fileOf('machinez: []\n');
    const refused = await apiOf({ ...common, config }).catch((thrown: unknown) => thrown);
    expect(refused).toMatchObject({
      code: 'CONFIG_INVALID',
      message: expect.stringContaining('machinez') as unknown,
      remedy: expect.stringContaining('--server http://127.0.0.1:8081') as unknown,
    });
  });

  it("is this host's, with its own token, which need not be readable", async () => {
    const tokenFile = await fileOf(`admin ${ADMIN}\n`);
    const config = (text: string) => read(text).config;
    expect(await apiIn(config(`api: { listen: "0.0.0.0:9", tokenFile: ${tokenFile} }`))).toEqual({
      url: 'http://127.0.0.1:9',
      token: ADMIN,
    });
    expect(await apiIn(config('api: { listen: "[::1]:9" }'))).toEqual({ url: 'http://[::1]:9' });
    const { answer, said } = await heard(() => apiIn(config('api: { tokenFile: /nowhere/tokens }')));
    expect(answer).toEqual({ url: 'http://127.0.0.1:8081' });
    expect(said).toContain('warning: api.tokenFile: /nowhere/tokens cannot be read (ENOENT); name a file');
  });

  it('is the one that is named, with the token that is named', async () => {
    const tokenFile = await fileOf(READ);
    const named = (server: string) => heard(() => apiOf({ ...common, server, tokenFile }));
    expect(await apiOf({ ...common, server: 'http://boot.lab:8081' })).toEqual({ url: 'http://boot.lab:8081' });
    for (const server of ['https://boot.lab', 'http://127.0.0.1:8081', 'http://localhost:1', 'http://[::1]:1'])
      expect(await named(server)).toEqual({ answer: { url: server, token: READ }, said: '' });
    const { said } = await named('http://boot.lab:8081');
    expect(said).toMatch(/^bootlayer: warning: the token goes to http:\/\/boot\.lab:8081 unencrypted[^\n]*\n$/);
    expect(said).not.toContain(READ);
  });

  it('is told the token in its header alone', () => {
    expect(authorization({ url: 'http://x', token: READ })).toEqual({ authorization: `Bearer ${READ}` });
    expect(authorization({ url: 'http://x' })).toEqual({});
  });
});
