import { readFile } from 'node:fs/promises';
import { parseIp } from './ip.js';
import type { MacAddress } from './mac.js';
import { type Neighbours, parseArpTable } from './neighbours.js';

export type DiskNeighboursParts = {
  readonly file?: string;
  /** Milliseconds that only go forward. */
  readonly ticks: () => number;
};

const ARP_TABLE = '/proc/net/arp';
/** A rack that begins at once is looked up together. */
const FRESH_MILLISECONDS = 200;

/** The system's neighbour table. Where it cannot be read, nobody is known. */
export class DiskNeighbours implements Neighbours {
  readonly #file: string;
  readonly #ticks: () => number;
  #known: ReadonlyMap<string, MacAddress> = new Map();
  #readAt = Number.NEGATIVE_INFINITY;
  #reading: Promise<void> | undefined;

  constructor({ file = ARP_TABLE, ticks }: DiskNeighboursParts) {
    this.#file = file;
    this.#ticks = ticks;
  }

  look(address: string): void {
    const isFresh = this.#ticks() - this.#readAt < FRESH_MILLISECONDS;
    if (isFresh && this.macAt(address) !== undefined) return;
    this.#reading ??= this.#read().finally(() => {
      this.#reading = undefined;
    });
  }

  async find(address: string): Promise<MacAddress | undefined> {
    this.look(address);
    await this.#reading;
    return this.macAt(address);
  }

  macAt(address: string): MacAddress | undefined {
    const ip = parseIp(address);
    return ip && this.#known.get(ip);
  }

  /** Resolves when no look is under way. */
  async settled(): Promise<void> {
    await this.#reading;
  }

  async #read(): Promise<void> {
    const text = await readFile(this.#file, 'latin1').catch(() => '');
    this.#known = parseArpTable(text);
    this.#readAt = this.#ticks();
  }
}
