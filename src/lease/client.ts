import type { IpAddress } from '../net/ip.js';
import type { MacAddress } from '../net/mac.js';
import type { Uuid } from '../net/uuid.js';

/** What a machine that wants an address says of itself. */
export type LeaseClient = {
  readonly mac?: MacAddress;
  /** Of option 61, or the DUID of DHCPv6: its bytes in hex. */
  readonly clientId?: string;
  readonly uuid?: Uuid;
  readonly hostname?: string;
};

/** The same, with what the operator's records say of it. */
export type KnownClient = LeaseClient & {
  /** The name of its record; missing for a stranger. */
  readonly machine?: string;
  /** The address that its record has. */
  readonly reserved?: IpAddress;
};

/** Of an identifier: a DUID has 130 with its type (RFC 8415, 11.1), and its client five more before it (RFC 4361, 6.1). */
export const MOST_CLIENT_ID_BYTES = 135;

declare const keyBrand: unique symbol;

/** Whose an address is: `mac 52:54:00:12:34:56`, `id ff...`, `uuid ...`. */
export type ClientKey = string & { readonly [keyBrand]: true };

/**
 * By its card first: the ROM, the iPXE and the OS of one machine send different identifiers, or none, and machines made from one
 * image may send the same. By its identifier where it has no card's address (InfiniBand), then by its UUID. undefined where it
 * says none of them. Pure.
 */
export function clientKey({ mac, clientId, uuid }: LeaseClient): ClientKey | undefined {
  if (mac !== undefined) return `mac ${mac}` as ClientKey;
  if (clientId !== undefined) return `id ${clientId}` as ClientKey;
  return uuid === undefined ? undefined : (`uuid ${uuid}` as ClientKey);
}
