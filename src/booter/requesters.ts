import { type Requester, SHOWN } from '../boot/policy.js';
import type { Subject } from '../machine/inventory.js';
import { isLoopback, parseIp } from '../net/ip.js';
import type { MacAddress } from '../net/mac.js';
import type { Neighbours } from '../net/neighbours.js';

export type RequestersParts = {
  readonly neighbours: Pick<Neighbours, 'find' | 'trouble'>;
  /** The hardware that a trusted relay has named for an address, or that has a lease of it. */
  readonly relayed: (address: string) => MacAddress | undefined;
  /** `identity.verify`, of the configuration in force. */
  readonly verifies: () => boolean;
};

/** Who asks; `isOther`: a card answers there that is none of the machine's. */
export type Asking = Requester & { readonly isOther?: true };

/** Whether a request comes from the machine in whose name it is made, by the card that answers at its address. */
export class Requesters {
  readonly #parts: RequestersParts;

  constructor(parts: RequestersParts) {
    this.#parts = parts;
  }

  /** Never throws. */
  async asking({ machine, facts, name }: Subject): Promise<Asking> {
    const { neighbours, relayed, verifies } = this.#parts;
    if (!verifies()) return SHOWN;
    const { sourceAddress: address } = facts;
    // A stranger goes by the first that it names.
    const macs = machine?.macs ?? facts.macs.slice(0, 1);
    if (macs.length === 0) return doubted(noMacOf(name));
    const mac = (await neighbours.find(address)) ?? relayed(address);
    if (mac === undefined) return doubted(this.#unseenAt(address));
    if (macs.includes(mac)) return SHOWN;
    const own = machine === undefined ? '' : `: if ${name} has that one too, add it to its mac`;
    return { ...doubted(`the card at ${address} is ${mac}${own}`), isOther: true };
  }

  /** Whether one of its cards answers at another address: whoever asks there is it, too. Not where nobody has to be shown. Never throws. */
  async isAt({ machine, facts }: Pick<Subject, 'machine' | 'facts'>, address: string): Promise<boolean> {
    const { neighbours, relayed, verifies } = this.#parts;
    const mac = verifies() ? ((await neighbours.find(address)) ?? relayed(address)) : undefined;
    return mac !== undefined && (machine?.macs ?? facts.macs.slice(0, 1)).includes(mac);
  }

  /** Why no card is known at an address, and what may be done about it, in words that go on a machine's screen. */
  #unseenAt(address: string): string {
    const trouble = this.#parts.neighbours.trouble(address);
    if (trouble !== undefined) return `which card has ${address} cannot be found out: ${trouble}`;
    const ip = parseIp(address);
    return ip !== undefined && isLoopback(ip)
      ? `${address} is this host itself, where no card answers: boot it over a network, or for a trial set identity.verify to false`
      : `no network of this host has ${address}, and no trusted relay named it: if a DHCP relay serves it, name that in identity.trustedRelays`;
  }
}

/** Why nobody can be shown to be a machine whose cards are not known. */
export function noMacOf(name: string): string {
  return `no MAC of ${name} is known, by which it could be: say its mac`;
}

function doubted(reason: string): Asking {
  return { kind: 'doubted', reason };
}
