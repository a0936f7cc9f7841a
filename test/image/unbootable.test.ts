import { expect, it } from 'vitest';
import type { Bootable } from '../../src/image/bootable.js';
import type { Role } from '../../src/image/role.js';
import { unbootableBecause } from '../../src/image/unbootable.js';
import { judgeWays } from '../../src/image/ways.js';
import { readUkiOf } from '../fixtures/contents.js';

function because(roles: readonly Role[], contents: Bootable['contents'] = {}): string {
  const image = { artifacts: roles.map((role) => ({ role })), contents };
  return unbootableBecause(image, judgeWays(image, { client: 'ipxe-uefi', architecture: 'amd64' }));
}

it.each<[string, readonly Role[], string]>([
  ['half of it', ['kernel'], 'it has a kernel but no initramfs: add --initramfs to image build'],
  ['the other half', ['initramfs'], 'it has an initramfs but no kernel: add --kernel to image build'],
  ['an ISO', ['iso', 'disk'], 'what its ISO holds is not known yet, since its registry did not say: try again'],
  ['a disk image', ['disk'], 'and not booted: add --kernel and --initramfs, or --uki, to image build'],
  ['a root file system', ['squashfs'], 'it has neither a kernel nor a UKI: add --kernel'],
])('says why %s boots nowhere', (_what, roles, reason) => {
  expect(because(roles)).toContain(reason);
});

it('says once what stands against several ways, and nothing of what is not there', () => {
  const uki = readUkiOf({ architecture: 'arm64' });
  expect(because(['uki'], { uki })).toBe(
    'its UKI is for arm64, and the machine is amd64: give image build one for amd64',
  );
});
