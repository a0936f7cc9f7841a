import { type Behaviour, NO_ADDRESS } from './behaviour.js';
import { biosBehaviour } from './bios-behaviour.js';
import type { PxeClient } from './client.js';
import { edk2Behaviour } from './edk2-behaviour.js';
import type { HeardOffer } from './heard-offer.js';
import { httpBehaviour } from './http-behaviour.js';
import { ipxeBehaviour } from './ipxe-behaviour.js';

/**
 * What follows from the offers, by what the specifications say and the sources of the clients do: EDK2 (NetworkPkg/UefiPxeBcDxe,
 * HttpBootDxe), iPXE (src/net/udp/dhcp.c), and PXE 2.1 for boot ROMs, of which some do otherwise. `offers`: in the order in which they
 * came. Pure.
 */
export function behaviourOf(
  client: Pick<PxeClient, 'kind' | 'architecture'>,
  offers: readonly HeardOffer[],
): Behaviour {
  switch (client.kind) {
    case 'http':
      return httpBehaviour(offers);
    case 'ipxe':
      return ipxeBehaviour(offers);
    case 'pxe':
      return client.architecture?.firmware === 'uefi' ? edk2Behaviour(offers) : biosBehaviour(offers);
    case 'other':
      return systemBehaviour(offers);
  }
}

/** An installed system, or an initramfs. */
function systemBehaviour(offers: readonly HeardOffer[]): Behaviour {
  const address = offers.find((offer) => offer.address !== undefined);
  if (address === undefined) return { next: { kind: 'waits', reason: NO_ADDRESS }, ignored: [], cautions: [] };
  const next = { kind: 'leaves', reason: 'it asks for an address alone' } as const;
  return { next, address, ignored: [], cautions: [] };
}
