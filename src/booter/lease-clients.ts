import type { KnownClient, LeaseClient } from '../lease/client.js';
import { Reservations } from '../lease/reservations.js';
import { isIp4 } from '../net/ip.js';
import type { MacAddress } from '../net/mac.js';
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
    const facts = { macs: macsOf(mac), ...(uuid !== undefined && { uuid }), sourceAddress: '' };
    const { machine } = this.#mapping().inventory.identify(facts);
    if (machine === undefined) return { name: mac ?? clientId ?? uuid ?? 'somebody', known: client };
    const { name, ip, hostname } = machine;
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

function macsOf(mac: MacAddress | undefined): readonly MacAddress[] {
  return mac === undefined ? [] : [mac];
}
