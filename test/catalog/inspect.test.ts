import { expect, it } from 'vitest';
import { inspectImage } from '../../src/catalog/inspect.js';
import { parseReference } from '../../src/oci/reference.js';
import { FakeRepository } from '../fakes/image-repository.js';

const TYPES = ['kernel', 'initramfs'].map((role) => `application/vnd.ironcore.image.${role}`);
const REFERENCE = parseReference('registry.lab:5000/os/debian:12');

it('shows every manifest of every index', async () => {
  const repository = new FakeRepository();
  const amd64 = repository.addManifest(TYPES, { commandLine: 'quiet', annotations: { variant: 'metal' } });
  const disk = repository.addManifest(['application/vnd.ironcore.image.disk.img']);
  const attestation = repository.addManifest([]);
  const nested = repository.addIndex([{ ...disk, platform: { os: 'linux', architecture: 'arm64' } }]);
  const index = repository.addIndex(
    [
      { ...amd64, platform: { os: 'linux', architecture: 'amd64' } },
      { ...attestation, platform: { os: 'unknown', architecture: 'unknown' } },
      nested,
    ],
    '12',
  );
  const report = await inspectImage(repository, REFERENCE);
  expect(report).toMatchObject({ reference: 'registry.lab:5000/os/debian:12', digest: index.digest });
  expect(report.manifests).toHaveLength(2);
  expect(report.manifests[0]).toMatchObject({
    digest: amd64.digest,
    platform: 'linux/amd64',
    variant: 'metal',
    commandLine: 'quiet',
  });
  expect(report.manifests[1]).toMatchObject({ platform: 'linux/arm64', artifacts: [{ role: 'disk' }] });
});

it('shows a single manifest, which names no platform', async () => {
  const repository = new FakeRepository();
  repository.addManifest(TYPES, { tag: '12', annotations: { architecture: 'aarch64' } });
  const { manifests } = await inspectImage(repository, REFERENCE);
  expect(manifests).toMatchObject([{ platform: 'arm64', architecture: 'arm64' }]);
});
