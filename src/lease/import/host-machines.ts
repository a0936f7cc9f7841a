import type { ImportedHost } from './imported.js';

/** A machine as it is written in a file, or sent to the API. */
export type MachineDocument = {
  readonly name: string;
  readonly mac: readonly string[];
  readonly ip?: string;
  readonly hostname?: string;
};

export type HostMachine<Host extends ImportedHost = ImportedHost> =
  | { readonly kind: 'machine'; readonly host: Host; readonly machine: MachineDocument }
  | { readonly kind: 'twice'; readonly host: Host; readonly reason: string };

/** Each host a machine, but for one that has what another has already: names, cards and addresses are one machine's. Pure. */
export function hostMachines<Host extends ImportedHost>(hosts: readonly Host[]): readonly HostMachine<Host>[] {
  const taken = new Map<string, string>();
  return hosts.map((host): HostMachine<Host> => {
    const { macs, ip, hostname } = host;
    const name = host.name ?? hostname ?? macs[0] ?? '';
    const claims = [
      `the name ${name}`,
      ...macs.map((mac) => `the MAC ${mac}`),
      ...(ip === undefined ? [] : [`the address ${ip}`]),
    ];
    const other = claims.find((claim) => taken.has(claim));
    if (other !== undefined) {
      const reason = `${name} is left out: ${other} is that of ${taken.get(other) ?? ''} already`;
      return { kind: 'twice', host, reason };
    }
    for (const claim of claims) taken.set(claim, name);
    const machine = { name, mac: macs, ...(ip !== undefined && { ip }), ...(hostname !== undefined && { hostname }) };
    return { kind: 'machine', host, machine };
  });
}
