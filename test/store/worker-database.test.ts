import { expect, it } from 'vitest';
import { WorkerDatabase } from '../../src/store/worker-database.js';

/** A worker that runs `onMessage` for every `request`; node cannot be made to lose the real one on purpose. */
function script(
  onMessage: string,
  opening = "parentPort.postMessage({ id: 0, kind: 'rows', rows: [], changes: 0 })",
): URL {
  const source = `import { parentPort } from 'node:worker_threads';
    parentPort.on('message', (request) => { ${onMessage} });
    ${opening}`;
  return new URL(`data:text/javascript,${encodeURIComponent(source)}`);
}

it('rejects what waits and says why when the thread dies', async () => {
  const database = await WorkerDatabase.open('state.db', script("throw new Error('out of luck')"));
  const waiting = [database.query('select 1', []), database.query('select 2', [])];
  const dead = { code: 'DATA_UNUSABLE', message: 'state.db cannot be used: the database ended (out of luck)' };
  for (const { status, ...rest } of await Promise.allSettled(waiting)) {
    expect(status).toBe('rejected');
    expect(rest).toMatchObject({ reason: dead });
  }
  expect(await database.ended).toMatchObject(dead);
  await expect(database.query('select 3', [])).rejects.toMatchObject(dead);
  await database.close();
});

it('is asked nothing more once it is being closed, and does first what was asked before', async () => {
  // It answers with how many requests came.
  const counting = `globalThis.count = (globalThis.count ?? 0) + 1;
    parentPort.postMessage({ id: request.id, kind: 'rows', rows: [], changes: globalThis.count });`;
  const database = await WorkerDatabase.open('state.db', script(counting));
  const asked = database.query('select 1', []);
  const closing = database.close();
  const closed = { code: 'DATA_UNUSABLE', message: 'state.db cannot be used: the database is closed' };
  await expect(database.query('select 2', [])).rejects.toMatchObject(closed);
  expect(await asked).toMatchObject({ changes: 1 });
  await closing;
  await expect(database.query('select 3', [])).rejects.toMatchObject(closed);
  expect(await database.ended).toBeUndefined();
});

it('does not open when the thread dies first', async () => {
  const opening = WorkerDatabase.open('state.db', script('', "throw new Error('no library')"));
  await expect(opening).rejects.toMatchObject({
    code: 'DATA_UNUSABLE',
    message: expect.stringContaining('no library') as string,
  });
});
