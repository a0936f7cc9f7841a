import { expect, it } from 'vitest';
import { judgeClients } from '../../src/boot/judged-clients.js';
import type { Bootable } from '../../src/image/bootable.js';
import type { Role } from '../../src/image/role.js';
import { KERNELS, readUkiOf } from '../fixtures/contents.js';

const of = (roles: readonly Role[], contents: Bootable['contents'] = {}): Bootable => ({
  artifacts: roles.map((role) => ({ role })),
  contents,
});

it('tells who boots an image, of those that there are of its architecture', () => {
  const layers = of(['kernel', 'initramfs']);
  expect(judgeClients(layers, 'amd64')).toEqual({ clients: ['ipxe-bios', 'ipxe-uefi', 'uefi-http'], refused: [] });
  expect(judgeClients(layers, 'arm64')).toEqual({ clients: ['ipxe-uefi', 'uefi-http'], refused: [] });
});

it('tells why some do not', () => {
  const noStub =
    'its kernel has no EFI stub (CONFIG_EFI_STUB), and UEFI starts none without: give image build one that has';
  expect(judgeClients(of(['kernel', 'initramfs'], { kernel: KERNELS.bare }), 'amd64')).toEqual({
    clients: ['ipxe-bios'],
    refused: [
      { client: 'ipxe-uefi', kind: 'way', reason: noStub },
      { client: 'uefi-http', kind: 'way', reason: noStub },
    ],
  });
  const uki = of(['uki'], { uki: readUkiOf({ kernel: KERNELS.image }) });
  expect(judgeClients(uki, 'amd64')).toEqual({
    clients: ['ipxe-uefi', 'uefi-http'],
    refused: [
      {
        client: 'ipxe-bios',
        kind: 'way',
        reason: 'its kernel is for arm64, and the machine is amd64: give image build one for amd64',
      },
    ],
  });
});

it('tells why nobody does', () => {
  const gzip = of(['kernel', 'initramfs'], { kernel: KERNELS.gzip });
  const { clients, refused, reason } = judgeClients(gzip, 'amd64');
  expect([clients, refused.map(({ client }) => client)]).toEqual([[], ['ipxe-bios', 'ipxe-uefi', 'uefi-http']]);
  expect(reason).toMatch(/^its kernel is packed by gzip, .*: unpack it/);
});
