import type { Machine } from './machine.js';
import { labelOf } from './selector.js';

/** Whether a part of a machine's name or of what identifies it is this text; MACs and UUIDs in any spelling. Pure. */
export function machineSearch(text: string): (machine: Machine) => boolean {
  const wanted = text.toLowerCase();
  const bare = /^[0-9a-f:.-]+$/.test(wanted) ? wanted.replaceAll(/[:.-]/g, '') : '';
  return ({ name, macs, uuid, serial, hostname, ip }) => {
    const texts = [name, serial, hostname, ip];
    if (texts.some((one) => one?.toLowerCase().includes(wanted) === true)) return true;
    if (bare === '') return false;
    if (macs.some((mac) => mac.replaceAll(':', '').includes(bare))) return true;
    return uuid?.replaceAll('-', '').includes(bare) === true;
  };
}

/** Whether a machine has all of these labels. Pure. */
export function hasLabels(machine: Machine, labels: readonly (readonly [label: string, value: string])[]): boolean {
  return labels.every(([label, value]) => labelOf(machine, label) === value);
}
