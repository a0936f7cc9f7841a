/**
 * Whose boot a blob request belongs to: the machine whose script step last used its source address. Two live machines
 * behind one address (a NAT, a proxy) leave a request unattributed rather than blamed on the wrong one.
 */
export class Attribution {
  readonly #now: () => number;
  /** address -> machine -> its last script step. Addresses in order of last use. */
  readonly #seen = new Map<string, Map<string, Step>>();

  constructor(now: () => number) {
    this.#now = now;
  }

  /** A script step of this machine came from this address; `location`: of the image that it got, when it got one. */
  saw(machine: string, address: string, location?: string): void {
    const machines = this.#seen.get(address) ?? new Map<string, Step>();
    this.#seen.delete(address);
    this.#seen.set(address, machines);
    const last = machines.get(machine);
    machines.delete(machine);
    machines.set(machine, { at: this.#now(), location: location ?? last?.location });
    if (machines.size > MAX_MACHINES_PER_ADDRESS) dropOldest(machines);
    if (this.#seen.size > MAX_ADDRESSES) dropOldest(this.#seen);
  }

  machineAt(address: string): string | undefined {
    return this.#onlyAt(address)?.[0];
  }

  /** Where the image is that the machine there boots. */
  locationAt(address: string): string | undefined {
    return this.#onlyAt(address)?.[1].location;
  }

  #onlyAt(address: string): readonly [string, Step] | undefined {
    const since = this.#now() - LIVE_MILLISECONDS;
    const live = [...(this.#seen.get(address) ?? [])].filter(([, { at }]) => at >= since);
    return live.length === 1 ? live[0] : undefined;
  }
}

/** `at` in milliseconds. */
type Step = { readonly at: number; readonly location: string | undefined };

/** A machine that asked for its script this long ago may still be fetching a root file system. */
const LIVE_MILLISECONDS = 600_000;
const MAX_ADDRESSES = 50_000;
const MAX_MACHINES_PER_ADDRESS = 8;

function dropOldest(map: Map<string, unknown>): void {
  const [oldest] = map.keys();
  if (oldest !== undefined) map.delete(oldest);
}
