import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { temporaryFolder } from '../fixtures/folder.js';
import { alone } from './alone.js';

it('is done by one after the other, and by the next where one fails', async () => {
  const file = join(await temporaryFolder(), 'within', 'lock');
  let working = 0;
  const done: number[] = [];
  const works = [0, 1, 2].map((number) =>
    alone(file, async () => {
      working += 1;
      expect(working).toBe(1);
      await new Promise((resolve) => setTimeout(resolve, 5));
      working -= 1;
      done.push(number);
      if (number === 0) throw new Error('it fails');
    }).catch((thrown: unknown) => thrown),
  );
  expect((await Promise.all(works)).filter((one) => one instanceof Error)).toHaveLength(1);
  expect([done.toSorted(), existsSync(file)]).toEqual([[0, 1, 2], false]);
});

it('waits for who works still, and for nobody who was killed', async () => {
  const file = join(await temporaryFolder(), 'lock');
  const other = spawn('sleep', ['60']);
  await once(other, 'spawn');
  writeFileSync(file, String(other.pid));
  await expect(alone(file, async () => undefined, 1)).rejects.toThrow(`is held by process ${other.pid}`);
  other.kill('SIGKILL');
  await once(other, 'exit');
  expect(await alone(file, async () => 'done')).toBe('done');
});
