import { readFile } from 'node:fs/promises';
import { type IpAddress, parseIp } from './ip.js';
import { isJunkMac, type MacAddress, parseMac } from './mac.js';
import type { Neighbours } from './neighbours.js';

export type DiskArpTableParts = {
  readonly file?: string;
  /** Milliseconds that only go forward. */
  readonly ticks: () => number;
};

const ARP_TABLE = '/proc/net/arp';
/** A rack that begins at once is looked up together. */
const FRESH_MILLISECONDS = 200;

/** The system's neighbours in IPv4. Where they cannot be read, nobody is known. */
export class DiskArpTable implements Neighbours {
  readonly #file: string;
  readonly #ticks: () => number;
  #known: ReadonlyMap<string, MacAddress> = new Map();
  #readAt = Number.NEGATIVE_INFINITY;
  #reading: Promise<void> | undefined;

  constructor({ file = ARP_TABLE, ticks }: DiskArpTableParts) {
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

  trouble(): undefined {
    return undefined;
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

/** Linux's flag of an entry that has been answered for (`ATF_COM`, if_arp.h). */
const COMPLETE = 0x02;

/** `/proc/net/arp`: a heading, then a line for each: address, type, flags, hardware address, mask, device. IPv4 alone. */
export function parseArpTable(text: string): ReadonlyMap<IpAddress, MacAddress> {
  const found = new Map<IpAddress, MacAddress>();
  for (const line of text.split('\n').slice(1)) {
    const [addressText = '', , flags = '', macText = ''] = line.split(/\s+/);
    const [address, mac] = [parseIp(addressText), parseMac(macText)];
    const isComplete = (Number(flags) & COMPLETE) !== 0;
    if (address !== undefined && mac !== undefined && isComplete && !isJunkMac(mac)) found.set(address, mac);
  }
  return found;
}
