import type { FirmwareAsks } from '../booter/firmware-path.js';
import { whyNoBinary } from '../ipxe/absent-binary.js';
import { IPXE_BINARIES } from '../ipxe/binaries.js';
import { describeClient, firmwaresOf, type PxeClient } from './client.js';

/** What a machine that asks to be booted is told. `silent`: nothing, and then it goes on to its next boot device. */
export type Answer =
  /** A boot loader by TFTP: its name. */
  | { readonly kind: 'loader'; readonly file: string }
  /** For iPXE: the script that makes it report itself. */
  | { readonly kind: 'script'; readonly url: string }
  /** For UEFI HTTP Boot: where the firmware finds what it starts. */
  | { readonly kind: 'url'; readonly url: string }
  | { readonly kind: 'silent'; readonly reason: string };

/** What there is to be given. */
export type Offerings = {
  /** The files of the iPXE table that are there. */
  readonly loaders: ReadonlySet<string>;
  /** Whether TFTP is on. */
  readonly hasTftp: boolean;
  /** `/boot.ipxe` as machines reach it. */
  readonly scriptUrl: string;
  /** Where UEFI HTTP Boot finds what this machine starts. */
  readonly firmwareUrl: (asks: FirmwareAsks) => string;
};

/** What it loads, by what it is. Whether it is to be booted at all is decided elsewhere. Pure. */
export function answerTo(client: PxeClient, offerings: Offerings): Answer {
  const { hasTftp, scriptUrl, firmwareUrl } = offerings;
  switch (client.kind) {
    case 'other':
      return silent('it does not ask to be booted');
    case 'http':
      return byFirmware(client, firmwareUrl);
    case 'ipxe':
      return speaks(client, scriptUrl) ? { kind: 'script', url: scriptUrl } : byTftp(client, offerings);
    case 'pxe':
      return hasTftp ? loaderFor(client, offerings) : silent('it wants a loader by TFTP, and tftp.enabled is false');
  }
}

/** An iPXE built without HTTP, or that cannot do the HTTPS that is advertised, is given a more complete one. */
function byTftp(client: PxeClient, offerings: Offerings): Answer {
  if (!offerings.hasTftp) return silent('its iPXE cannot do what the script is served by, and tftp.enabled is false');
  return loaderFor(client, offerings);
}

/**
 * Whichever loaders there are: what is started there may be a UKI, also for processors that the table has no iPXE for (x86 and
 * ARM of 32 bits), and whether the image has one shows when it is resolved. Silence would take it from the machine; a URL behind
 * which there is nothing costs it one request, whose refusal says why.
 */
function byFirmware(client: PxeClient, firmwareUrl: Offerings['firmwareUrl']): Answer {
  const { mac, uuid, architecture: { architecture } = {} } = client;
  if (firmwaresOf(client)?.[0] !== 'uefi-http' || architecture === undefined) return withoutLoader(client);
  const asks = { ...(mac !== undefined && { mac }), ...(uuid !== undefined && { uuid }), architecture };
  return { kind: 'url', url: firmwareUrl(asks) };
}

function speaks({ ipxe }: PxeClient, url: string): boolean {
  return url.startsWith('https:') ? ipxe?.hasHttps === true : ipxe?.hasHttp === true;
}

/** The first of the table that is there. */
function loaderFor(client: PxeClient, { loaders }: Offerings): Answer {
  const { code } = client.architecture ?? {};
  const fitting = IPXE_BINARIES.filter(({ architectures }) => code !== undefined && architectures.includes(code));
  if (fitting.length === 0) return withoutLoader(client);
  const there = fitting.find(({ file }) => loaders.has(file));
  return there === undefined
    ? silent(`${whyNoBinary(fitting.map(({ file }) => file))} (npm run ipxe, or ipxe.binaries)`)
    : { kind: 'loader', file: there.file };
}

function withoutLoader(client: PxeClient): Answer {
  if (client.architecture === undefined) return silent('it says no architecture that is known (options 93 and 60)');
  return silent(`there is nothing to start on ${describeClient(client)}`);
}

function silent(reason: string): Answer {
  return { kind: 'silent', reason };
}
