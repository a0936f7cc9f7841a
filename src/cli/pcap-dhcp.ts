import { MESSAGE, OPTION } from '../dhcp/option-code.js';
import { ip4, messageType, text } from '../dhcp/option-values.js';
import { type DhcpPacket, decodePacket } from '../dhcp/packet.js';
import { PORT } from '../dhcp/ports.js';
import type { Peer } from '../net/datagram.js';
import { BROADCAST_IP4, NO_IP4 } from '../net/ip.js';
import { describeNext } from '../pxe/behaviour.js';
import { describeClient, hardwareAddress, readClient } from '../pxe/client.js';
import { behaviourOf } from '../pxe/client-behaviour.js';
import { type HeardOffer, offeredBy, readOffer } from '../pxe/heard-offer.js';
import { note, type Step, type StepLog } from './pcap-steps.js';
import { addScene, asksToBoot, type DhcpScene, type Stories, type Story } from './pcap-story.js';

/** A datagram that was heard. `at`: seconds since the first packet. */
export type HeardDatagram = { readonly at: number; readonly from: Peer; readonly to: Peer; readonly payload: Buffer };

/** What this server says to a request; undefined where it says nothing, or nobody knows. */
export type OwnWord = (payload: Buffer, from: Peer, step: 'offer' | 'ack') => string | undefined;

const NAMES = new Map(Object.entries(MESSAGE).map(([name, type]) => [type as number, name.toUpperCase()]));
const MOST_OFFERS = 16;

/** What is asked and answered by DHCP. */
export class DhcpReplay {
  readonly #log: StepLog;
  readonly #stories: Stories;
  readonly #own: OwnWord;
  /** Packets that are none of DHCP, at its ports. */
  malformed = 0;

  constructor(log: StepLog, stories: Stories, own: OwnWord) {
    this.#log = log;
    this.#stories = stories;
    this.#own = own;
  }

  hear(heard: HeardDatagram): void {
    const decoded = decodePacket(heard.payload);
    if (decoded.kind === 'malformed') {
      this.malformed += 1;
      return;
    }
    const { packet } = decoded;
    const who = hardwareAddress(packet) ?? `xid ${packet.xid.toString(16)}`;
    if (packet.op === 1) this.#asked(heard, packet, who);
    else this.#answered(heard, packet, who);
  }

  /** What was offered and not taken. */
  end(): void {
    for (const story of this.#stories.all)
      for (const scene of story.scenes) if (scene.kind === 'dhcp' && scene.taken === undefined) conclude(scene);
  }

  #asked({ at, from, to, payload }: HeardDatagram, packet: DhcpPacket, who: string): void {
    const story = this.#stories.of(who);
    const client = readClient(packet);
    const type = messageType(packet.options.get(OPTION.messageType)) ?? 0;
    const isToBootServer = to.port === PORT.bootServer;
    if (client.kind !== 'other') story.client = describeClient(client);
    if (packet.ciaddr !== NO_IP4) this.#stories.setOwner(packet.ciaddr, who);
    const isAnswerable = type === MESSAGE.discover || isToBootServer;
    const own = isAnswerable ? this.#own(payload, from, isToBootServer ? 'ack' : 'offer') : undefined;
    const what = `${NAMES.get(type) ?? 'BOOTP'}${askedFor(type, packet, to)}, ${describeClient(client)}`;
    const step = this.#log.add({ at, who, what, own });
    if (![MESSAGE.discover, MESSAGE.request, MESSAGE.inform].some((one) => one === type)) return;
    const dhcp = sceneFor(story, { at, xid: packet.xid, client }, isToBootServer);
    dhcp.until = at;
    dhcp.step = step;
    if (type === MESSAGE.discover) dhcp.discovers += 1;
    else if (isToBootServer) dhcp.bootServer ??= { server: to.address };
    else if (type === MESSAGE.request && dhcp.taken === undefined) {
      dhcp.taken = ip4(packet.options.get(OPTION.serverId)) ?? '';
      conclude(dhcp);
    }
  }

  #answered({ at, from }: HeardDatagram, packet: DhcpPacket, who: string): void {
    const story = this.#stories.of(who);
    const type = messageType(packet.options.get(OPTION.messageType)) ?? 0;
    const offer = readOffer(packet);
    const isOfBootServer = from.port === PORT.bootServer;
    const message = text(packet.options.get(OPTION.message));
    const whose = `${NAMES.get(type) ?? 'BOOTP'} of ${offer.server ?? from.address}${isOfBootServer ? ', port 4011' : ''}`;
    const said = type === MESSAGE.nak ? (message ?? '') : saidBy(offer);
    const step = this.#log.add({ at, who, what: said === '' ? whose : `${whose}: ${said}` });
    const dhcp = story.scenes.findLast((scene) => scene.kind === 'dhcp');
    if (dhcp === undefined) return;
    dhcp.until = at;
    dhcp.step = step;
    if (type === MESSAGE.offer) addOffer(dhcp, offer);
    else if (type === MESSAGE.nak) dhcp.nak = `${offeredBy(offer)}${message === undefined ? '' : ` says: ${message}`}`;
    else if (type !== MESSAGE.ack) return;
    else if (isOfBootServer) {
      dhcp.bootServer ??= { server: from.address };
      dhcp.bootServer.answer = offer;
      noteBootServer(step, offer);
    } else {
      dhcp.isGiven = true;
      if (offer.address !== undefined) this.#stories.setOwner(offer.address, who);
    }
  }
}

/** Firmware asks a boot server under a number of its own (lab: OVMF). */
function sceneFor(story: Story, begun: Pick<DhcpScene, 'at' | 'xid' | 'client'>, isToBootServer: boolean): DhcpScene {
  const known = story.scenes.findLast((scene) => scene.kind === 'dhcp');
  if (known !== undefined && (isToBootServer || (known.xid === begun.xid && known.client.kind === begun.client.kind)))
    return known;
  const dhcp: DhcpScene = { kind: 'dhcp', ...begun, until: begun.at, discovers: 0, offers: [], isGiven: false };
  addScene(story, dhcp);
  return dhcp;
}

/** A server that offers again says the same, or something newer. */
function addOffer(dhcp: DhcpScene, offer: HeardOffer): void {
  const isProxy = offer.address === undefined;
  const known = dhcp.offers.findIndex(
    ({ server, address }) => server === offer.server && (address === undefined) === isProxy,
  );
  if (known >= 0) dhcp.offers[known] = offer;
  else if (dhcp.offers.length < MOST_OFFERS) dhcp.offers.push(offer);
}

/** What follows from all that it was offered, told with its choice. */
function conclude(dhcp: DhcpScene): void {
  // What an installed system does with an address is nothing to tell.
  if (dhcp.offers.length === 0 || !asksToBoot(dhcp)) return;
  const behaviour = behaviourOf(dhcp.client, dhcp.offers);
  dhcp.behaviour = behaviour;
  const { step, taken = '' } = dhcp;
  note(step, `by what it is offered ${describeNext(behaviour.next)}`);
  for (const { offer, reason } of behaviour.ignored) note(step, `it passes over ${offeredBy(offer)}: ${reason}`);
  for (const caution of behaviour.cautions) note(step, caution);
  const expected = behaviour.address?.server;
  if (taken !== '' && expected !== undefined && taken !== expected)
    note(step, `it takes ${taken}, where the rules of its kind lead to ${expected}`);
}

function noteBootServer(step: Step, { file, next, server }: HeardOffer): void {
  if (file === undefined) note(step, 'no file is named, and it asks again, or gives up');
  else note(step, describeNext({ kind: 'loads', file, ...((next ?? server) && { server: next ?? server ?? '' }) }));
}

/** What of whom. */
function askedFor(type: number, { ciaddr, giaddr, options }: DhcpPacket, to: Peer): string {
  const relay = giaddr === NO_IP4 ? '' : ` over the relay ${giaddr}`;
  if (to.port === PORT.bootServer)
    return to.address === BROADCAST_IP4 ? ' to port 4011 of everybody' : ` to port 4011 of ${to.address}`;
  if (type !== MESSAGE.request) return relay;
  const server = ip4(options.get(OPTION.serverId));
  const address = ip4(options.get(OPTION.requestedAddress)) ?? (ciaddr === NO_IP4 ? 'an address' : ciaddr);
  return ` of ${address}${server === undefined ? '' : `, offered by ${server}`}${relay}`;
}

/** `address 192.168.77.199, load snponly.efi from 192.168.77.1, class PXEClient` */
function saidBy({ address, file, next, class: vendorClass, discovery }: HeardOffer): string {
  const how = discovery === undefined ? [] : [discovery.isDirect ? 'option 43: load it at once' : 'option 43'];
  return [
    ...(address === undefined ? ['no address'] : [`address ${address}`]),
    ...(file === undefined ? [] : [`load ${file}`]),
    ...(next === undefined ? [] : [`from ${next}`]),
    ...(vendorClass === undefined ? [] : [`class ${vendorClass === 'pxe' ? 'PXEClient' : 'HTTPClient'}`]),
    ...how,
  ].join(', ');
}
