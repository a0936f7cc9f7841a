import { type FirmwareBaseInput, firmwareBase } from '../booter/base-url.js';
import type { BootUrls } from '../booter/boot-urls.js';
import { firmwarePath } from '../booter/firmware-path.js';
import type { Offerings } from './answer.js';

type OfferingsInput = Pick<Offerings, 'loaders' | 'hasTftp'> &
  Pick<FirmwareBaseInput, 'address' | 'scheme' | 'ports'> & { readonly urls: BootUrls };

/** What there is to be given at one of our addresses, to machines and to whoever asks what they would be told. */
export function offeringsAt({ urls, loaders, hasTftp, ...firmware }: OfferingsInput): Offerings {
  const near = urls.for(firmware.address);
  return {
    loaders,
    hasTftp,
    scriptUrl: near.greeting(),
    firmwareUrl: (asks) => firmwareBase({ base: near.base(), ...firmware }) + firmwarePath(asks),
  };
}

/**
 * The same for all machines at an address, until the loaders are looked at again, or machines are to come by another URL (the
 * first may ask before our port is known): to put URLs together for each takes long.
 */
export function keptOfferings(
  common: Omit<OfferingsInput, 'address' | 'loaders'>,
  loaders: () => ReadonlySet<string>,
): (address: string) => Offerings {
  const kept = new Map<string, { readonly base: string; readonly offerings: Offerings }>();
  return (address) => {
    const there = loaders();
    const base = common.urls.for(address).base();
    const known = kept.get(address);
    if (known?.base === base && known.offerings.loaders === there) return known.offerings;
    const offerings = offeringsAt({ ...common, address, loaders: there });
    kept.set(address, { base, offerings });
    return offerings;
  };
}
