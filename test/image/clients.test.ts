import { expect, it } from 'vitest';
import { clientsOf, unbootableBecause } from '../../src/image/clients.js';
import type { Role } from '../../src/image/role.js';
import { KERNELS, readUkiOf } from '../fixtures/contents.js';

const of = (...roles: readonly Role[]) => ({ artifacts: roles.map((role) => ({ role })) });

it('gives a BIOS to PCs only', () => {
  const both = of('kernel', 'initramfs');
  expect(clientsOf(both, 'amd64')).toEqual(['ipxe-bios', 'ipxe-uefi', 'uefi-http']);
  expect(clientsOf(both, 'arm64')).toEqual(['ipxe-uefi', 'uefi-http']);
  expect(clientsOf(both, '386')).toEqual(['ipxe-bios', 'ipxe-uefi']);
});

it('opens a UKI for a BIOS when it is known what that holds', () => {
  expect(clientsOf(of('uki'), 'amd64')).toEqual(['ipxe-uefi', 'uefi-http']);
  expect(clientsOf({ ...of('uki'), contents: { uki: readUkiOf() } }, 'amd64')).toEqual([
    'ipxe-bios',
    'ipxe-uefi',
    'uefi-http',
  ]);
});

it.each<[string, readonly Role[], string]>([
  ['half of it', ['kernel'], 'no initramfs'],
  ['the other half', ['initramfs'], 'no kernel'],
  ['an ISO', ['iso'], 'ISO'],
  ['a disk image', ['disk'], 'only a disk image'],
  ['a root file system', ['squashfs'], 'neither a kernel nor a UKI'],
])('says why %s boots nowhere', (_what, roles, reason) => {
  expect(clientsOf(of(...roles), 'amd64')).toEqual([]);
  expect(unbootableBecause(of(...roles), 'amd64')).toContain(reason);
});

it('says why a UKI of another architecture boots nowhere', () => {
  const image = { ...of('uki'), contents: { uki: readUkiOf({ architecture: 'arm64', kernel: KERNELS.image }) } };
  expect(clientsOf(image, 'amd64')).toEqual([]);
  expect(unbootableBecause(image, 'amd64')).toBe('its UKI is for arm64, and the machine is amd64');
});
