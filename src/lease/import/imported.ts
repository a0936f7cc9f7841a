import type { IpAddress } from '../../net/ip.js';
import { isJunkMac, type MacAddress, parseMac } from '../../net/mac.js';
import { type LeaseClient, MOST_CLIENT_ID_BYTES } from '../client.js';

/**
 * What other DHCP servers keep, read from their files: the leases that they have given, and the hosts that their operators have
 * written. Parsers here are pure, go through a text once, and never throw: what cannot be taken over is told with its line.
 */

/** `line`: where it begins, counted from 1. */
export type ImportedLease = {
  readonly line: number;
  readonly address: IpAddress;
  readonly client: LeaseClient;
  /** Milliseconds since the epoch; missing where it has no end. */
  readonly until?: number;
};

export type ImportedHost = {
  readonly line: number;
  readonly macs: readonly MacAddress[];
  readonly ip?: IpAddress;
  /** As the file calls it. */
  readonly name?: string;
  /** What it is told to call itself. */
  readonly hostname?: string;
};

/** What is not taken over though somebody may expect it, and why. */
export type ImportProblem = {
  readonly line: number;
  /** Whose lease, or reservation, it would be, where that can be read. */
  readonly address?: IpAddress;
  readonly reason: string;
};

/**
 * What is nobody's lease or host, and no problem: addresses that are free by now, or kept from everybody; leases and lines of
 * IPv6; and settings of other kinds.
 */
export const PASSED_OVER = ['free', 'ipv6', 'settings'] as const;
export type PassedOver = (typeof PASSED_OVER)[number];

export type Imported = {
  /** One an address: what the file says last counts. */
  readonly leases: readonly ImportedLease[];
  /** Addresses of which it says last that they are nobody's. */
  readonly freed: readonly IpAddress[];
  readonly hosts: readonly ImportedHost[];
  /** The first of them. */
  readonly problems: readonly ImportProblem[];
  /** How many there are besides. */
  readonly moreProblems: number;
  /** How many entries, or lines. */
  readonly passedOver: Readonly<Record<PassedOver, number>>;
  /** How many leases a later one of the same address replaces. */
  readonly replaced: number;
};

const MOST_PROBLEMS = 1_000;
/** As much of what a file says is shown. */
const MOST_SHOWN = 80;

/** Collects what a parser finds. */
export class Findings {
  readonly #leases = new Map<IpAddress, ImportedLease | undefined>();
  readonly #hosts: ImportedHost[] = [];
  /** How many hosts there were when the one of this name was gone. */
  readonly #forgotten = new Map<string, number>();
  readonly #problems: ImportProblem[] = [];
  #moreProblems = 0;
  readonly #passedOver = { free: 0, ipv6: 0, settings: 0 };
  #replaced = 0;

  lease(lease: ImportedLease): void {
    this.#put(lease.address, lease);
  }

  /** It is nobody's by now. */
  free(address: IpAddress): void {
    this.#passedOver.free += 1;
    this.#put(address, undefined);
  }

  host(host: ImportedHost): void {
    this.#hosts.push(host);
  }

  /** There is no host with this name any more. */
  forgetHost(name: string): void {
    this.#forgotten.set(name, this.#hosts.length);
  }

  /** undefined: there is none. `address`: whose lease, or reservation, it would be. */
  problem(line: number, reason: string | undefined, address?: IpAddress): void {
    if (reason === undefined) return;
    if (this.#problems.length >= MOST_PROBLEMS) this.#moreProblems += 1;
    else this.#problems.push({ line, ...(address !== undefined && { address }), reason });
  }

  passOver(kind: PassedOver): void {
    this.#passedOver[kind] += 1;
  }

  whole(): Imported {
    return {
      leases: [...this.#leases.values()].flatMap((lease) => lease ?? []),
      freed: [...this.#leases].flatMap(([address, lease]) => (lease === undefined ? [address] : [])),
      hosts: this.#hosts.filter(({ name = '' }, at) => at >= (this.#forgotten.get(name) ?? 0)),
      problems: this.#problems,
      moreProblems: this.#moreProblems,
      passedOver: this.#passedOver,
      replaced: this.#replaced,
    };
  }

  #put(address: IpAddress, lease: ImportedLease | undefined): void {
    if (this.#leases.get(address) !== undefined) this.#replaced += 1;
    // At its new place: a lease that is given anew is a newer one.
    this.#leases.delete(address);
    this.#leases.set(address, lease);
  }
}

/** A card's address, of which ISC takes `52:54:0:0:1:1`, too; undefined where it identifies nothing. */
export function importedMac(text: string): MacAddress | undefined {
  const isShort = text.length < MOST_SHOWN && /^[0-9a-fA-F]{1,2}(:[0-9a-fA-F]{1,2})+$/.test(text);
  const mac = parseMac(isShort ? text.replace(/\b[0-9a-fA-F]\b/g, '0$&') : text);
  return mac === undefined || isJunkMac(mac) ? undefined : mac;
}

/** The same as dnsmasq writes it, `06-00:20:e0:3b:13:af`: with the kind of hardware, where that is none of Ethernet. */
export function importedHardware(text: string): MacAddress | undefined {
  return importedMac(text.replace(/^[0-9a-fA-F]{2}-(?=.{3,}:)/, ''));
}

type SaidOfClient = {
  readonly mac: MacAddress | undefined;
  readonly clientId: string | undefined;
  readonly hostname: string | undefined;
};

/** undefined where that does not say whose a lease is. */
export function importedClient({ mac, clientId, hostname: written }: SaidOfClient): LeaseClient | undefined {
  if (mac === undefined && clientId === undefined) return undefined;
  const hostname = importedName(written);
  return {
    ...(mac !== undefined && { mac }),
    ...(clientId !== undefined && { clientId }),
    ...(hostname !== undefined && { hostname }),
  };
}

/** `01:52:54:00`, or without colons; undefined where it is no bytes, or more than a client may say. */
export function importedId(text: string): string | undefined {
  const hex = text.replaceAll(':', '').toLowerCase();
  return /^([0-9a-f]{2})+$/.test(hex) && hex.length <= 2 * MOST_CLIENT_ID_BYTES ? hex : undefined;
}

/** The end of the year 9999, in seconds: what ends later has no end. */
const LAST_SECOND = 253_402_300_799;

/** From seconds since the epoch; undefined where the text is no number. */
export function importedTime(seconds: string): { readonly until?: number } | undefined {
  if (!/^\d{1,20}$/.test(seconds)) return undefined;
  return Number(seconds) > LAST_SECOND ? {} : { until: Number(seconds) * 1_000 };
}

/** A name where it is one, as host names are written; others are left out. */
export function importedName(text: string | undefined): string | undefined {
  return text !== undefined && /^[A-Za-z0-9_]([A-Za-z0-9._-]{0,251}[A-Za-z0-9_])?\.?$/.test(text)
    ? text.replace(/\.$/, '')
    : undefined;
}

/** What a file says, for a sentence. */
export function quoted(text: string): string {
  return JSON.stringify(text.length <= MOST_SHOWN ? text : `${text.slice(0, MOST_SHOWN)}...`);
}

/** Lines with their numbers, one by one; a text may be long. */
export function* linesOf(text: string): Generator<readonly [line: number, content: string], void> {
  let line = 0;
  for (let at = 0; at <= text.length; ) {
    const end = text.indexOf('\n', at);
    const stop = end === -1 ? text.length : end;
    line += 1;
    yield [line, text.slice(at, text[stop - 1] === '\r' && stop > at ? stop - 1 : stop)];
    at = stop + 1;
  }
}
