import { expect, it } from 'vitest';
import { inspectContents } from '../../src/catalog/inspect-contents.js';
import { digestOf } from '../../src/oci/digest.js';
import { program } from '../fixtures/programs.js';
import { isoImage } from '../setup/iso.js';

const UKI = program([
  { name: '.cmdline', contents: 'quiet' },
  { name: '.linux', contents: 'a kernel' },
]);
const SCRIPT = Buffer.from('#!ipxe');

const TOP = { reference: 'a', digest: digestOf(UKI), mediaType: 'x', annotations: {} };
const MANIFEST = { ...TOP, platform: 'linux/amd64', architecture: 'amd64', commandLine: '' };

function artifact(role: 'kernel' | 'initramfs' | 'uki' | 'iso' | 'disk', bytes: Buffer) {
  return { role, descriptor: { mediaType: 'x', digest: digestOf(bytes), size: bytes.length } };
}

async function inspect(artifacts: readonly ReturnType<typeof artifact>[], layers = [UKI, SCRIPT]) {
  const blobs = new Map(layers.map((bytes) => [digestOf(bytes), bytes]));
  const source = {
    name: 'registry.lab:5000/os',
    fetchBlob: async ({ digest }: { digest: ReturnType<typeof digestOf> }, _signal?: AbortSignal, from = 0) =>
      (async function* () {
        yield blobs.get(digest)?.subarray(from) ?? Buffer.alloc(0);
      })(),
  };
  const report = { ...TOP, manifests: [{ ...MANIFEST, artifacts }] };
  const { manifests } = await inspectContents(source, report);
  return manifests[0] ?? expect.unreachable();
}

it('says what a UKI holds', async () => {
  expect(await inspect([artifact('uki', UKI)])).toMatchObject({
    ...{ platform: 'linux/amd64', contents: { uki: { kind: 'uki', uki: { architecture: 'amd64' } } } },
  });
});

it('says what a kernel is, and nothing of what is not there', async () => {
  const { contents } = await inspect([artifact('kernel', SCRIPT)]);
  expect(contents).toEqual({ kernel: expect.objectContaining({ kind: 'unknown' }) as object });
  expect((await inspect([artifact('disk', UKI)])).contents).toEqual({});
});

it('says of what is no UKI why it is none', async () => {
  expect((await inspect([artifact('uki', SCRIPT)])).contents).toMatchObject({
    uki: { kind: 'refused', reason: 'it is no program of UEFI' },
  });
});

it('says what an ISO is, and what of it is started', async () => {
  const iso = await isoImage({ files: { 'casper/vmlinuz': 'kernel', 'casper/initrd': 'initramfs' } });
  expect(await inspect([artifact('iso', iso)], [iso])).toMatchObject({
    contents: { iso: { kind: 'iso', iso: { label: 'TESTISO', opening: { by: 'layout', system: 'Ubuntu (casper)' } } } },
  });
});
