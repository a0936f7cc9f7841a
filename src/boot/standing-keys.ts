import type { Subject } from '../machine/inventory.js';

/**
 * By what a machine's standing is found: its name, and what its record says of it, so that it is the same one after it got another
 * name; of a stranger, its MAC, else its UUID. What a known machine reports of itself beyond its record may be another's. Pure.
 */
export function standingKeys({ machine, facts }: Pick<Subject, 'machine' | 'facts'>): readonly string[] {
  if (machine === undefined) {
    const [mac] = facts.macs;
    if (mac !== undefined) return [`mac ${mac}`];
    return facts.uuid === undefined ? [`address ${facts.sourceAddress}`] : [`uuid ${facts.uuid}`];
  }
  const { name, macs, uuid, serial } = machine;
  return [
    `name ${name}`,
    ...macs.map((mac) => `mac ${mac}`),
    ...(uuid === undefined ? [] : [`uuid ${uuid}`]),
    ...(serial === undefined ? [] : [`serial ${serial}`]),
  ];
}
