/**
 * Whose boot a blob request belongs to: the machine whose script step last used its source address. Two live machines
 * behind one address (a NAT, a proxy) leave a request unattributed rather than blamed on the wrong one.
 */
export class Attribution {
  readonly #now: () => number;
  /** address -> machine -> when its script was last sent (milliseconds). Addresses in order of last use. */
  readonly #seen = new Map<string, Map<string, number>>();

  constructor(now: () => number) {
    this.#now = now;
  }

  /** A script step of this machine came from this address. */
  saw(machine: string, address: string): void {
    const machines = this.#seen.get(address) ?? new Map<string, number>();
    this.#seen.delete(address);
    this.#seen.set(address, machines);
    machines.delete(machine);
    machines.set(machine, this.#now());
    if (machines.size > MAX_MACHINES_PER_ADDRESS) dropOldest(machines);
    if (this.#seen.size > MAX_ADDRESSES) dropOldest(this.#seen);
  }

  machineAt(address: string): string | undefined {
    const since = this.#now() - LIVE_MILLISECONDS;
    const live = [...(this.#seen.get(address) ?? [])].filter(([, at]) => at >= since);
    return live.length === 1 ? live[0]?.[0] : undefined;
  }
}

/** A machine that asked for its script this long ago may still be fetching a root file system. */
const LIVE_MILLISECONDS = 600_000;
const MAX_ADDRESSES = 50_000;
const MAX_MACHINES_PER_ADDRESS = 8;

function dropOldest(map: Map<string, unknown>): void {
  const [oldest] = map.keys();
  if (oldest !== undefined) map.delete(oldest);
}
