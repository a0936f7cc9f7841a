import { expect, it } from 'vitest';
import { judgeImage } from '../../src/booter/judged-image.js';
import { inspectContents } from '../../src/catalog/inspect-contents.js';
import { digestOf } from '../../src/oci/digest.js';
import { isoImage } from '../fixtures/iso.js';
import { program } from '../fixtures/programs.js';

const UKI = program([
  { name: '.cmdline', contents: 'quiet' },
  { name: '.linux', contents: 'a kernel' },
]);
const SCRIPT = Buffer.from('#!ipxe');

const TOP = { reference: 'a', digest: digestOf(UKI), mediaType: 'x', annotations: {} };
const MANIFEST = { ...TOP, platform: 'linux/amd64', architecture: 'amd64', commandLine: '' };
const EVERYBODY = ['ipxe-bios', 'ipxe-uefi', 'uefi-http'];

function artifact(role: 'kernel' | 'initramfs' | 'uki' | 'iso' | 'disk', bytes: Buffer) {
  return { role, descriptor: { mediaType: 'x', digest: digestOf(bytes), size: bytes.length } };
}

async function inspect(artifacts: readonly ReturnType<typeof artifact>[], more = {}, layers = [UKI, SCRIPT]) {
  const blobs = new Map(layers.map((bytes) => [digestOf(bytes), bytes]));
  const source = {
    name: 'registry.lab:5000/os',
    fetchBlob: async ({ digest }: { digest: ReturnType<typeof digestOf> }, _signal?: AbortSignal, from = 0) =>
      (async function* () {
        yield blobs.get(digest)?.subarray(from) ?? Buffer.alloc(0);
      })(),
  };
  const report = { ...TOP, manifests: [{ ...MANIFEST, artifacts, ...more }] };
  const { manifests } = await inspectContents(source, report, judgeImage);
  return manifests[0] ?? expect.unreachable();
}

it('says what a UKI holds, which boots everybody', async () => {
  expect(await inspect([artifact('uki', UKI)])).toMatchObject({
    uki: { kind: 'uki', uki: { architecture: 'amd64' } },
    clients: EVERYBODY,
    refused: [],
  });
});

it('says what a kernel is, and why it boots nobody', async () => {
  const alone = await inspect([artifact('kernel', SCRIPT)]);
  expect(alone).toMatchObject({
    kernel: { kind: 'unknown' },
    clients: [],
    reason: 'it has a kernel but no initramfs: add --initramfs to image build',
  });
  expect(alone).not.toHaveProperty('uki');
  const both = await inspect([artifact('kernel', SCRIPT), artifact('initramfs', SCRIPT)]);
  expect(both.clients).toEqual(EVERYBODY);
  expect(both).not.toHaveProperty('reason');
});

it('says who is not booted by what is no UKI, and why', async () => {
  const reason = 'its UKI cannot be opened: it is no program of UEFI: make another by image build --uki make';
  expect(await inspect([artifact('uki', SCRIPT)])).toMatchObject({
    uki: { kind: 'refused', reason: 'it is no program of UEFI' },
    clients: [],
    refused: [
      { client: 'ipxe-bios', reason },
      { client: 'ipxe-uefi', reason },
      { client: 'uefi-http', reason },
    ],
  });
});

it('takes a manifest that names no architecture for what its layers are', async () => {
  expect((await inspect([artifact('uki', UKI)], { architecture: undefined })).clients).toEqual(EVERYBODY);
  expect((await inspect([artifact('disk', UKI)], { architecture: undefined })).reason).toContain('only a disk image');
});

it('says what an ISO is, and what of it is started', async () => {
  const iso = await isoImage({ files: { 'casper/vmlinuz': 'kernel', 'casper/initrd': 'initramfs' } });
  expect(await inspect([artifact('iso', iso)], {}, [iso])).toMatchObject({
    iso: { kind: 'iso', iso: { label: 'TESTISO', opening: { by: 'layout', system: 'Ubuntu (casper)' } } },
  });
});
