import { type Behaviour, type Ignored, LATER, type NextStep, NO_ADDRESS, NO_FILE, STRAY } from './behaviour.js';
import type { HeardOffer } from './heard-offer.js';

/** A boot ROM by PXE 2.1, 2.2; the many there are do not all keep to it. Pure. */
export function biosBehaviour(offers: readonly HeardOffer[]): Behaviour {
  const ignored: Ignored[] = [];
  const usable = offers.filter((offer) => {
    if (offer.address !== undefined || offer.class === 'pxe') return true;
    ignored.push({ offer, reason: STRAY });
    return false;
  });
  const givers = usable.filter(({ address }) => address !== undefined);
  // One that knows of PXE before one that only names a file.
  const boot =
    givers.find(isOfPxe) ?? usable.find(isOfPxe) ?? givers.find(({ file }) => file !== undefined) ?? givers[0];
  const address = boot?.address === undefined ? givers[0] : boot;
  if (boot === undefined || address === undefined)
    return { next: { kind: 'waits', reason: NO_ADDRESS }, ignored, cautions: [] };
  const passed = usable.filter((offer) => offer !== boot && offer !== address);
  const others = passed.map((offer) => ({ offer, reason: LATER }));
  return { next: nextStep(boot), address, boot, ignored: [...ignored, ...others], cautions: cautionsOf(boot, address) };
}

function isOfPxe({ class: vendorClass }: HeardOffer): boolean {
  return vendorClass === 'pxe';
}

function nextStep(boot: HeardOffer): NextStep {
  const { class: vendorClass, discovery, file, next, server } = boot;
  const from = next ?? server;
  const loads = (name: string): NextStep => ({
    kind: 'loads',
    file: name,
    ...(from !== undefined && { server: from }),
  });
  if (vendorClass !== 'pxe') return file === undefined ? { kind: 'leaves', reason: NO_FILE } : loads(file);
  if (discovery?.isDirect === true && file !== undefined) return loads(file);
  if (discovery !== undefined) {
    const asked = discovery.bootServer ?? from;
    return { kind: 'menu', ...(asked !== undefined && { server: asked }) };
  }
  // A server that gives addresses and names a file is not asked for it again.
  if (file !== undefined && boot.address !== undefined) return loads(file);
  return { kind: 'asks', server: server ?? next ?? '255.255.255.255' };
}

function cautionsOf(boot: HeardOffer, address: HeardOffer): readonly string[] {
  const cautions: string[] = [];
  if (boot !== address && address.file !== undefined)
    cautions.push(
      'a ROM may take the file that the server names which gives the address, in place of what the proxy says',
    );
  if (boot.server === undefined) cautions.push('without option 54 some ROMs ask everybody at port 4011');
  if (boot.file !== undefined && boot.next === undefined)
    cautions.push('without siaddr many ROMs do not know whom to load from');
  return cautions;
}
