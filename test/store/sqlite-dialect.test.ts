import { Kysely } from 'kysely';
import { expect, it } from 'vitest';
import type { Schema } from '../../src/store/schema.js';
import { workerDialect } from '../../src/store/sqlite-dialect.js';

it('bounds what waits for a disk that stands still', async () => {
  let answer = (): void => undefined;
  let begin = (): void => undefined;
  const begun = new Promise<void>((resolve) => (begin = resolve));
  const still = new Promise<void>((resolve) => (answer = resolve));
  const query = () => {
    begin();
    return still.then(() => ({ rows: [], changes: 0 }));
  };
  const database = new Kysely<Schema>({ dialect: workerDialect({ query }) });
  const ask = () => database.selectFrom('plans').select('id').execute();
  const first = ask();
  await begun;
  const waiting = Array.from({ length: 20_000 }, ask);
  await expect(ask()).rejects.toMatchObject({ code: 'DATA_UNUSABLE', message: 'too much waits for the state' });
  answer();
  expect((await Promise.all([first, ...waiting])).length).toBe(20_001);
  expect(await ask()).toEqual([]);
});
