import type { Inventory } from '../machine/inventory.js';
import type { Machine } from '../machine/machine.js';
import type { LeaseClient } from './client.js';

/** The operator's record of whoever wants an address, by its card, else by its UUID; undefined for a stranger. Pure. */
export function recordOf(inventory: Inventory, { mac, uuid }: LeaseClient): Machine | undefined {
  const facts = { macs: mac === undefined ? [] : [mac], ...(uuid !== undefined && { uuid }), sourceAddress: '' };
  return inventory.identify(facts).machine;
}
