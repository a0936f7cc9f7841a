import {
  type Behaviour,
  type Ignored,
  LATER,
  NAMELESS,
  type NextStep,
  NO_ADDRESS,
  NO_FILE,
  STRAY,
} from './behaviour.js';
import type { HeardOffer } from './heard-offer.js';

/** iPXE (src/net/udp/dhcp.c): it waits some two seconds for a proxy, unless option 175 says that it need not. Pure. */
export function ipxeBehaviour(offers: readonly HeardOffer[]): Behaviour {
  const ignored: Ignored[] = [];
  const proxies: HeardOffer[] = [];
  const givers: HeardOffer[] = [];
  for (const offer of offers) {
    const reason = whyIgnored(offer);
    if (reason !== undefined) ignored.push({ offer, reason });
    else (offer.address === undefined ? proxies : givers).push(offer);
  }
  const [address, ...late] = givers;
  if (address === undefined) return { next: { kind: 'waits', reason: NO_ADDRESS }, ignored, cautions: [] };
  const proxy = proxies.at(-1);
  const boot = proxy ?? address;
  const passed = [...late, ...proxies.slice(0, -1)].map((offer) => ({ offer, reason: LATER }));
  return { next: nextStep(boot, address), address, boot, ignored: [...ignored, ...passed], cautions: cautionsOf(boot) };
}

function whyIgnored({ server, address, class: vendorClass }: HeardOffer): string | undefined {
  if (address === undefined && vendorClass !== 'pxe') return STRAY;
  return server === undefined ? NAMELESS : undefined;
}

function nextStep(boot: HeardOffer, address: HeardOffer): NextStep {
  const { file, next, server = '', discovery } = boot;
  if (boot !== address && discovery?.hasMenu === true && file === undefined) return { kind: 'menu', server };
  // A proxy is asked once more unless its offer names both.
  if (boot !== address && (file === undefined || next === undefined)) return { kind: 'asks', server };
  if (file === undefined) return { kind: 'leaves', reason: NO_FILE };
  return { kind: 'loads', file, ...(next !== undefined && { server: next }) };
}

/** The name alone leads nowhere. */
function cautionsOf({ file, next }: HeardOffer): readonly string[] {
  if (file === undefined || next !== undefined || /^[a-z]+:\/\//i.test(file)) return [];
  return ['without siaddr iPXE does not know whom to load that from, and has nothing to boot'];
}
