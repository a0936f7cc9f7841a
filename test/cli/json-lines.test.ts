import { closeSync, openSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { jsonLines } from '../../src/cli/json-lines.js';
import { temporaryFolder } from '../fixtures/folder.js';

function opened(path: string): number {
  const fd = openSync(path, 'w');
  onTestFinished(() => closeSync(fd));
  return fd;
}

it('writes lines as they come', async () => {
  const file = join(await temporaryFolder(), 'log');
  const lines = jsonLines(opened(file));
  lines.write('{"a":1}\n');
  lines.write('{"b":"ä"}\n');
  expect(await readFile(file, 'utf8')).toBe('{"a":1}\n{"b":"ä"}\n');
});

it('goes on when a full disk takes nothing', () => {
  const lines = jsonLines(opened('/dev/full'));
  expect(() => lines.write('{}\n')).not.toThrow();
});
