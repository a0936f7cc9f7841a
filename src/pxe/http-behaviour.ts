import { parseIp } from '../net/ip.js';
import { type Behaviour, type Ignored, LATER, NAMELESS, NO_ADDRESS } from './behaviour.js';
import type { HeardOffer } from './heard-offer.js';

/** An HTTP offer, and where it leads. */
type Sorted = { readonly offer: HeardOffer; readonly url: URL };
type Choice = { readonly address: HeardOffer; readonly told: Sorted };

/** UEFI HTTP Boot (UEFI 2.10, 24.7; edk2: NetworkPkg/HttpBootDxe/HttpBootDhcp4.c). There is no port 4011. Pure. */
export function httpBehaviour(offers: readonly HeardOffer[]): Behaviour {
  const ignored: Ignored[] = [];
  const givers: HeardOffer[] = [];
  const told: Sorted[] = [];
  for (const offer of offers) {
    const sorted = sort(offer);
    if (sorted.kind === 'ignored') ignored.push({ offer, reason: sorted.reason });
    else if (sorted.kind === 'plain') givers.push(offer);
    else told.push(sorted);
  }
  const choice = chosen(givers, told);
  const plain = givers[0] ?? told.find(({ offer }) => offer.address !== undefined)?.offer;
  if (choice === undefined) return { next: { kind: 'waits', reason: whyNone(plain, told) }, ignored, cautions: [] };
  const {
    address,
    told: { offer: boot, url },
  } = choice;
  const passed = [...givers, ...told.map(({ offer }) => offer)].filter((offer) => offer !== address && offer !== boot);
  const others = passed.map((offer) => ({ offer, reason: LATER }));
  return {
    next: { kind: 'fetches', url: url.href },
    address,
    boot,
    ignored: [...ignored, ...others],
    cautions: cautionsOf(url),
  };
}

type Sort =
  | ({ readonly kind: 'told' } & Sorted)
  | { readonly kind: 'plain' }
  | { readonly kind: 'ignored'; readonly reason: string };

function sort(offer: HeardOffer): Sort {
  if (offer.server === undefined) return { kind: 'ignored', reason: NAMELESS };
  if (offer.class !== 'http') {
    if (offer.address !== undefined) return { kind: 'plain' };
    return { kind: 'ignored', reason: 'it gives no address, and its class (option 60) is not HTTPClient' };
  }
  if (offer.file === undefined) return { kind: 'ignored', reason: 'it is an HTTP offer, and names no URL' };
  const url = urlOf(offer.file);
  if (url === undefined)
    return { kind: 'ignored', reason: `it is an HTTP offer, and ${JSON.stringify(offer.file)} is no http(s) URL` };
  return { kind: 'told', offer, url };
}

function urlOf(text: string): URL | undefined {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  return url?.protocol === 'http:' || url?.protocol === 'https:' ? url : undefined;
}

/** In the order of EDK2: those that give an address, too, come first; a name needs a server of names. */
function chosen(givers: readonly HeardOffer[], told: readonly Sorted[]): Choice | undefined {
  const whole = told.filter(({ offer }) => offer.address !== undefined);
  const proxies = told.filter(({ offer }) => offer.address === undefined);
  const own = whole.find(byAddress) ?? whole.find(({ offer }) => offer.hasDns);
  if (own !== undefined) return { address: own.offer, told: own };
  const withoutDns = givers.find(({ hasDns }) => !hasDns);
  const withDns = givers.find(({ hasDns }) => hasDns);
  const literal = proxies.find(byAddress);
  const named = proxies.find((one) => !byAddress(one));
  if (literal !== undefined) return besides(withoutDns ?? withDns, literal);
  return besides(withDns, named);
}

function besides(address: HeardOffer | undefined, told: Sorted | undefined): Choice | undefined {
  return address && told && { address, told };
}

function byAddress({ url }: Sorted): boolean {
  return parseIp(url.hostname.replace(/^\[|\]$/g, '')) !== undefined;
}

function whyNone(plain: HeardOffer | undefined, told: readonly Sorted[]): string {
  if (plain === undefined) return NO_ADDRESS;
  const [named] = told;
  if (named === undefined) return 'no offer has the class HTTPClient (option 60) and a URL';
  return `${named.url.hostname} is a name, and the offer with its address names no DNS server (option 6)`;
}

function cautionsOf({ protocol, href }: URL): readonly string[] {
  return [
    ...(protocol === 'http:' ? ['firmware may take https alone (edk2: PcdAllowHttpConnections)'] : []),
    ...(href.length > 255 ? ['it is longer than one option, and EDK2 does not put several together'] : []),
  ];
}
