import fc from 'fast-check';
import { expect, it } from 'vitest';
import { MESSAGE, OPTION } from '../../src/dhcp/option-code.js';
import { decodePacket } from '../../src/dhcp/packet.js';
import { relayWordOf } from '../../src/pxe/relay-word.js';
import { anyDatagram, pxeRequest } from '../fixtures/pxe.js';

const [RELAY, FROM] = ['10.1.0.1', '10.9.0.1'];
const MAC = '52:54:00:77:00:01';
const ADDRESS = Buffer.of(10, 1, 0, 20);
const REQUESTED = [OPTION.requestedAddress, ADDRESS] as const;

const wordOf = (said: Parameters<typeof pxeRequest>[0]) => relayWordOf(pxeRequest({ giaddr: RELAY, ...said }), FROM);

it('is what a REQUEST asks for, new or as before', () => {
  const word = { kind: 'asks', relay: RELAY, from: FROM, mac: MAC, address: '10.1.0.20' };
  expect(wordOf({ type: MESSAGE.request, options: [REQUESTED] })).toEqual(word);
  expect(wordOf({ type: MESSAGE.request, ciaddr: '10.1.0.20' })).toEqual(word);
});

it('is what a client leaves', () => {
  const word = { kind: 'leaves', relay: RELAY, from: FROM, mac: MAC, address: '10.1.0.20' };
  expect(wordOf({ type: MESSAGE.decline, options: [REQUESTED] })).toEqual(word);
  expect(wordOf({ type: MESSAGE.release, ciaddr: '10.1.0.20' })).toEqual(word);
});

it('says on which link the client is, and which card its client identifier names', () => {
  const type = MESSAGE.request;
  const agent = [OPTION.relayAgent, Buffer.from('05040a020000', 'hex')] as const;
  const selection = [OPTION.subnetSelection, Buffer.of(10, 3, 0, 0)] as const;
  expect(wordOf({ type, options: [REQUESTED, agent, selection] })).toMatchObject({ link: '10.2.0.0' });
  expect(wordOf({ type, options: [REQUESTED, selection] })).toMatchObject({ link: '10.3.0.0' });
  const clientId = (hex: string) => [OPTION.clientId, Buffer.from(hex, 'hex')] as const;
  expect(wordOf({ type, options: [REQUESTED, clientId('01525400ffffff')] })).toMatchObject({
    clientId: '52:54:00:ff:ff:ff',
  });
  // A DUID (RFC 4361), a text, and what is cut off.
  for (const hex of ['ff00000001000300015254007700', '006e6f64652d3031', '01525400ffff'])
    expect(wordOf({ type, options: [REQUESTED, clientId(hex)] })).not.toHaveProperty('clientId');
});

it.each<[string, Parameters<typeof pxeRequest>[0]]>([
  ['comes over no relay', { type: MESSAGE.request, options: [REQUESTED], giaddr: '0.0.0.0' }],
  ['is an answer', { type: MESSAGE.request, options: [REQUESTED], op: 2 }],
  ['looks for a server', { type: MESSAGE.discover, options: [REQUESTED] }],
  ['wants no address', { type: MESSAGE.request }],
  ['has no card', { type: MESSAGE.request, options: [REQUESTED], chaddr: Buffer.alloc(16) }],
  ['leaves what it does not name', { type: MESSAGE.decline, ciaddr: '10.1.0.20' }],
])('is none where it %s', (_, said) => expect(wordOf(said)).toBeUndefined());

it('is none or one of any packet', () => {
  fc.assert(
    fc.property(anyDatagram, (bytes) => {
      const decoded = decodePacket(bytes);
      if (decoded.kind === 'packet') relayWordOf(decoded.packet, FROM);
    }),
  );
});
