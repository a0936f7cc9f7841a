import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { connect, createServer } from 'node:net';
import { expect, it, onTestFinished } from 'vitest';
import { Catalog } from '../../src/catalog/catalog.js';
import { ImageSources } from '../../src/catalog/image-sources.js';
import { type Clock, systemClock } from '../../src/clock.js';
import { digestOf } from '../../src/oci/digest.js';
import { once as inOnePiece } from '../../src/oci/image-source.js';
import { OCI_MANIFEST } from '../../src/oci/media-type.js';
import { type ImageReference, parseReference } from '../../src/oci/reference.js';
import { HUGE_KERNEL, hugeUki } from '../fixtures/huge-uki.js';
import { countedSource, pieceOf } from '../fixtures/ranged-source.js';
import { plainClient } from '../fixtures/registries.js';
import { startRegistry } from '../setup/registry.js';

/** Against Debian's docker-registry: a UKI that nobody has downloaded is known by little of it. */
const MIB = 1024 * 1024;
const WISH = { os: 'linux', architecture: 'amd64', variant: 'metal' } as const;
const PATIENT: Clock = {
  ...systemClock,
  within: async (_milliseconds, work) => ({ kind: 'done', value: await work }),
};

/** Passes on what a server on loopback says, and counts it. Ends with the test. */
async function startCounter(host: string): Promise<{ readonly host: string; readonly counted: { bytes: number } }> {
  const counted = { bytes: 0 };
  const server = createServer((client) => {
    const upstream = connect(Number(host.split(':')[1]), '127.0.0.1');
    upstream.on('data', (piece) => {
      counted.bytes += piece.length;
      if (!client.write(piece)) upstream.pause();
    });
    client.on('drain', () => upstream.resume());
    client.on('data', (piece) => upstream.write(piece));
    for (const [one, other] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      one.on('error', () => other.destroy());
      one.on('close', () => other.destroy());
    }
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  return { host: `127.0.0.1:${(server.address() as AddressInfo).port}`, counted };
}

it('is resolved with what a UKI of 100 MiB holds by less than 512 KiB of it', async () => {
  const registry = await startRegistry();
  onTestFinished(() => registry.stop());
  const { blob, linux } = hugeUki(100 * MIB);
  const bytes = pieceOf(blob, 0, blob.size);
  const json = (value: object) => Buffer.from(JSON.stringify(value));
  const described = (mediaType: string, of: Uint8Array) => ({ mediaType, digest: digestOf(of), size: of.length });
  const client = plainClient();
  const repository = client.repository(registry.host, 'os');
  const config = json({ architecture: 'amd64' });
  const layer = described('application/vnd.ironcore.image.uki', bytes);
  const configured = described('application/vnd.oci.image.config.v1+json', config);
  await repository.pushBlob(configured, () => inOnePiece(config));
  await repository.pushBlob(layer, () => inOnePiece(bytes));
  const manifest = json({ schemaVersion: 2, mediaType: OCI_MANIFEST, config: configured, layers: [layer] });
  await repository.pushDocument({ descriptor: described(OCI_MANIFEST, manifest), bytes: manifest }, '1');

  const counter = await startCounter(registry.host);
  const sources = new ImageSources(client);
  const counted = { received: 0 };
  const of = (reference: ImageReference) => countedSource(sources.of(reference), counted);
  const nothing = { saveResolution: async () => undefined, findResolution: async () => undefined };
  const catalog = new Catalog({
    sources: { of, blobSourcesAt: () => [] },
    resolutions: { ...nothing, findArchitectures: async () => [] },
    events: () => undefined,
    clock: PATIENT,
  });
  onTestFinished(() => catalog.close());
  const { contents } = await catalog.resolve(parseReference(`${counter.host}/os:1`), WISH);
  expect(contents).toMatchObject({
    uki: { kind: 'uki', uki: { osName: 'Debian', profiles: [{ linux: { offset: linux }, kernel: HUGE_KERNEL }] } },
  });
  expect(counted.received).toBeLessThan(512 * 1024);
  // What is on its way when it is broken off is what the system's buffers hold.
  expect(counter.counted.bytes).toBeLessThan(16 * MIB);
});
