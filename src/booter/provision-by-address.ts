import type { Clock } from '../clock.js';
import type { Attribution } from './attribution.js';
import { type Capabilities, ofBoot } from './capabilities.js';
import type { Mapping } from './mapping.js';
import type { BootRecords } from './policy-step.js';
import type { Requesters } from './requesters.js';

export type ProvisionByAddressParts = {
  readonly attribution: Pick<Attribution, 'at'>;
  readonly requesters: Pick<Requesters, 'asking'>;
  readonly records: Pick<BootRecords, 'lastFarther'>;
  readonly capabilities: Pick<Capabilities, 'handingOut'>;
  readonly mapping: () => Mapping;
  readonly clock: Pick<Clock, 'now'>;
};

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

  /** That of the boot at this address, or why there is none that is to have one. Throws DATA_UNUSABLE, DISK_FULL. */
  async capability(address: string): Promise<ByAddress> {
    const { attribution, requesters, records, capabilities, mapping, clock } = this.#parts;
    const { machine: name, image } = attribution.at(address);
    const { inventory, assignments } = mapping();
    const machine = name === undefined ? undefined : inventory.named(name);
    if (machine === undefined || image === undefined) return refused('no machine that is known has just booted there');
    // Anybody may begin another boot by a packet, or by a script that is refused: neither ends this one, nor is it a new one.
    const boot = records.lastFarther(machine.name)?.boot;
    const assignment = boot && assignments.find((one) => one.name === boot.assignment);
    if (boot === undefined || assignment?.provision?.isByAddress !== true)
      return refused(`byAddress is not set in provision where ${machine.name} is assigned`);
    const { image: reference } = boot;
    if (boot.plan === undefined || reference === undefined)
      return refused(`${machine.name} was not told yet what to boot`);
    const { life } = assignment.provision;
    if (clock.now() - boot.beganAt >= life)
      return refused(`the time is over in which ${machine.name} is handed it: see life in provision`);
    const subject = inventory.identify({ macs: machine.macs, sourceAddress: address });
    const asking = await requesters.asking(subject);
    if (asking.kind === 'doubted') return refused(asking.reason);
    const { facts } = subject;
    const handsOut = {
      ...{ assignment: assignment.name, address, facts },
      image: { reference, digest: image },
    };
    return { kind: 'given', capability: await capabilities.handingOut({ ...ofBoot(subject, boot), handsOut, life }) };
  }
}

export type ByAddress =
  | { readonly kind: 'given'; readonly capability: string }
  | { readonly kind: 'refused'; readonly reason: string };

function refused(reason: string): ByAddress {
  return { kind: 'refused', reason };
}
