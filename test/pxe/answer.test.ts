import { describe, expect, it } from 'vitest';
import { OPTION } from '../../src/dhcp/option-code.js';
import { answerTo, type Offerings } from '../../src/pxe/answer.js';
import { readClient } from '../../src/pxe/client.js';
import { packetOf } from '../fixtures/dhcp.js';
import { DHCP_PACKETS } from '../fixtures/dhcp-packets.js';
import { allOffered, pxeRequest } from '../fixtures/pxe.js';

const told = (packet: Parameters<typeof readClient>[0], more?: Partial<Offerings>) =>
  answerTo(readClient(packet), allOffered(more));
const SCRIPT = { kind: 'script', url: 'http://192.168.77.1:8080/boot.ipxe' };
const loader = (file: string) => ({ kind: 'loader', file });
const WHO = '52:54:00:77:00:01/77000001-1ab0-4c0d-8e0f-000000000001';
const firmwareUrl = (architecture: string, who = WHO) => ({
  kind: 'url',
  url: `http://192.168.77.1:8080/uefi/${architecture}/${who}/boot.efi`,
});
const silent = (reason: string) => ({ kind: 'silent', reason });

describe('what real clients are told', () => {
  it.each<[keyof typeof DHCP_PACKETS, unknown]>([
    ['ipxeBios2019Discover', SCRIPT],
    ['ipxeBiosDiscover', SCRIPT],
    ['ipxeAmd64Discover', SCRIPT],
    ['ipxeAmd64ProxyDiscover', SCRIPT],
    ['ipxeArm64ProxyDiscover', SCRIPT],
    ['ovmfPxeDiscover', loader('snponly.efi')],
    ['ovmfPxeBootServerRequest', loader('snponly.efi')],
    ['aavmfPxeDiscover', loader('ipxe-arm64.efi')],
    ['ovmfHttpDiscover', firmwareUrl('amd64')],
    ['ovmf2022HttpDiscover', firmwareUrl('amd64')],
    ['aavmfHttpDiscover', firmwareUrl('arm64')],
    ['udhcpcDiscover', silent('it does not ask to be booted')],
  ])('%s', (name, answer) => expect(told(packetOf(DHCP_PACKETS[name]))).toEqual(answer));
});

describe('what PXE clients are told', () => {
  const asks = (code: number, more?: Partial<Offerings>) => told(pxeRequest({ architectures: [code] }), more);

  it.each([
    [0, 'undionly.kpxe'],
    [7, 'snponly.efi'],
    [9, 'snponly.efi'],
    [11, 'ipxe-arm64.efi'],
    [22, 'ipxe-arm64.efi'],
  ])('the architecture %i loads %s', (code, file) => expect(asks(code)).toEqual(loader(file)));

  it('is the next of the table where the first is missing', () =>
    expect(asks(7, { loaders: new Set(['ipxe.efi']) })).toEqual(loader('ipxe.efi')));

  it.each([
    [7, 'snponly.efi or ipxe.efi is missing (npm run ipxe, or ipxe.binaries)'],
    [0, 'undionly.kpxe is missing (npm run ipxe, or ipxe.binaries)'],
  ])('is nothing where all are missing: %i', (code, reason) =>
    expect(asks(code, { loaders: new Set() })).toEqual(silent(reason)),
  );

  it.each([
    [2, 'there is nothing to start on Itanium by PXE'],
    [6, 'there is nothing to start on x86 UEFI by PXE'],
    [27, 'there is nothing to start on RISC-V 64-bit UEFI by PXE'],
    [41, 'there is nothing to start on ARM rpiboot by PXE'],
    [999, 'it says no architecture that is known (options 93 and 60)'],
  ])('is nothing where there is none for it: %i', (code, reason) => expect(asks(code)).toEqual(silent(reason)));

  it('is nothing without TFTP', () =>
    expect(asks(7, { hasTftp: false })).toEqual(silent('it wants a loader by TFTP, and tftp.enabled is false')));
});

describe('what iPXE is told', () => {
  const asks = (features: string, more?: Partial<Offerings>, codes = [7]) =>
    told(pxeRequest({ architectures: codes, options: [[OPTION.ipxe, Buffer.from(features, 'hex')]] }), more);
  const [HTTP, HTTPS, TFTP] = ['130101', '140101', '150101'];
  const scriptUrl = 'https://boot.lab/boot.ipxe';

  it('is the script where it speaks what that is served by', () => {
    expect(asks(HTTP)).toEqual(SCRIPT);
    expect(asks(HTTP + HTTPS, { scriptUrl })).toEqual({ kind: 'script', url: scriptUrl });
    expect(asks(HTTP, { hasTftp: false, loaders: new Set() })).toEqual(SCRIPT);
  });

  it('is the script for any architecture, since it is there already', () => {
    for (const codes of [[6], [999], []]) expect(asks(HTTP, {}, codes)).toEqual(SCRIPT);
    const named = pxeRequest({ vendorClass: undefined, options: [[OPTION.userClass, Buffer.from('iPXE')]] });
    expect(told(named)).toEqual(SCRIPT);
  });

  it('is a more complete iPXE where it does not', () => {
    expect(asks(TFTP)).toEqual(loader('snponly.efi'));
    expect(asks(HTTP, { scriptUrl })).toEqual(loader('snponly.efi'));
    expect(asks(TFTP, {}, [0])).toEqual(loader('undionly.kpxe'));
    expect(asks(TFTP, { hasTftp: false })).toEqual(
      silent('its iPXE cannot do what the script is served by, and tftp.enabled is false'),
    );
  });
});

describe('what UEFI HTTP Boot is told', () => {
  const asks = (codes: readonly number[], more?: Partial<Offerings>) =>
    told(pxeRequest({ vendorClass: 'HTTPClient', architectures: codes }), more);

  it.each([
    // No iPXE of the table is for it: a UKI may be.
    [15, '386'],
    [16, 'amd64'],
    [17, 'amd64'],
    [18, 'arm'],
    [19, 'arm64'],
    [28, 'riscv64'],
    [40, 'loong64'],
  ])('the architecture %i fetches what is for %s', (code, architecture) =>
    expect(asks([code])).toEqual(firmwareUrl(architecture, '52:54:00:77:00:01/-')),
  );

  it('is for it by its class, though it lists the architecture of UEFI’s PXE first', () => {
    for (const codes of [[7, 16], [7]]) expect(asks(codes)).toEqual(asks([16]));
  });

  it('needs neither TFTP nor iPXE', () =>
    expect(asks([16], { hasTftp: false, loaders: new Set() })).toMatchObject({ kind: 'url' }));

  it.each([
    [[20], 'there is nothing to start on x86 BIOS HTTP'],
    [[0], 'there is nothing to start on x86 BIOS'],
    [[26], 'there is nothing to start on RISC-V 32-bit UEFI HTTP'],
    [[], 'it says no architecture that is known (options 93 and 60)'],
  ])('is nothing for the architectures %j', (codes, reason) => expect(asks(codes)).toEqual(silent(reason)));

  it('says nothing of a machine that says nothing of itself', () => {
    const nobody = pxeRequest({ vendorClass: 'HTTPClient', architectures: [16], htype: 32, hlen: 0 });
    expect(told(nobody)).toEqual(firmwareUrl('amd64', '-/-'));
  });
});
