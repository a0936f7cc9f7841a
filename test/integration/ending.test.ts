import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { writeConfiguration } from '../fixtures/configuration.js';
import { temporaryFolder } from '../fixtures/folder.js';
import { buildTestImage } from '../fixtures/program.js';
import { ChildProcess } from '../setup/process.js';
import { type LogLine, PROGRAM, readLogLine, startServer } from '../setup/server.js';

/** A server in the middle of sending a kernel to a client that has stopped reading. */
async function sending() {
  const folder = await temporaryFolder();
  await buildTestImage(`oci:${join(folder, 'image')}:1`, ['amd64']);
  const file = await writeConfiguration(folder, { assignments: ['{ name: all, match: {}, image: "oci:image:1" }'] });
  let ending = (): void => undefined;
  const isEnding = new Promise<void>((resolve) => (ending = resolve));
  const onLog = ({ event }: LogLine) => (event === 'server.stopping' ? ending() : undefined);
  const server = await startServer(file, { onLog });
  onTestFinished(async () => void (await server.stop()));
  const script = await (await fetch(`http://${server.http}/boot/script?buildarch=x86_64`)).text();
  const kernel = new URL(/^kernel (\S+)/m.exec(script)?.[1] ?? '');
  const client = connect({ host: kernel.hostname, port: Number(kernel.port) });
  onTestFinished(() => void client.destroy());
  client.write(`GET ${kernel.pathname} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`);
  await once(client, 'readable');
  const head = client.read() as Buffer;
  const length = Number(/content-length: (\d+)/i.exec(head.toString('latin1'))?.[1]);
  const received = head.length - head.indexOf('\r\n\r\n') - 4;
  return { server, client, length, received, isEnding };
}

/** Reads to the end; how many bytes came. */
async function rest(client: Socket): Promise<number> {
  let count = 0;
  client.on('data', (bytes: Buffer) => {
    count += bytes.length;
  });
  client.on('error', () => undefined);
  await once(client, 'close');
  return count;
}

it('fails its readiness first and lets what is under way come to its end', async () => {
  const { server, client, length, received, isEnding } = await sending();
  server.process.kill('SIGTERM');
  await isEnding;
  expect((await fetch(`http://${server.api}/readyz`)).status).toBe(503);
  expect((await fetch(`http://${server.api}/healthz`)).status).toBe(200);
  // Whoever asks now is told to wait: another server may be there soon.
  const script = await (await fetch(`http://${server.http}/boot/script?buildarch=x86_64`)).text();
  expect(script).toContain('the server is restarting');
  expect(received + (await rest(client))).toBe(length);
  expect(await server.process.ended).toBe(0);
});

it('ends at once at the second signal', async () => {
  const { server, client, length, received, isEnding } = await sending();
  server.process.kill('SIGTERM');
  await isEnding;
  server.process.kill('SIGINT');
  expect(await server.process.ended).toBe(1);
  expect(received + (await rest(client))).toBeLessThan(length);
});

it('that is told to end while it starts comes to its start first, and ends in order then', async () => {
  const file = await writeConfiguration(await temporaryFolder(), { assignments: [] });
  const env = { ...process.env, BOOTLAYER_NO_SUCH_KEY: '1' };
  const server = new ChildProcess(process.execPath, [PROGRAM, 'serve', '-c', file], { name: 'serve', env });
  onTestFinished(async () => void (await server.stop()));
  const told = (line: string) => readLogLine(line)?.event;
  // The first that it says, before anything is opened.
  await server.waitForLine((line) => (told(line) === 'config.warning' ? line : undefined), 20);
  server.kill('SIGTERM');
  expect(await server.ended).toBe(0);
  const ends = ['server.stopping', 'server.listening', 'server.ended'];
  expect(server.lines.map(told).filter((event) => event !== undefined && ends.includes(event))).toEqual(ends);
});
