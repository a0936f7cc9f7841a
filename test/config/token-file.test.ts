import { chmod, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { loadConfig, readConfigFiles } from '../../src/config/load.js';
import { keptToken, parseTokenFile } from '../../src/config/token-file.js';
import { read as readText } from '../fixtures/configuration-texts.js';
import { temporaryFolder } from '../fixtures/folder.js';

const ADMIN = 'admin-token-0123456789';
const READ = 'read.token~0123456789+/==';

describe('a token file', () => {
  it('holds a role and a token a line, comments and empty lines', () => {
    expect(parseTokenFile(`# who may what\n\nadmin ${ADMIN}\r\n  read\t${READ}  \n`)).toEqual({
      tokens: [
        { role: 'admin', token: ADMIN },
        { role: 'read', token: READ },
      ],
      problems: [],
    });
  });

  it.each([
    ['nothing', '', 'it holds no token: write a line such as'],
    ['comments alone', '# none\n', 'it holds no token'],
    ['a token without its role', `${ADMIN}\n`, 'line 1: the first word must be a role, admin or read'],
    ['a role without its token', '\nadmin\n', 'line 2: it must be a role and a token, with a space between'],
    ['more words', `admin ${ADMIN} ${READ}`, 'line 1: it must be a role and a token'],
    ['a short token', 'admin 0123456789abcde', 'line 1: the token has fewer than 16 characters'],
    ['a long one', `admin ${'x'.repeat(513)}`, 'line 1: the token has more than 512 characters'],
    ['what no header holds', `admin ${ADMIN}ä`, 'line 1: a token holds letters, digits'],
    ['a token twice', `admin ${ADMIN}\nread ${ADMIN}`, 'line 2: it is the token of line 1'],
    ['too many', Array.from({ length: 1_001 }, (_, at) => `read ${READ.slice(0, -2)}${at}`).join('\n'), '1001 tokens'],
  ])('is refused with %s', (_name, text, problem) => {
    expect(parseTokenFile(text).problems).toEqual([expect.stringContaining(problem)]);
  });

  it('never tells of what is wrong what stands there', () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[!-~]{12,40}( [!-~]{12,40})?$/), (line) => {
        const told = parseTokenFile(line).problems.join('\n');
        for (const word of line.split(' ')) expect(told).not.toContain(word);
      }),
    );
  });

  it('is kept by its hash', () => {
    // printf %s admin-token-0123456789 | sha256sum
    expect(keptToken({ role: 'admin', token: ADMIN })).toEqual({
      role: 'admin',
      sha256: 'ca8d40e6ce4716b552f1c69863335b502f2afb57ffae171d6675fd56d91ca5b2',
    });
  });
});

const MAIN =
  'data: data\napi: { listen: 0.0.0.0:8081, tokenFile: tokens }\nassignments: [{ name: all, match: {}, image: "oci:x:1" }]\n';

async function lab(tokens: string | undefined): Promise<string> {
  const cwd = await temporaryFolder();
  await writeFile(join(cwd, 'bootlayer.yaml'), MAIN);
  if (tokens !== undefined) await writeFile(join(cwd, 'tokens'), tokens, { mode: 0o600 });
  return cwd;
}

describe('api.tokenFile', () => {
  it('names a file beside the configuration, and lets the API listen anywhere', () => {
    expect(readText(MAIN).config.api).toEqual({
      listen: { host: '0.0.0.0', port: 8081 },
      tokenFile: '/etc/bootlayer/tokens',
    });
    expect(readText('', { BOOTLAYER_API_TOKEN_FILE: '/run/secrets/tokens' }).config.api.tokenFile).toBe(
      '/run/secrets/tokens',
    );
  });

  it('is read where secrets are wanted, and watched', async () => {
    const cwd = await lab(`admin ${ADMIN}\n`);
    const { tokens, warnings, read } = await loadConfig({ env: {}, cwd, withSecrets: true });
    expect([tokens, warnings, read.named]).toEqual([
      [keptToken({ role: 'admin', token: ADMIN })],
      [],
      [join(cwd, 'tokens')],
    ]);
    expect((await loadConfig({ env: {}, cwd })).tokens).toBeUndefined();
  });

  it('is warned of where others may read it', async () => {
    const cwd = await lab(`admin ${ADMIN}\n`);
    const file = join(cwd, 'tokens');
    await chmod(file, 0o644);
    const { warnings } = await loadConfig({ env: {}, cwd, withSecrets: true });
    expect(warnings).toEqual([`api.tokenFile: every user of this host may read ${file}: chmod o-r ${file}`]);
  });

  it.each([
    ['missing', undefined, 'cannot read'],
    ['wrong', 'admin short\nroot x\n', 'line 2: the first word must be a role'],
  ])('refuses the configuration when it is %s', async (_name, text, message) => {
    const cwd = await lab(text);
    const outcome = await readConfigFiles({ env: {}, cwd, withSecrets: true });
    expect(outcome).toMatchObject({ kind: 'refused', error: { message: expect.stringContaining(message) as unknown } });
    expect(outcome.kind === 'refused' && outcome.error.message).toMatch(/bootlayer\.yaml:2:\d+: api\.tokenFile: /);
    expect(outcome.read.named).toEqual([join(cwd, 'tokens')]);
  });
});
