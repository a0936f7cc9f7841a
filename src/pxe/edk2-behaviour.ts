import { type Behaviour, type Ignored, NAMELESS, type NextStep, NO_ADDRESS, NO_FILE, STRAY } from './behaviour.js';
import type { HeardOffer } from './heard-offer.js';

/** How EDK2 sorts what it is offered (NetworkPkg/UefiPxeBcDxe/PxeBcDhcp4.c). `pxe10`: option 43 says how to boot; `binl`: it does not. */
type Kind = 'dhcp-pxe10' | 'dhcp-binl' | 'dhcp' | 'proxy-pxe10' | 'proxy-binl';
type Sorted = { readonly kind: Kind; readonly offer: HeardOffer };

/** An address by one, and by which of the others it boots. */
type Choice = { readonly address: HeardOffer; readonly boot: HeardOffer; readonly kind: Kind };

/** UEFI by PXE, as EDK2 does it, and most firmware of its descent. Pure. */
export function edk2Behaviour(offers: readonly HeardOffer[]): Behaviour {
  const ignored: Ignored[] = [];
  const sorted: Sorted[] = [];
  for (const offer of offers) {
    const kind = kindOf(offer);
    if (typeof kind === 'string') sorted.push({ kind, offer });
    else ignored.push({ offer, reason: kind.reason });
  }
  const choice = chosen(sorted);
  if (choice === undefined) {
    const hasAddress = sorted.some(({ offer }) => offer.address !== undefined);
    const reason = hasAddress ? 'none says what to boot' : NO_ADDRESS;
    return { next: { kind: 'waits', reason }, ignored, cautions: [] };
  }
  const { address, boot, kind } = choice;
  const passed = sorted.filter(({ offer }) => offer !== address && offer !== boot);
  const others = passed.map(({ offer }) => ({ offer, reason: `${WHAT[kind]} comes first` }));
  return { next: nextStep(choice), address, boot, ignored: [...ignored, ...others], cautions: cautionsOf(choice) };
}

const WHAT: Readonly<Record<Kind, string>> = {
  'dhcp-pxe10': 'a DHCP offer with option 43',
  'dhcp-binl': 'a DHCP offer with the class PXEClient',
  dhcp: 'an offer of its order',
  'proxy-pxe10': "a proxy's offer with option 43",
  'proxy-binl': "a proxy's offer",
};

function kindOf(offer: HeardOffer): Kind | { readonly reason: string } {
  if (offer.server === undefined) return { reason: NAMELESS };
  if (offer.discovery?.isMtftp === true) return { reason: 'its option 43 is of MTFTP' };
  const isPxe = offer.class === 'pxe';
  if (offer.address === undefined) {
    if (!isPxe) return { reason: STRAY };
    return offer.discovery === undefined ? 'proxy-binl' : 'proxy-pxe10';
  }
  if (!isPxe) return 'dhcp';
  return offer.discovery === undefined ? 'dhcp-binl' : 'dhcp-pxe10';
}

/** PxeBcSelectDhcp4Offer: a stray class on the server that gives addresses beats any proxy. */
function chosen(sorted: readonly Sorted[]): Choice | undefined {
  const first = (kind: Kind) => sorted.find((one) => one.kind === kind)?.offer;
  const dhcp = first('dhcp');
  const alone = (kind: 'dhcp-pxe10' | 'dhcp-binl'): Choice | undefined => {
    const offer = first(kind);
    return offer && { address: offer, boot: offer, kind };
  };
  const beside = (kind: 'proxy-pxe10' | 'proxy-binl'): Choice | undefined => {
    const boot = first(kind);
    return dhcp && boot && { address: dhcp, boot, kind };
  };
  const named = sorted.find(({ kind, offer }) => kind === 'dhcp' && offer.file !== undefined)?.offer;
  return (
    alone('dhcp-pxe10') ??
    beside('proxy-pxe10') ??
    alone('dhcp-binl') ??
    beside('proxy-binl') ??
    (named && { address: named, boot: named, kind: 'dhcp' })
  );
}

function nextStep({ boot, kind }: Choice): NextStep {
  const { discovery, file, next, server = '' } = boot;
  if (kind.endsWith('pxe10') && !(discovery?.isDirect === true && file !== undefined))
    return { kind: 'menu', server: discovery?.bootServer ?? next ?? server };
  // PxeBcRetryBinlOffer: a proxy is asked once more whatever it said, a DHCP server if it named no file.
  if (kind === 'proxy-binl' || (kind === 'dhcp-binl' && file === undefined))
    return { kind: 'asks', server: next ?? server };
  if (file === undefined) return { kind: 'leaves', reason: NO_FILE };
  const from = (discovery?.isDirect === true ? discovery.bootServer : undefined) ?? next ?? server;
  return { kind: 'loads', file, server: from };
}

/** What many firmwares do otherwise. */
function cautionsOf({ kind }: Choice): readonly string[] {
  return kind.endsWith('pxe10') ? ['many UEFI firmwares ignore an offer with option 43'] : [];
}
