import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it, onTestFinished } from 'vitest';
import { privateAuthority } from '../fixtures/certificates.js';
import { temporaryFolder } from '../fixtures/folder.js';
import { bootlayer, buildTestImage } from '../fixtures/program.js';
import { type Registry, startRegistry } from '../setup/registry.js';
import { type LogLine, startServer } from '../setup/server.js';

/** Debian's docker-registry with users of its own, and TLS under a certificate authority that nobody knows. */
const PASSWORD = 'open sesame: 1';
const HTPASSWD = 'boot:$2y$05$EiSmB9k3QR08kJg80e5w9uKyLwKxKkEz18OXwiNOTAzEtnK9.AEtK\n';

let registry: Registry;
let ca = '';

beforeAll(async () => {
  const authority = await privateAuthority();
  ca = authority.ca;
  registry = await startRegistry({ htpasswd: HTPASSWD, tls: authority.server });
});

afterAll(() => registry.stop());

/** A folder with a configuration for that registry. */
async function lab({ password = PASSWORD, more = 'ca: lab-ca.pem' } = {}) {
  const cwd = await temporaryFolder();
  const image = `${registry.host}/os/test:1`;
  const credentials = 'credentials: { username: boot, passwordFile: password }';
  const entry = [more, credentials].filter((part) => part !== '').join(', ');
  await writeFile(join(cwd, 'lab-ca.pem'), ca);
  await writeFile(join(cwd, 'password'), password);
  const file = join(cwd, 'bootlayer.yaml');
  await writeFile(
    file,
    `advertise: 127.0.0.1
data: data
http: { listen: "127.0.0.1:0" }
tftp: { listen: "127.0.0.1:0" }
api: { listen: "127.0.0.1:0" }
registries: { "${registry.host}": { ${entry} } }
assignments: [{ name: all, match: {}, image: "${image}" }]
`,
  );
  return { cwd, file, image };
}

it('takes images and gives them back', async () => {
  const { cwd, file, image } = await lab();
  await buildTestImage(image, ['amd64'], ['-c', file]);
  const { status, out } = await bootlayer(['check', '--json', '-c', file], { cwd });
  expect([status, JSON.parse(out)]).toMatchObject([
    0,
    { problems: 0, assignments: [{ targets: [{ kind: 'boots' }] }] },
  ]);
  const log: LogLine[] = [];
  const server = await startServer(file, { onLog: (line) => log.push(line) });
  onTestFinished(async () => void (await server.stop()));
  const script = await (await fetch(`http://${server.http}/boot/script?mac=52-54-00-00-00-01&buildarch=x86_64`)).text();
  const kernel = await fetch(/^kernel (\S+)/m.exec(script)?.[1] ?? '');
  expect((await kernel.arrayBuffer()).byteLength).toBe(Number(kernel.headers.get('content-length')));
  expect(JSON.stringify(log)).not.toContain(PASSWORD);
});

it('says that nobody knows its authority, and who is refused', async () => {
  const stranger = await lab({ more: '' });
  const unknown = await bootlayer(['check', '-c', stranger.file], stranger);
  expect([unknown.status, unknown.out]).toEqual([1, expect.stringMatching(/registries\.<host>\.ca/)]);
  const wrong = await lab({ password: 'wrong' });
  const refused = await bootlayer(['check', '-c', wrong.file], wrong);
  expect([refused.status, refused.out]).toEqual([1, expect.stringContaining('it answered 401 to user boot')]);
  expect(refused.out).not.toContain('wrong');
});

it('is reached with what docker or Podman know', async () => {
  const { cwd, file: whole, image } = await lab();
  await buildTestImage(image, ['amd64'], ['-c', whole]);
  const file = join(cwd, 'without.yaml');
  await writeFile(file, `registries: { "${registry.host}": { ca: lab-ca.pem } }\n`);
  const auth = Buffer.from(`boot:${PASSWORD}`).toString('base64');
  await writeFile(join(cwd, 'config.json'), JSON.stringify({ auths: { [registry.host]: { auth } } }));
  const inspect = (env: Readonly<Record<string, string>>) =>
    bootlayer(['image', 'inspect', '-c', file, image], { cwd, env });
  expect((await inspect({ HOME: cwd })).err).toContain('there are no credentials for it');
  expect(await inspect({ HOME: cwd, DOCKER_CONFIG: cwd })).toMatchObject({ status: 0, err: '' });
});
