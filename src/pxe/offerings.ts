import { type FirmwareBaseInput, firmwareBase } from '../booter/base-url.js';
import type { BootUrls } from '../booter/boot-urls.js';
import { firmwarePath } from '../booter/firmware-path.js';
import type { Offerings } from './answer.js';

export type OfferingsInput = Pick<Offerings, 'loaders' | 'hasTftp'> &
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
