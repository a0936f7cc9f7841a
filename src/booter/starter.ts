import { type Client, hasBios, type Starter } from '../image/bootable.js';
import type { MachineFacts } from '../machine/facts.js';

/** What a machine comes as, all but UEFI HTTP Boot by iPXE; undefined while its firmware is not known. Pure. */
export function clientOf({ firmware = [] }: Pick<MachineFacts, 'firmware'>): Client | undefined {
  if (firmware.length === 0) return undefined;
  if (firmware.every((one) => one === 'uefi-http')) return 'uefi-http';
  return firmware.includes('bios') ? 'ipxe-bios' : 'ipxe-uefi';
}

/** Who comes first: its firmware where that starts something by itself, else iPXE on it. Pure. */
export function firstStarter(facts: MachineFacts, architecture: string): Starter {
  const asked = scriptStarter(facts, architecture);
  return { ...asked, client: clientOf(facts) ?? asked.client };
}

/** Who asks for a script: iPXE on it, whatever has loaded that. What a BIOS starts, UEFI mostly starts as well. Pure. */
export function scriptStarter({ firmware = [], secureBoot }: MachineFacts, architecture: string): Starter {
  const isBios = firmware.length === 0 ? hasBios(architecture) : firmware.includes('bios');
  return { client: isBios ? 'ipxe-bios' : 'ipxe-uefi', architecture, secureBoot };
}
