import { type IpAddress, parseIp } from './ip.js';
import type { PrintedNeighbours } from './ip6-neighbours-process.js';
import { isJunkMac, type MacAddress, parseMac } from './mac.js';
import type { Neighbours } from './neighbours.js';

export type Ip6NeighboursParts = {
  readonly print: () => Promise<PrintedNeighbours>;
  /** Milliseconds that only go forward. */
  readonly ticks: () => number;
  readonly wait: (milliseconds: number, signal: undefined) => Promise<unknown>;
};

/** As long as what was found is believed. */
const FRESH_MILLISECONDS = 2_000;
/** A process each, and anybody can ask from an address that is not there. */
const REST_MILLISECONDS = 500;

/** Of this host's networks, in IPv6: asked of the system again for whom it does not know, and not too often. */
export class Ip6Neighbours implements Neighbours {
  readonly #parts: Ip6NeighboursParts;
  #known: Ip6Table = new Map();
  #trouble: string | undefined;
  #readAt = Number.NEGATIVE_INFINITY;
  #next: Promise<void> | undefined;
  #reading: Promise<void> | undefined;

  constructor(parts: Ip6NeighboursParts) {
    this.#parts = parts;
  }

  look(address: string): void {
    if (!this.#isKnown(address)) void this.#readSoon();
  }

  async find(address: string): Promise<MacAddress | undefined> {
    // One that is under way may have begun before the machine was a neighbour.
    await this.#reading;
    if (!this.#isKnown(address)) await this.#readSoon();
    return this.macAt(address);
  }

  macAt(address: string): MacAddress | undefined {
    const [bare = '', zone] = address.split('%');
    const ip = parseIp(bare);
    const at = ip && this.#known.get(ip);
    if (at === undefined) return undefined;
    if (zone !== undefined) return at.get(zone);
    // The same address is another's on each link, and it has to be said which.
    const [only] = at.size === 1 ? at.values() : [];
    return only;
  }

  trouble(): string | undefined {
    return this.#trouble;
  }

  #isKnown(address: string): boolean {
    return this.#parts.ticks() - this.#readAt < FRESH_MILLISECONDS && this.macAt(address) !== undefined;
  }

  /** One for all that ask until it begins. */
  #readSoon(): Promise<void> {
    this.#next ??= this.#rested().then(() => {
      this.#next = undefined;
      this.#reading = this.#read().finally(() => {
        this.#reading = undefined;
      });
      return this.#reading;
    });
    return this.#next;
  }

  async #rested(): Promise<void> {
    await this.#reading;
    const { ticks, wait } = this.#parts;
    const rest = this.#readAt + REST_MILLISECONDS - ticks();
    if (rest > 0) await wait(rest, undefined);
  }

  async #read(): Promise<void> {
    const printed = await this.#parts.print();
    this.#readAt = this.#parts.ticks();
    this.#trouble = printed.kind === 'unavailable' ? printed.reason : undefined;
    this.#known = printed.kind === 'printed' ? parseIp6Neighbours(printed.text) : new Map();
  }
}

/** The cards at each address, by the interface on whose link they are: a link-local address is there on every one. */
export type Ip6Table = ReadonlyMap<IpAddress, ReadonlyMap<string, MacAddress>>;

/** In which nobody has answered for the address (`NUD_*`, ip-neighbour(8)). */
const UNANSWERED: ReadonlySet<unknown> = new Set(['INCOMPLETE', 'FAILED', 'NONE', 'NOARP']);

/** What `ip -6 -json neighbour show` prints; of any other text, nobody. Pure. */
export function parseIp6Neighbours(text: string): Ip6Table {
  const found = new Map<IpAddress, Map<string, MacAddress>>();
  for (const { dst, dev, lladdr, state } of rowsIn(text)) {
    const ip = typeof dst === 'string' ? parseIp(dst) : undefined;
    const mac = typeof lladdr === 'string' ? parseMac(lladdr) : undefined;
    const isAnswered = Array.isArray(state) && state.length > 0 && !state.some((one) => UNANSWERED.has(one));
    if (ip === undefined || mac === undefined || isJunkMac(mac) || typeof dev !== 'string' || !isAnswered) continue;
    const at = found.get(ip) ?? new Map<string, MacAddress>();
    found.set(ip, at.set(dev, mac));
  }
  return found;
}

type Row = Readonly<Partial<Record<'dst' | 'dev' | 'lladdr' | 'state', unknown>>>;

function rowsIn(text: string): readonly Row[] {
  try {
    const rows: unknown = JSON.parse(text);
    return Array.isArray(rows) ? rows.filter((row): row is Row => typeof row === 'object' && row !== null) : [];
  } catch {
    return [];
  }
}
