import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { type Descriptor, descriptorOf } from '../../src/oci/descriptor.js';
import { IRONCORE_MANIFEST, OCI_INDEX } from '../../src/oci/media-type.js';
import { startFakeRegistry } from '../fakes/registry.js';
import { writeConfiguration } from '../fixtures/configuration.js';
import { temporaryFolder } from '../fixtures/folder.js';
import { startServer } from '../setup/server.js';

/** IronCore's own manifest type in the index and in the registry's answer: docker-registry refuses to store it. */

type Put = (mediaType: string, bytes: Uint8Array) => Promise<Descriptor>;

async function ironcoreImage(put: Put): Promise<Descriptor> {
  const json = (value: unknown) => Buffer.from(JSON.stringify(value));
  const layer = (role: string) => put(`application/vnd.ironcore.image.${role}`, Buffer.from(`the ${role}`));
  const config = await put('application/vnd.ironcore.image.config.v1+json', json({ commandLine: 'quiet' }));
  const layers = [await layer('kernel'), await layer('initramfs'), await layer('squashfs')];
  const manifest = await put(
    IRONCORE_MANIFEST,
    json({ schemaVersion: 2, mediaType: IRONCORE_MANIFEST, config, layers }),
  );
  const manifests = [{ ...manifest, platform: { os: 'linux', architecture: 'amd64' } }];
  return put(OCI_INDEX, json({ schemaVersion: 2, mediaType: OCI_INDEX, manifests }));
}

async function bootsFrom(image: string, registry = 'none'): Promise<void> {
  const folder = await temporaryFolder();
  const config = await writeConfiguration(folder, {
    plainHttp: [registry],
    assignments: [`{ name: all, match: {}, image: "${image}", kernelArgs: { append: ["root={blob.squashfs.url}"] } }`],
  });
  const server = await startServer(config);
  onTestFinished(async () => void (await server.stop()));
  const get = async (url: string) => (await fetch(url)).text();
  const script = await get(`http://${server.http}/boot/script?mac=52-54-00-00-00-01&buildarch=x86_64`);
  const [, kernel = '', squashfs = ''] = /^kernel (\S+) initrd=initrd quiet root=(\S+) /m.exec(script) ?? [];
  expect([await get(kernel), await get(squashfs)]).toEqual(['the kernel', 'the squashfs']);
}

it('boots from a layout', async () => {
  const folder = await temporaryFolder();
  await mkdir(join(folder, 'blobs/sha256'), { recursive: true });
  const index = await ironcoreImage(async (mediaType, bytes) => {
    const descriptor = descriptorOf(mediaType, bytes);
    await writeFile(join(folder, 'blobs/sha256', descriptor.digest.slice('sha256:'.length)), bytes);
    return descriptor;
  });
  await writeFile(join(folder, 'oci-layout'), '{"imageLayoutVersion":"1.0.0"}');
  const annotations = { 'org.opencontainers.image.ref.name': '1' };
  await writeFile(
    join(folder, 'index.json'),
    JSON.stringify({ schemaVersion: 2, manifests: [{ ...index, annotations }] }),
  );
  await bootsFrom(`oci:${folder}:1`);
});

it('boots from a registry', async () => {
  const registry = await startFakeRegistry();
  const put: Put = async (mediaType, bytes) => {
    const descriptor = descriptorOf(mediaType, bytes);
    registry.documents.set(`os/test@${descriptor.digest}`, { mediaType, bytes });
    if (mediaType === OCI_INDEX) registry.documents.set('os/test:1', { mediaType, bytes });
    return mediaType.includes('.v1+json') ? descriptor : registry.addBlob(bytes, mediaType);
  };
  await ironcoreImage(async (mediaType, bytes) => {
    const descriptor = await put(mediaType, bytes);
    registry.blobs.set(descriptor.digest, bytes);
    return descriptor;
  });
  await bootsFrom(`${registry.host}/os/test:1`, registry.host);
  expect(registry.count('/manifests/1')).toBe(1);
});
