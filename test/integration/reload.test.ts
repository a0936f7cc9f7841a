import { rename, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { writeConfiguration } from '../fixtures/configuration.js';
import { temporaryFolder } from '../fixtures/folder.js';
import { buildTestImage } from '../fixtures/program.js';
import { type LogLine, startServer } from '../setup/server.js';

const MAC = '52:54:00:00:00:01';
const mark = (value: string) =>
  `{ name: all, match: {}, image: "oci:image:1", kernelArgs: { append: [mark=${value}] } }`;

/** A running server whose configuration the test changes. */
async function running() {
  const folder = await temporaryFolder();
  await buildTestImage(`oci:${join(folder, 'image')}:1`, ['amd64']);
  const file = await writeConfiguration(folder, { assignments: [mark('first')] });
  const log: LogLine[] = [];
  const waiting = new Set<() => void>();
  const onLog = (line: LogLine) => {
    log.push(line);
    for (const wake of waiting) wake();
  };
  const server = await startServer(file, { onLog });
  onTestFinished(async () => void (await server.stop()));
  /** The event that comes next, or came; the test's own time limit bounds it. */
  const seen = async (event: string, count = 1): Promise<LogLine> => {
    for (;;) {
      const found = log.filter((line) => line.event === event);
      const wanted = found[count - 1];
      if (wanted !== undefined) return wanted;
      await new Promise<void>((resolve) => {
        const wake = () => {
          waiting.delete(wake);
          resolve();
        };
        waiting.add(wake);
      });
    }
  };
  const script = async () => (await fetch(`http://${server.http}/boot/script?mac=${MAC}&buildarch=x86_64`)).text();
  const change = async (text: string) => {
    await writeFile(`${file}.new`, text);
    await rename(`${file}.new`, file);
  };
  const withMark = (value: string) =>
    [
      'advertise: 127.0.0.1',
      'data: data',
      'http: { listen: "127.0.0.1:0" }',
      'tftp: { listen: "127.0.0.1:0" }',
      'api: { listen: "127.0.0.1:0" }',
    ].concat('assignments:', `  - ${mark(value)}`);
  return { server, script, seen, change, withMark, log, file };
}

it('boots machines by what the file says now, and those under way by what it said', async () => {
  const { server, script, seen, change, withMark } = await running();
  const first = await script();
  expect(first).toContain('mark=first');
  await change(withMark('second').join('\n'));
  expect(await seen('mapping.reloaded')).toMatchObject({
    names: 'assignments ~all',
    assignments: { added: 0, removed: 0, changed: 1 },
  });
  expect(await script()).toContain('mark=second');
  const initrd = /^initrd --name initrd (\S+)/m.exec(first)?.[1] ?? '';
  expect((await fetch(initrd)).status).toBe(200);
  const metrics = await (await fetch(`http://${server.api}/metrics`)).text();
  expect(metrics).toContain('bootlayer_mapping_reloads_total{outcome="reloaded"} 1');
  expect(metrics).toContain('bootlayer_mapping_entries{kind="assignment"} 1');
});

it('refuses a file that is wrong, keeps the one before, and takes the next that is right', async () => {
  const { script, seen, change, withMark, file } = await running();
  await change([...withMark('second'), '  - { name: all, match: { macs: x } }'].join('\n'));
  const { reason, level } = await seen('mapping.refused');
  expect([level, reason]).toEqual([50, expect.stringContaining(`${file}:8:`)]);
  expect(await script()).toContain('mark=first');
  await change(withMark('third').join('\n'));
  await seen('mapping.reloaded');
  expect(await script()).toContain('mark=third');
});

it('hands out what a document says now, and what it said where the change is broken', async () => {
  const { script, seen, change, withMark, file } = await running();
  const document = join(dirname(file), 'a.ign');
  const write = async (text: string) => {
    await writeFile(`${document}.new`, text);
    await rename(`${document}.new`, document);
  };
  const ignition = (name: string) => `{"ignition":{"version":"3.4.0"},"name":"${name}"}`;
  await write(ignition('first'));
  const handing = withMark('second').join('\n').replace('oci:image:1"', 'oci:image:1", provision: { ignition: a.ign }');
  await change(`identity: { verify: false }\n${handing}`);
  expect(await seen('mapping.reloaded')).toMatchObject({ names: 'assignments ~all, documents +a.ign, identity' });
  const url = /ignition\.config\.url=(\S+)/.exec(await script())?.[1] ?? '';
  const handed = async () => (await fetch(url)).text();
  expect(await handed()).toBe(ignition('first'));
  await write(ignition('second'));
  expect(await seen('mapping.reloaded', 2)).toMatchObject({ documents: { changed: 1 }, names: 'documents ~a.ign' });
  expect(await handed()).toBe(ignition('second'));
  await write('{"ignition": }');
  const { reason } = await seen('mapping.refused');
  expect(reason).toMatch(/bootlayer\.yaml:8:\d+: assignments\[0\]\.provision\.ignition: \S+a\.ign:1:14: an Ignition/);
  expect(await handed()).toBe(ignition('second'));
});

it('reads anew when it is told to, and says what a start would be needed for', async () => {
  const { server, seen, log, file, withMark, script } = await running();
  server.process.kill('SIGHUP');
  expect(await seen('mapping.reloaded')).toMatchObject({ names: '' });
  await writeFile(file, withMark('second').join('\n').replace('data: data', 'data: elsewhere'));
  await seen('mapping.reloaded', 2);
  await expect.poll(() => log.map(({ msg }) => msg)).toContain('data: changed, which counts from the next start on');
  expect(await script()).toContain('mark=second');
});

it('warns of machines that would boot again each time though they are to boot once, when that is read', async () => {
  const { change, withMark, seen, log } = await running();
  const once = withMark('second').join('\n').replace('oci:image:1"', 'oci:image:1", policy: { mode: once }');
  await change(once);
  await seen('mapping.reloaded');
  const warned = 'assignment "all" boots once, and unless its image says so itself, nothing tells the machine';
  const warnings = () => log.filter(({ event, msg }) => event === 'config.warning' && msg?.startsWith(warned));
  expect(warnings()).toHaveLength(1);
  await change(once.replace('[mark=second]', '["mark={done.url}"]'));
  await seen('mapping.reloaded', 2);
  expect(warnings()).toHaveLength(1);
});
