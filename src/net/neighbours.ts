import type { MacAddress } from './mac.js';

/** Whose hardware address answers for an address on the networks of this host. */
export interface Neighbours {
  /** To be asked for soon. */
  look(address: string): void;
  /** Looks first, unless that was done a moment ago. Never throws. */
  find(address: string): Promise<MacAddress | undefined>;
  /** As of the last look; undefined for whoever is behind a router, too. */
  macAt(address: string): MacAddress | undefined;
  /** Why nobody of its family is found, as of the last look. */
  trouble(address: string): string | undefined;
}
