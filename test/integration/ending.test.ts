import { once } from 'node:events';
import { mkdir } from 'node:fs/promises';
import { Agent } from 'node:http';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { digestOf } from '../../src/oci/digest.js';
import { WorkerDatabase } from '../../src/store/worker-database.js';
import { ask } from '../fixtures/ask.js';
import { SQLITE_WORKER } from '../fixtures/built.js';
import { writeConfiguration } from '../fixtures/configuration.js';
import { temporaryFolder } from '../fixtures/folder.js';
import { buildIsoImage } from '../fixtures/iso-images.js';
import { buildTestImage } from '../fixtures/program.js';
import { serve } from '../fixtures/serving.js';
import { isoImage } from '../setup/iso.js';
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
  expect(await server.process.ended).toBe('SIGKILL');
  expect(received + (await rest(client))).toBeLessThan(length);
});

it('is over with what is read of discs, and with nothing after it has ended', async () => {
  const folder = await temporaryFolder();
  const iso = await isoImage({ files: { 'casper/filesystem.squashfs': Buffer.alloc(1024 * 1024) } });
  await buildIsoImage({ reference: `oci:${join(folder, 'image')}:1`, architecture: 'amd64' }, iso);
  const file = await writeConfiguration(folder, { assignments: ['{ name: all, match: {}, image: "oci:image:1" }'] });
  const { server, log } = await serve(file);
  const url = `http://${server.http}/blobs/sha256/${digestOf(iso).slice('sha256:'.length)}/image.iso`;
  let parts = 0;
  /** As long as it is answered, by a connection of its own. */
  const readOn = async (): Promise<void> => {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    onTestFinished(() => agent.destroy());
    for (let at = 0; ; at = (at + 16_384) % 1_048_576) {
      await ask(url, { agent, headers: { range: `bytes=${at}-${at + 16_383}` } });
      parts += 1;
    }
  };
  const reading = Array.from({ length: 4 }, () => readOn().catch(() => undefined));
  await expect.poll(() => parts).toBeGreaterThan(200);
  server.process.kill('SIGTERM');
  expect(await server.process.ended).toBe(0);
  await Promise.all(reading);
  expect(log.map(({ event }) => event).slice(-2)).toEqual(['artifact.sent', 'server.ended']);
  expect(log.findLast(({ event }) => event === 'artifact.sent')).toMatchObject({ isDisc: true });
});

describe('while it starts', () => {
  /** A server that waits for its state, which another holds until `letGo`, for two seconds at most. */
  async function starting() {
    const folder = await temporaryFolder();
    await mkdir(join(folder, 'data'), { mode: 0o700 });
    const held = await WorkerDatabase.open(join(folder, 'data', 'state.db'), SQLITE_WORKER);
    onTestFinished(() => held.close());
    const file = await writeConfiguration(folder, { assignments: [] });
    // It is told of before anything is opened.
    const env = { ...process.env, BOOTLAYER_NO_SUCH_KEY: '1' };
    const server = new ChildProcess(process.execPath, [PROGRAM, 'serve', '-c', file], { name: 'serve', env });
    onTestFinished(async () => void (await server.stop()));
    await waitFor(server, 'config.warning');
    server.kill('SIGTERM');
    await waitFor(server, 'server.stopping');
    return { server, letGo: () => held.close() };
  }

  const waitFor = (server: ChildProcess, event: string) =>
    server.waitForLine((line) => (readLogLine(line)?.event === event ? line : undefined), 20);

  it('comes to its start first, and ends in order then', async () => {
    const { server, letGo } = await starting();
    await letGo();
    expect(await server.ended).toBe(0);
    const told = server.lines.map((line) => readLogLine(line)?.event);
    expect(told.slice(-2)).toEqual(['server.listening', 'server.ended']);
  });

  it('says why it cannot start, and nothing else', async () => {
    const { server } = await starting();
    expect(await server.ended).toBe(1);
    expect(server.lines.at(-2)).toContain('server.stopping');
    expect(server.lines.at(-1)).toMatch(/^bootlayer: .* in use by another server/);
  });

  it('ends at once at the second signal', async () => {
    const { server } = await starting();
    server.kill('SIGINT');
    expect(await server.ended).toBe('SIGKILL');
  });
});
