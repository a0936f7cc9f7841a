import type { ValuesOf } from '../boot/argument-values.js';
import type { Assignment } from '../boot/assignment.js';
import type { Clock } from '../clock.js';
import type { Provision } from '../provision/provision.js';
import type { Attribution } from './attribution.js';
import { type OfBoot, ofBoot } from './capabilities.js';
import type { Mapping } from './mapping.js';
import type { Requesters } from './requesters.js';

export type ProvisionByAddressParts = {
  readonly attribution: Pick<Attribution, 'at'>;
  readonly requesters: Pick<Requesters, 'asking'>;
  readonly mapping: () => Mapping;
  readonly clock: Pick<Clock, 'ticks'>;
};

/** Whom a configuration is for, and by what it boots. */
export type Whose = Pick<ValuesOf, 'subject' | 'image'> & { readonly assignment: Assignment };

/** What stands for the capability in the URL that never changes. */
export const BY_ADDRESS = 'self';

/**
 * Machines whose kernel arguments are fixed, in a signed UKI, and cannot hold a capability: each is known by the address from which it
 * has just booted, where its card still answers. Only where the assignment says so: any program on the machine may ask, too.
 */
export class ProvisionByAddress {
  readonly #parts: ProvisionByAddressParts;

  constructor(parts: ProvisionByAddressParts) {
    this.#parts = parts;
  }

  /** Whose boot is at this address, or why there is none of which anything is to be handed out. Never throws. */
  async whose(address: string): Promise<ByAddress> {
    const { attribution, requesters, mapping, clock } = this.#parts;
    // Others may be told something in its name, from elsewhere: that neither ends this boot, nor is it a new one.
    const { machine: name, own } = attribution.at(address);
    const { inventory, byName } = mapping();
    const machine = name === undefined ? undefined : inventory.named(name);
    if (machine === undefined || own === undefined) return refused('no machine that is known has just booted there');
    const assignment = byName.get(own.assignment);
    if (assignment?.provision?.isByAddress !== true)
      return refused(`byAddress is not set in provision where ${machine.name} is assigned`);
    const { provision } = assignment;
    if (clock.ticks() - own.since >= provision.life)
      return refused(`the time is over in which ${machine.name} is handed it: see life in provision`);
    const subject = inventory.identify({ macs: machine.macs, sourceAddress: address });
    const asking = await requesters.asking(subject);
    if (asking.kind === 'doubted') return refused(asking.reason);
    const whose = { subject, assignment, image: own.image };
    return { kind: 'found', whose, provision, boot: ofBoot(subject, own.boot) };
  }
}

export type ByAddress =
  | { readonly kind: 'found'; readonly whose: Whose; readonly provision: Provision; readonly boot: OfBoot }
  | { readonly kind: 'refused'; readonly reason: string };

function refused(reason: string): ByAddress {
  return { kind: 'refused', reason };
}
