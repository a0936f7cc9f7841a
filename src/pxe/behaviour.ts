import type { HeardOffer } from './heard-offer.js';

/** What a client does with the offers that it received. */
export type Behaviour = {
  readonly next: NextStep;
  /** Whose address it takes; missing while it takes none. */
  readonly address?: HeardOffer;
  /** Who tells it what to boot. */
  readonly boot?: HeardOffer;
  /** Those that it passes over, and why. */
  readonly ignored: readonly Ignored[];
  /** What may be in the way all the same. */
  readonly cautions: readonly string[];
};

export type Ignored = { readonly offer: HeardOffer; readonly reason: string };

export type NextStep =
  /** By TFTP, or whatever the URL says; `server` is missing where nobody is named. */
  | { readonly kind: 'loads'; readonly file: string; readonly server?: string }
  /** By UEFI HTTP Boot. */
  | { readonly kind: 'fetches'; readonly url: string }
  /** A REQUEST to port 4011 of a boot server. */
  | { readonly kind: 'asks'; readonly server: string }
  /** A choice on its screen, or a search for boot servers, then a REQUEST to port 4011. */
  | { readonly kind: 'menu'; readonly server?: string }
  /** An address, and nothing to boot. */
  | { readonly kind: 'leaves'; readonly reason: string }
  /** It asks again, and takes nothing. */
  | { readonly kind: 'waits'; readonly reason: string };

/** Why offers lead to nothing, or are passed over, in the same words for every kind of client. */
export const NO_ADDRESS = 'nobody offers it an address';
export const NO_FILE = 'no boot file is named';
export const NAMELESS = 'it does not say whose it is (option 54)';
export const STRAY = 'it gives no address, and its class (option 60) is not PXEClient';
export const LATER = 'another comes first';

/** For people: `it loads snponly.efi by TFTP from 192.168.77.1` */
export function describeNext(next: NextStep): string {
  switch (next.kind) {
    case 'loads': {
      if (/^[a-z]+:\/\//i.test(next.file)) return `it loads ${next.file}`;
      return `it loads ${next.file} by TFTP from ${next.server ?? 'nobody, since no server is named'}`;
    }
    case 'fetches':
      return `it fetches ${next.url}`;
    case 'asks':
      return `it asks port 4011 of ${next.server} what to load`;
    case 'menu':
      return `it shows a menu, or looks for boot servers${next.server === undefined ? '' : `, and asks port 4011 of ${next.server}`}`;
    case 'leaves':
      return `it is told of nothing to boot: ${next.reason}`;
    case 'waits':
      return `it takes no offer, and asks again: ${next.reason}`;
  }
}
