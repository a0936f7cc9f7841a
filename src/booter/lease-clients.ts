import type { KnownClient, LeaseClient } from '../lease/client.js';
import { Reservations } from '../lease/reservations.js';
import { isIp4 } from '../net/ip.js';
import { type MacAddress, parseMac } from '../net/mac.js';
import type { Mapping } from './mapping.js';

/** A client by the records in force. */
export type FoundClient = {
  /** The name of its record, else its card, identifier or UUID. */
  readonly name: string;
  readonly known: KnownClient;
  /** Of its record: what it is told to call itself. */
  readonly hostname?: string;
};

type Records = Pick<Mapping, 'inventory' | 'machines'>;

/** What the operator's records say of those who want addresses. */
export class LeaseClients {
  readonly #mapping: () => Records;
  #machines: Mapping['machines'] | undefined;
  #reservations = new Reservations([]);

  /** `mapping`: the one in force. */
  constructor(mapping: () => Records) {
    this.#mapping = mapping;
  }

  find(client: LeaseClient): FoundClient {
    const { mac, uuid, clientId } = client;
    const card = cardOf(client);
    const facts = { macs: card === undefined ? [] : [card], ...(uuid !== undefined && { uuid }), sourceAddress: '' };
    const { machine } = this.#mapping().inventory.identify(facts);
    const stranger = { name: mac ?? clientId ?? uuid ?? 'somebody', known: client };
    if (machine === undefined) return stranger;
    const { name, macs, ip, hostname } = machine;
    // Anybody can say a UUID: beside a card that its record does not have, it is not the machine's.
    if (card !== undefined && macs.length > 0 && !macs.includes(card)) return stranger;
    const reserved = ip !== undefined && isIp4(ip) ? ip : undefined;
    return {
      name,
      known: { ...client, machine: name, ...(reserved !== undefined && { reserved }) },
      ...(hostname !== undefined && { hostname }),
    };
  }

  /** Of the records in force; the same for as long as they are. */
  reservations(): Reservations {
    const { machines } = this.#mapping();
    if (machines !== this.#machines) {
      this.#reservations = new Reservations(machines);
      this.#machines = machines;
    }
    return this.#reservations;
  }
}

/** By which its record is found; undefined where it says none. Pure. */
export function cardOf({ mac, clientId }: LeaseClient): MacAddress | undefined {
  return mac ?? cardIn(clientId);
}

/** Of a client identifier that is the address of a card, after the type of Ethernet (RFC 2132, 9.14). */
function cardIn(clientId: string | undefined): MacAddress | undefined {
  return clientId?.length === 14 && clientId.startsWith('01') ? parseMac(clientId.slice(2)) : undefined;
}
