import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { printIp6Neighbours } from '../../src/net/ip6-neighbours-process.js';
import { temporaryFolder } from '../fixtures/folder.js';

/** A folder with an `ip` that does this. */
async function withIp(script: string): Promise<string> {
  const folder = await temporaryFolder();
  await writeFile(join(folder, 'ip'), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
  return folder;
}

it('prints what ip says of IPv6 neighbours, in JSON', async () => {
  const path = await withIp('echo "$@"');
  expect(await printIp6Neighbours({ path })).toEqual({ kind: 'printed', text: '-6 -json neighbour show\n' });
});

it.each([
  ['is not there', undefined, /^ip \(iproute2\) is not installed: install it$/],
  ['knows no JSON', 'exit 255', /^ip -6 -json neighbour show \(iproute2\) failed \(255\)$/],
])('says so where ip %s', async (_, script, reason) => {
  const path = script === undefined ? await temporaryFolder() : await withIp(script);
  expect(await printIp6Neighbours({ path, maxMilliseconds: 60_000 })).toEqual({
    kind: 'unavailable',
    reason: expect.stringMatching(reason) as string,
  });
});

it('does not wait for ip without end', async () => {
  const path = await withIp('while :; do :; done');
  expect(await printIp6Neighbours({ path, maxMilliseconds: 300 })).toEqual({
    kind: 'unavailable',
    reason: 'ip (iproute2) did not answer within 0.3 s',
  });
});
