import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { findApiAddress } from '../../src/config/api-address.js';
import { formatEndpoint } from '../../src/net/endpoint.js';
import { temporaryFolder } from '../fixtures/folder.js';

const USUAL = '127.0.0.1:8081';
const VARIABLE = { BOOTLAYER_API_LISTEN: '127.0.0.1:18082' };

it.each([
  ['says nothing of it', 'nonsense: 1', {}, USUAL],
  ['says it beside what is wrong', 'nonsense: 1\napi: { listen: "127.0.0.1:18081" }', {}, '127.0.0.1:18081'],
  ['is no YAML', 'api: { listen: "127.0.0.1:18081"', {}, USUAL],
  ['is no YAML, and the environment says it', '{', VARIABLE, '127.0.0.1:18082'],
  ['is overridden', 'api: { listen: "127.0.0.1:18081" }', VARIABLE, '127.0.0.1:18082'],
  ['says no address', 'api: { listen: here }', {}, USUAL],
  ['says something else there', 'api: [1]', {}, USUAL],
  ['is empty', '', {}, USUAL],
])('knows where a server is asked whose file %s', async (_, text, env, expected) => {
  const cwd = await temporaryFolder();
  await writeFile(join(cwd, 'bootlayer.yaml'), text);
  const found = await findApiAddress({ env, cwd });
  expect(found && formatEndpoint(found)).toBe(expected);
});

it('knows nothing where nothing can be read', async () => {
  const cwd = await temporaryFolder();
  await writeFile(join(cwd, 'binary.yaml'), Buffer.from([0xff, 0xfe, 0]));
  for (const file of ['none.yaml', 'binary.yaml', '.'])
    expect([file, await findApiAddress({ file, env: VARIABLE, cwd })]).toEqual([file, undefined]);
});
