import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { chmod } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { layContainer } from '../../deploy/package/container.js';
import { buildExecutable } from '../../deploy/package/executable.js';
import { ContainerImages, USER } from '../fixtures/container.js';
import { DEPLOY } from '../fixtures/deploy.js';
import { temporaryFolder } from '../fixtures/folder.js';
import { buildTestImage } from '../fixtures/program.js';
import { kernelIn } from '../fixtures/serving.js';
import { curl } from '../fixtures/tftp-clients.js';
import { freePort } from '../setup/free-port.js';
import { payloadFiles } from '../setup/payload.js';

/** Of the overlay of that name. */
function capabilitiesOf(overlay: string): readonly string[] {
  const text = readFileSync(join(DEPLOY, 'kustomize', overlay, 'stateful-set.yaml'), 'utf8');
  return /capabilities: \{ add: \[(.*)\] \}/.exec(text)?.[1]?.split(', ') ?? [];
}

/** Seconds. */
const TIME = 1_700_000_000;

let folder: string;
let context: string;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'bootlayer-test-'));
  const executable = join(folder, 'bootlayer');
  await buildExecutable(executable, folder);
  context = await layContainer(folder, { executable, version: '0.1.0' });
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

it('is an image that says what it is, the same each time', async () => {
  const images = await ContainerImages.make();
  const first = images.build(context, 'first', { time: TIME, format: 'oci' });
  expect(images.build(context, 'second', { time: TIME, format: 'oci' })).toBe(first);
  expect(images.build(context, 'docker', { time: TIME, format: 'docker' })).not.toBe(first);
  const readme = readFileSync(new URL('../../README.md', import.meta.url), 'utf8');
  const [, size] = /an image of (\d+) MB/.exec(readme) ?? [];
  expect(images.inspect('docker')).toMatchObject({
    Docker: {
      config: {
        User: `${USER}:${USER}`,
        Entrypoint: ['/usr/bin/bootlayer'],
        Cmd: ['serve', '-c', '/etc/bootlayer/bootlayer.yaml'],
        ExposedPorts: { '8080/tcp': {}, '69/udp': {} },
        Volumes: { '/var/lib/bootlayer': {} },
        StopSignal: 'SIGTERM',
        Healthcheck: { Test: ['CMD', '/usr/bin/bootlayer', 'ready'] },
        Labels: { 'org.opencontainers.image.version': '0.1.0', 'org.opencontainers.image.licenses': 'Apache-2.0' },
      },
    },
  });
  // As it is sent, within a tenth.
  const sent = images.sizeOf('first') / 1_000_000;
  expect(Math.abs(sent / Number(size) - 1), `${sent} MB`).toBeLessThan(0.1);
});

it('opens low ports where root starts it with three capabilities, is nobody special then, and healthy whatever the disk says', async () => {
  const images = await ContainerImages.make();
  images.build(context, 'root', { time: TIME, format: 'oci' });
  const rights = { isRoot: true, capabilities: capabilitiesOf('host-network').map((name) => `CAP_${name}`) };
  const configuration = 'advertise: 192.168.77.1\nuser: 65532:65532\ntftp: { listen: 0.0.0.0:69 }\n';
  const container = images.unpack('root');
  const { listening, data } = await container.start(configuration, await temporaryFolder(), rights);
  expect([listening['http'], listening['tftp']]).toEqual(['0.0.0.0:8080', '0.0.0.0:69']);
  expect(statSync(join(data, 'state.db')).uid).toBe(USER);

  // Who restarts what is not healthy would have no server at all then: it runs on by what it has.
  await container.configure('advertise: 192.168.77.1\nassignmnets: []\n');
  expect(container.exec('/usr/bin/bootlayer', 'ready')).toBe('ready\n');
});

it('boots machines as a user without rights, in a root that is not written to', async () => {
  const images = await ContainerImages.make();
  images.build(context, 'run', { time: TIME, format: 'oci' });
  const container = images.unpack('run');
  expect([statSync(container.path('var/lib')).uid, statSync(container.path('var/lib/bootlayer')).uid]).toEqual([
    0,
    USER,
  ]);
  expect(existsSync(container.path('bin/sh'))).toBe(false);

  const place = await temporaryFolder();
  // The container's user is another one.
  await chmod(place, 0o755);
  await buildTestImage(`oci:${join(place, 'os')}:1`, ['amd64']);
  const { server, logged, listening } = await container.start(
    `advertise: 127.0.0.1
http: { listen: 127.0.0.1:0 }
tftp: { listen: 127.0.0.1:0 }
api: { listen: "127.0.0.1:${await freePort()}" }
assignments: [{ name: all, match: {}, image: "oci:/images/os:1" }]
`,
    place,
  );
  const http = String(listening['http']);
  expect((await fetch(`http://${http}/readyz`)).status).toBe(200);
  expect(container.exec('/usr/bin/bootlayer', 'ready')).toBe('ready\n');

  const script = await (await fetch(`http://${http}/boot/script?mac=52-54-00-00-00-01&buildarch=x86_64`)).text();
  expect((await kernelIn(script)).equals(readFileSync(payloadFiles('amd64').kernel))).toBe(true);
  const fetched = join(place, 'autoexec.ipxe');
  const { command, libraries } = curl()(String(listening['tftp']).split(':')[1] ?? '', 'autoexec.ipxe', fetched);
  const [client = '', ...args] = command;
  const ran = spawnSync(client, args, { env: { ...process.env, LD_LIBRARY_PATH: libraries }, timeout: 30_000 });
  expect(ran.stderr.toString()).toBe('');
  expect(readFileSync(fetched, 'utf8')).toMatch(/^#!ipxe\n/);

  const ended = logged('server.ended');
  // As the image's STOPSIGNAL.
  server.kill('SIGTERM');
  await ended;
  expect(await server.ended).toBe(0);
});
