import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { parseReference } from '../../src/oci/reference.js';
import { RegistryClient } from '../../src/oci/registry-client.js';
import { writeConfiguration } from '../fixtures/configuration.js';
import { temporaryFolder } from '../fixtures/folder.js';
import { bootlayer, buildTestImage } from '../fixtures/program.js';
import { kernelUrl, scriptFrom, serve } from '../fixtures/serving.js';
import { payloadFiles } from '../setup/payload.js';
import { type Registry, startRegistry } from '../setup/registry.js';

/** Against Debian's docker-registry, with the program as built. */
let registry: Registry;
let image = '';

beforeAll(async () => {
  registry = await startRegistry();
  image = `${registry.host}/os/test:1`;
  await buildTestImage(image, ['amd64', 'arm64']);
});

afterAll(() => registry.stop());

async function serveImage(folder: string, reference = image) {
  const config = await writeConfiguration(folder, {
    plainHttp: [registry.host],
    assignments: [`{ name: all, match: {}, image: "${reference}" }`],
  });
  const { server, log } = await serve(config);
  const script = (more = 'buildarch=x86_64') => scriptFrom(server, `mac=52-54-00-00-00-01&${more}`);
  return { server, script, log };
}

describe('the real registry', () => {
  it('shows the image as it was built', async () => {
    const { status, out } = await bootlayer(['image', 'inspect', '--plain-http', '--json', image]);
    expect(status).toBe(0);
    expect(JSON.parse(out)).toMatchObject({
      reference: image,
      manifests: [
        { platform: 'linux/amd64', variant: 'metal', clients: ['ipxe-bios', 'ipxe-uefi', 'uefi-http'] },
        { platform: 'linux/arm64', variant: 'metal', clients: ['ipxe-uefi', 'uefi-http'] },
      ],
    });
  });

  it('is reached as the configuration says, without another word', async () => {
    const cwd = await temporaryFolder();
    await writeConfiguration(cwd, {
      plainHttp: [registry.host],
      assignments: ['{ name: all, match: {}, image: "oci:x:1" }'],
    });
    expect(await bootlayer(['image', 'inspect', image], { cwd })).toMatchObject({ status: 0, err: '' });
  });

  it('refuses IronCore manifests, which is why layouts and other registries are read for them', async () => {
    const client = new RegistryClient({ settings: () => ({ plainHttp: true }) });
    onTestFinished(() => client.close());
    const repository = client.repository(registry.host, 'os/test');
    const reference = parseReference(image);
    const index = await repository.fetchDocument({ kind: 'tag', tag: reference.tag ?? '' });
    const mediaType = 'application/vnd.ironcore.image.artifacts.v1+json';
    const document = { descriptor: { ...index.descriptor, mediaType }, bytes: index.bytes };
    await expect(repository.pushDocument(document, 'odd')).rejects.toThrow('400 (MANIFEST_INVALID');
  });

  it('is pulled from once for many machines', async () => {
    const { server, script, log } = await serveImage(await temporaryFolder());
    const url = kernelUrl(await script());
    const bodies = await Promise.all(Array.from({ length: 20 }, async () => (await fetch(url)).arrayBuffer()));
    const kernel = await readFile(payloadFiles('amd64').kernel);
    for (const body of bodies) expect(Buffer.from(body).equals(kernel)).toBe(true);
    // The events of the last transfers may still be on their way through the pipe.
    expect(await server.stop()).toBe(0);
    const fills = log.filter(({ event }) => event === 'fill.finished').map(({ digest }) => digest);
    expect(fills.length).toBeGreaterThanOrEqual(2);
    expect(new Set(fills).size).toBe(fills.length);
    await expect.poll(() => log.filter(({ event }) => event === 'artifact.sent')).toHaveLength(20);
  });

  it('may move a tag between a script and its initramfs: the machine gets what its script named', async () => {
    const moving = `${registry.host}/os/moving:1`;
    await buildTestImage(moving, ['amd64']);
    const { script } = await serveImage(await temporaryFolder(), moving);
    const booted = await script();
    const initramfs = /^initrd --name initrd (\S+)/m.exec(booted)?.[1] ?? '';
    await buildTestImage(moving, ['arm64']);
    await buildTestImage(moving, ['amd64'], ['--disk', payloadFiles('arm64').kernel]);
    for (const [url, file] of [
      [kernelUrl(booted), payloadFiles('amd64').kernel],
      [initramfs, payloadFiles('amd64').initramfs],
    ] as const) {
      expect(Buffer.from(await (await fetch(url)).arrayBuffer()).equals(await readFile(file))).toBe(true);
    }
  });

  it('may be down: what was booted before boots again, also after a restart and after a kill', async () => {
    const folder = await temporaryFolder();
    const first = await serveImage(folder);
    const booted = await first.script();
    await (await fetch(kernelUrl(booted))).arrayBuffer();
    first.server.process.kill('SIGKILL');
    await first.server.process.ended;
    await registry.process.stop();
    try {
      const second = await serveImage(folder);
      const again = await second.script();
      const path = (script: string) => new URL(kernelUrl(script)).pathname;
      expect(path(again)).toBe(path(booted));
      const kernel = await (await fetch(kernelUrl(again))).arrayBuffer();
      expect(kernel.byteLength).toBe((await readFile(payloadFiles('amd64').kernel)).byteLength);
      expect(await second.script('buildarch=riscv64')).toContain('waits (1 of 60)');
    } finally {
      await registry.start();
    }
  });
});

describe('what an operator gets wrong', () => {
  it.each([
    ['a tag that is not there', 'os/test:2'],
    ['a repository that is not there', 'os/none:1'],
  ])('is told of %s', async (_name, name) => {
    const reference = `${registry.host}/${name}`;
    const { status, err } = await bootlayer(['image', 'inspect', '--plain-http', reference]);
    expect(status).toBe(1);
    expect(err).toMatch(/^bootlayer: 127\.0\.0\.1:\d+\/os\/\w+ has no manifest \w+ \(.*\); check the spelling/);
    expect(err.trimEnd()).not.toContain('\n');
  });

  it('sees on the screen that the image has no such architecture', async () => {
    const { script, log } = await serveImage(await temporaryFolder());
    expect(await script('buildarch=riscv64')).toContain('has no image for linux/riscv64; it has linux/amd64');
    await expect.poll(() => log.some(({ event }) => event === 'script.refused')).toBe(true);
  });

  it('is told of a registry that is not there', async () => {
    const { status, err } = await bootlayer(['image', 'inspect', '--plain-http', '127.0.0.1:1/os/test:1']);
    expect(status).toBe(1);
    expect(err).toContain('127.0.0.1:1/os/test cannot be asked for manifest 1');
    expect(err).toContain('see that the registry runs');
  });
});
