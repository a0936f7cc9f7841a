import type { Boot } from '../boot/boot.js';
import { type BootPlan, fetchesOf } from '../boot/plan.js';
import type { Fetches } from '../boot/started-part.js';
import type { Digest } from '../oci/digest.js';

/**
 * Whose boot a blob request belongs to: the machine whose script step last used its source address. Two live machines
 * behind one address (a NAT, a proxy) leave a request unattributed rather than blamed on the wrong one, unless one of them has a
 * lease of it from us: the other had it before.
 */
export class Attribution {
  readonly #now: () => number;
  readonly #holderAt: (address: string) => string | undefined;
  /** address -> machine -> its last script step. Addresses in order of last use. */
  readonly #seen = new Map<string, Map<string, Step>>();

  /** `holderAt`: the machine that has a live lease of an address. */
  constructor(now: () => number, holderAt: (address: string) => string | undefined = () => undefined) {
    this.#now = now;
    this.#holderAt = holderAt;
  }

  /**
   * A script step of this machine came from this address; what is not said of it is as before.
   */
  saw(machine: string, address: string, { plan, isShown, boot }: Seen = {}): void {
    const machines = this.#seen.get(address) ?? new Map<string, Step>();
    this.#seen.delete(address);
    this.#seen.set(address, machines);
    const last = machines.get(machine);
    // Who is shown to be there is there alone, by whatever name it was seen before.
    if (isShown === true) machines.clear();
    machines.delete(machine);
    machines.set(machine, {
      at: this.#now(),
      boots: plan === undefined ? last?.boots : bootsBy(plan),
      isShown: isShown ?? last?.isShown ?? false,
      own: plan === undefined || boot === undefined ? last?.own : this.#own(plan, boot, last?.own),
    });
    if (machines.size > MAX_MACHINES_PER_ADDRESS) dropOldest(machines);
    if (this.#seen.size > MAX_ADDRESSES) dropOldest(this.#seen);
  }

  #own({ assignment, image }: BootPlan, boot: OwnBoot['boot'], last: OwnBoot | undefined): OwnBoot {
    return { boot, assignment, image, since: last?.boot.id === boot.id ? last.since : this.#now() };
  }

  machineAt(address: string): string | undefined {
    return this.#onlyAt(address)?.[0];
  }

  /** The machine at this address, and what it boots. */
  at(address: string): Attributed {
    const found = this.#onlyAt(address);
    if (found === undefined) return NOBODY;
    const [machine, { boots, isShown, own }] = found;
    return { machine, isShown, own, image: boots?.image, fetches: boots?.fetches ?? NOTHING };
  }

  #onlyAt(address: string): readonly [string, Step] | undefined {
    const since = this.#now() - LIVE_MILLISECONDS;
    const live = [...(this.#seen.get(address) ?? [])].filter(([, { at }]) => at >= since);
    if (live.length < 2) return live[0];
    const holder = this.#holderAt(address);
    return live.find(([machine]) => machine === holder);
  }
}

/** Whose requests those of an address are. */
export type Attributed = {
  readonly machine: string | undefined;
  /** Whether it was shown, when it asked for its script, to be that machine. */
  readonly isShown: boolean;
  /** The digest of the manifest that it boots. */
  readonly image: Digest | undefined;
  /** What it was told to fetch: another may be told another order of the same. */
  readonly fetches: Fetches;
  readonly own: OwnBoot | undefined;
};

/** What the machine itself, as was shown, was told to boot last: whatever others are told in its name. */
export type OwnBoot = Pick<BootPlan, 'assignment' | 'image'> & {
  readonly boot: Pick<Boot, 'id' | 'machine' | 'beganAt'>;
  /** When it was first told in that boot, in milliseconds. */
  readonly since: number;
};

/** What a step shows of a machine. */
export type Seen = {
  /** What it is told to boot, when it is. */
  readonly plan?: BootPlan;
  /** Whether it is shown to be that machine. */
  readonly isShown?: boolean;
  /** In which it is told that; missing where it is not shown to be that machine. */
  readonly boot?: OwnBoot['boot'];
};

/** `at` in milliseconds. */
type Step = {
  readonly at: number;
  readonly boots: Boots | undefined;
  readonly isShown: boolean;
  readonly own: OwnBoot | undefined;
};

/** What is kept of a plan. `image`: the digest of the manifest. */
type Boots = { readonly image: Digest; readonly fetches: Fetches };

function bootsBy(plan: BootPlan): Boots {
  return { image: plan.image.manifestDigest, fetches: fetchesOf(plan) };
}

const NOTHING: Fetches = { start: [], later: [] };
const NOBODY: Attributed = { machine: undefined, isShown: false, image: undefined, fetches: NOTHING, own: undefined };

/** A machine that asked for its script this long ago may still be fetching a root file system. */
const LIVE_MILLISECONDS = 600_000;
const MAX_ADDRESSES = 50_000;
const MAX_MACHINES_PER_ADDRESS = 8;

function dropOldest(map: Map<string, unknown>): void {
  const [oldest] = map.keys();
  if (oldest !== undefined) map.delete(oldest);
}
