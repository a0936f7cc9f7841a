import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { OPTION } from '../../src/dhcp/option-code.js';
import { writeIp4s } from '../../src/dhcp/option-values.js';
import { decodePacket } from '../../src/dhcp/packet.js';
import { describeNext } from '../../src/pxe/behaviour.js';
import { behaviourOf } from '../../src/pxe/client-behaviour.js';
import { type HeardOffer, readOffer } from '../../src/pxe/heard-offer.js';
import { dhcpPacket, rawPacket } from '../fixtures/dhcp.js';
import { anyOptions } from '../fixtures/pxe.js';

const BIOS = { kind: 'pxe', architecture: { code: 0, name: 'x86 BIOS', firmware: 'bios' } } as const;
const UEFI = { kind: 'pxe', architecture: { code: 7, name: 'x64 UEFI', firmware: 'uefi' } } as const;
const HTTP = { kind: 'http', architecture: { code: 16, name: 'x64 UEFI HTTP', firmware: 'uefi-http' } } as const;
const IPXE = { kind: 'ipxe', architecture: { code: 7, name: 'x64 UEFI', firmware: 'uefi' } } as const;

const DIRECT = { isDirect: true, hasMenu: false, isMtftp: false };
const MENU = { isDirect: false, hasMenu: true, isMtftp: false };
/** 192.168.77.2 gives addresses, 192.168.77.3 too, 192.168.77.9 is a proxy. */
const plain: HeardOffer = { server: '192.168.77.2', address: '192.168.77.100', hasDns: false };
const dns: HeardOffer = { ...plain, hasDns: true };
const named: HeardOffer = { ...plain, server: '192.168.77.3', next: '192.168.77.3', file: 'other.efi' };
const classed: HeardOffer = { ...named, class: 'pxe' };
const proxy: HeardOffer = {
  server: '192.168.77.9',
  next: '192.168.77.9',
  file: 'ours.efi',
  class: 'pxe',
  hasDns: false,
};
const url = (host: string, more: Partial<HeardOffer> = {}): HeardOffer => ({
  ...proxy,
  class: 'http',
  file: `http://${host}/x.efi`,
  ...more,
});

type Row = readonly [string, readonly HeardOffer[], string];

const next = (client: Parameters<typeof behaviourOf>[0], offers: readonly HeardOffer[]) =>
  describeNext(behaviourOf(client, offers).next);

/** The same offer that lacks it. */
function without(offer: HeardOffer, lacked: keyof HeardOffer): HeardOffer {
  const { [lacked]: _, ...rest }: Partial<HeardOffer> = offer;
  return { hasDns: false, ...rest };
}

describe('UEFI by PXE, as EDK2 does it,', () => {
  it.each<Row>([
    ['takes nothing where nobody answers', [], 'it takes no offer, and asks again: nobody offers it an address'],
    ['takes nothing of a proxy alone', [proxy], 'it takes no offer, and asks again: nobody offers it an address'],
    [
      'takes no address that tells nothing to boot',
      [plain],
      'it takes no offer, and asks again: none says what to boot',
    ],
    ['asks a proxy without option 43 once more', [plain, proxy], 'it asks port 4011 of 192.168.77.9 what to load'],
    [
      'asks it by option 54 where it has no siaddr',
      [plain, without(proxy, 'next')],
      'it asks port 4011 of 192.168.77.9 what to load',
    ],
    [
      'loads what a proxy names by option 43',
      [plain, { ...proxy, discovery: DIRECT }],
      'it loads ours.efi by TFTP from 192.168.77.9',
    ],
    [
      'asks where that says nothing of loading at once',
      [plain, { ...proxy, discovery: MENU }],
      'it shows a menu, or looks for boot servers, and asks port 4011 of 192.168.77.9',
    ],
    ['takes a stray class before a proxy', [proxy, plain, classed], 'it loads other.efi by TFTP from 192.168.77.3'],
    [
      'but a proxy with option 43 before that',
      [{ ...proxy, discovery: DIRECT }, plain, classed],
      'it loads ours.efi by TFTP from 192.168.77.9',
    ],
    [
      'takes a server with option 43 first of all',
      [{ ...proxy, discovery: DIRECT }, plain, { ...classed, discovery: DIRECT }],
      'it loads other.efi by TFTP from 192.168.77.3',
    ],
    ['takes a proxy before a file without a class', [named, proxy], 'it asks port 4011 of 192.168.77.9 what to load'],
    [
      'loads a file without a class where there is nothing else',
      [plain, named],
      'it loads other.efi by TFTP from 192.168.77.3',
    ],
    [
      'asks a server with the class that names no file',
      [{ ...plain, class: 'pxe' }],
      'it asks port 4011 of 192.168.77.2 what to load',
    ],
  ])('%s', (_, offers, expected) => expect(next(UEFI, offers)).toBe(expected));

  it('says what it passes over, and why', () => {
    const nameless: HeardOffer = { ...plain, server: undefined } as unknown as HeardOffer;
    const { ignored } = behaviourOf(UEFI, [
      nameless,
      { ...proxy, class: 'http' },
      { ...classed, discovery: { ...MENU, isMtftp: true } },
    ]);
    expect(ignored.map(({ reason }) => reason)).toEqual([
      'it does not say whose it is (option 54)',
      'it gives no address, and its class (option 60) is not PXEClient',
      'its option 43 is of MTFTP',
    ]);
  });
});

describe('a BIOS ROM', () => {
  it.each<Row>([
    [
      'loads what a proxy names by option 43',
      [plain, { ...proxy, discovery: DIRECT }],
      'it loads ours.efi by TFTP from 192.168.77.9',
    ],
    ['asks a proxy without option 43', [plain, proxy], 'it asks port 4011 of 192.168.77.9 what to load'],
    ['loads the file of a server that knows nothing of PXE', [named], 'it loads other.efi by TFTP from 192.168.77.3'],
    ['loads the file of one that does', [classed], 'it loads other.efi by TFTP from 192.168.77.3'],
    ['has nothing to boot by an address alone', [plain], 'it is told of nothing to boot: no boot file is named'],
    ['takes nothing of a proxy alone', [proxy], 'it takes no offer, and asks again: nobody offers it an address'],
  ])('%s', (_, offers, expected) => expect(next(BIOS, offers)).toBe(expected));
});

describe('iPXE', () => {
  it.each<Row>([
    ['takes what a proxy names with siaddr', [plain, proxy], 'it loads ours.efi by TFTP from 192.168.77.9'],
    ['asks a proxy without siaddr', [plain, without(proxy, 'next')], 'it asks port 4011 of 192.168.77.9 what to load'],
    ['asks a proxy without a file', [plain, without(proxy, 'file')], 'it asks port 4011 of 192.168.77.9 what to load'],
    [
      'takes no proxy without the class',
      [plain, without(proxy, 'class')],
      'it is told of nothing to boot: no boot file is named',
    ],
    [
      'loads a URL whoever else is named',
      [{ ...named, file: 'http://192.168.77.1:8080/boot.ipxe' }],
      'it loads http://192.168.77.1:8080/boot.ipxe',
    ],
  ])('%s', (_, offers, expected) => expect(next(IPXE, offers)).toBe(expected));

  it('cannot load a name from nobody', () => {
    expect(behaviourOf(IPXE, [without(named, 'next')]).cautions).toEqual([
      expect.stringContaining('without siaddr') as string,
    ]);
  });
});

describe('UEFI HTTP Boot', () => {
  it.each<Row>([
    [
      'fetches by an address of a server that gives addresses',
      [url('10.0.0.1', { address: '10.0.0.9' })],
      'it fetches http://10.0.0.1/x.efi',
    ],
    [
      'fetches by a name with option 6',
      [url('boot.lab', { address: '10.0.0.9', hasDns: true })],
      'it fetches http://boot.lab/x.efi',
    ],
    [
      'takes a server before a proxy',
      [plain, url('10.0.0.2'), url('10.0.0.1', { address: '10.0.0.9' })],
      'it fetches http://10.0.0.1/x.efi',
    ],
    ['takes a proxy beside a plain server', [plain, url('10.0.0.2')], 'it fetches http://10.0.0.2/x.efi'],
    ['takes a name of a proxy where there is option 6', [dns, url('boot.lab')], 'it fetches http://boot.lab/x.efi'],
    [
      'takes an address of a proxy before a name',
      [dns, url('boot.lab'), url('10.0.0.2')],
      'it fetches http://10.0.0.2/x.efi',
    ],
    [
      'fails at a name without option 6',
      [plain, url('boot.lab')],
      'it takes no offer, and asks again: boot.lab is a name, and the offer with its address names no DNS server (option 6)',
    ],
    [
      'takes no offer of PXE',
      [plain, proxy],
      'it takes no offer, and asks again: no offer has the class HTTPClient (option 60) and a URL',
    ],
  ])('%s', (_, offers, expected) => expect(next(HTTP, offers)).toBe(expected));

  it('passes over an HTTP offer without a URL, and warns of http', () => {
    const { ignored } = behaviourOf(HTTP, [plain, { ...proxy, class: 'http' }]);
    expect(ignored.map(({ reason }) => reason)).toEqual(['it is an HTTP offer, and "ours.efi" is no http(s) URL']);
    expect(behaviourOf(HTTP, [plain, url('10.0.0.2')]).cautions).toEqual([
      expect.stringContaining('https alone') as string,
    ]);
  });
});

it('reads an offer as clients do', () => {
  const options = new Map([
    [OPTION.serverId, writeIp4s('192.168.77.9')],
    [OPTION.vendorClass, Buffer.from('PXEClient')],
    [OPTION.vendorSpecific, Buffer.from('0601080807000001c0a84d05ff', 'hex')],
    [OPTION.bootFileName, Buffer.from('ours.efi\0')],
  ]);
  expect(readOffer(dhcpPacket({ op: 2, siaddr: '192.168.77.9', file: 'old', options }))).toEqual({
    ...proxy,
    discovery: { ...DIRECT, bootServer: '192.168.77.5' },
  });
});

it('never throws, whatever is offered', () => {
  fc.assert(
    fc.property(fc.constantFrom(BIOS, UEFI, HTTP, IPXE), fc.array(anyOptions, { maxLength: 4 }), (client, all) => {
      const offers = all.flatMap((options) => {
        const decoded = decodePacket(Buffer.concat([rawPacket(''), options]));
        return decoded.kind === 'packet' ? [readOffer(decoded.packet)] : [];
      });
      const given = offers.map((offer, index) => (index % 2 === 0 ? { ...offer, address: '10.0.0.9' } : offer));
      expect(next(client, given)).toMatch(/^it /);
    }),
  );
});
