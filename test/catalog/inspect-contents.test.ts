import { expect, it } from 'vitest';
import { inspectContents } from '../../src/catalog/inspect-contents.js';
import { digestOf } from '../../src/oci/digest.js';
import { program } from '../fixtures/programs.js';

const UKI = program([
  { name: '.cmdline', contents: 'quiet' },
  { name: '.linux', contents: 'a kernel' },
]);

const TOP = { reference: 'a', digest: digestOf(UKI), mediaType: 'x', annotations: {} };
const MANIFEST = { ...TOP, platform: 'linux/amd64', commandLine: '', clients: [] };

function artifact(role: 'kernel' | 'uki', bytes: Buffer) {
  return { role, descriptor: { mediaType: 'x', digest: digestOf(bytes), size: bytes.length } };
}

it('says of each manifest what its kernel is and what its UKI holds, where it has one', async () => {
  const script = Buffer.from('#!ipxe');
  const blobs = new Map([UKI, script].map((bytes) => [digestOf(bytes), bytes]));
  const source = {
    name: 'registry.lab:5000/os',
    fetchBlob: async ({ digest }: { digest: ReturnType<typeof digestOf> }, _signal?: AbortSignal, from = 0) =>
      (async function* () {
        yield blobs.get(digest)?.subarray(from) ?? Buffer.alloc(0);
      })(),
  };
  const artifacts = [[artifact('uki', UKI)], [artifact('kernel', script)], [artifact('uki', script)]];
  const report = { ...TOP, manifests: artifacts.map((some) => ({ ...MANIFEST, artifacts: some })) };
  const { manifests } = await inspectContents(source, report);
  expect(manifests.map(({ kernel, uki }) => [kernel, uki])).toEqual([
    [undefined, { kind: 'uki', uki: expect.objectContaining({ architecture: 'amd64' }) as object }],
    [{ kind: 'unknown', hasEfiStub: false }, undefined],
    [undefined, { kind: 'refused', reason: 'it is no program of UEFI' }],
  ]);
});
