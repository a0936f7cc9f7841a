import { rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, it, onTestFinished } from 'vitest';
import { temporaryFolder } from '../fixtures/folder.js';
import { spoiled, WHOLE } from '../fixtures/mapping-texts.js';
import { bootlayer } from '../fixtures/program.js';
import { type LogLine, startServer } from '../setup/server.js';

/** What is wrong in a file ends nothing: `serve` goes on with what was right, `check` says where. */

it('keeps a server running, whatever its file becomes', async () => {
  const folder = await temporaryFolder();
  const file = join(folder, 'bootlayer.yaml');
  await writeFile(file, WHOLE);
  const log: LogLine[] = [];
  let wake = (): void => undefined;
  const server = await startServer(file, {
    onLog: (line) => {
      log.push(line);
      wake();
    },
  });
  onTestFinished(async () => void (await server.stop()));
  const answers = () => log.filter(({ event }) => event === 'mapping.reloaded' || event === 'mapping.refused');
  // Each differs from the one before it, so that each is read once, by the watch.
  const texts = [...new Set(fc.sample(spoiled, { numRuns: 40, seed: 1 })), WHOLE];
  for (const text of texts) {
    const before = answers().length;
    await writeFile(`${file}.new`, text);
    await rename(`${file}.new`, file);
    while (answers().length === before) await new Promise<void>((resolve) => (wake = resolve));
    const { event, reason } = answers().at(-1) ?? expect.unreachable();
    if (event === 'mapping.refused') expect(reason).toMatch(/bootlayer\.yaml:\d+:\d+: /);
    expect((await fetch(`http://${server.http}/readyz`)).status).toBe(200);
  }
  expect(answers().at(-1)).toMatchObject({ event: 'mapping.reloaded' });
  expect(log.filter(({ event }) => event === 'fault')).toEqual([]);
});

it('lets check say where, and never more than one of its statuses', async () => {
  const cwd = await temporaryFolder();
  for (const text of fc.sample(spoiled, { numRuns: 25, seed: 2 })) {
    await writeFile(join(cwd, 'bootlayer.yaml'), text);
    const { status, err } = await bootlayer(['check', '--offline'], { cwd });
    expect([0, 1, 2]).toContain(status);
    if (status === 2) expect(err).toMatch(/bootlayer\.yaml:\d+:\d+: /);
    expect(err).not.toMatch(/^ {4}at /m);
  }
});
