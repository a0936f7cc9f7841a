import { X509Certificate } from 'node:crypto';
import { isRestricted } from './boot/policy.js';
import { type FirmwareBaseInput, firmwareBase, urlWarning } from './booter/base-url.js';
import type { BootUrls } from './booter/boot-urls.js';
import type { Config, TlsPair } from './config/schema.js';
import { advertisedHost, isFor, nameRemedy } from './config/tls-pair.js';
import { fewOf } from './format.js';
import { hostIn } from './net/endpoint.js';
import { isLoopback, parseIp } from './net/ip.js';
import type { ServedInterface } from './pxe/served-interfaces.js';

const MAX_NAMED = 5;

export type BootWarningsInput = {
  readonly config: Pick<Config, 'advertise' | 'dhcp' | 'tftp' | 'http' | 'assignments' | 'identity' | 'unknown'>;
  /** What `http.tls` names. */
  readonly tls: TlsPair | undefined;
  /** Where DHCP is answered; none where that is not known. */
  readonly interfaces: readonly Pick<ServedInterface, 'name' | 'address'>[];
  /** Where HTTP and HTTPS listen. */
  readonly ports: FirmwareBaseInput['ports'];
  readonly urls: BootUrls;
};

/** What of the listeners and of what machines are told does not go together, though each may be right by itself. Pure. */
export function findBootWarnings(input: BootWarningsInput): readonly string[] {
  const { config, ports } = input;
  const ofUrl = urlWarning({ advertise: config.advertise, ports });
  return [
    ...(ofUrl === undefined ? [] : [ofUrl]),
    ...tftpWarnings(config),
    ...loopbackWarnings(input),
    ...firmwareWarnings(input),
  ];
}

function tftpWarnings({ dhcp, tftp }: BootWarningsInput['config']): readonly string[] {
  if (dhcp === undefined || tftp !== undefined) return [];
  return [
    `tftp.enabled is false, and dhcp.mode is ${dhcp.mode}: BIOS and UEFI PXE load by TFTP alone, and are told nothing; set it to true, unless all machines come by UEFI HTTP Boot or an iPXE of their own`,
  ];
}

/** On loopback no card answers, by which who asks could be shown to be the machine. */
function loopbackWarnings({ config, urls }: BootWarningsInput): readonly string[] {
  const { assignments, identity, unknown } = config;
  const base = urls.greeting();
  const host = parseIp(hostIn(base));
  if (!identity.verify || host === undefined || !isLoopback(host)) return [];
  const restricted = assignments.filter(({ policy }) => isRestricted(policy)).map(({ name }) => name);
  const handing = assignments
    .filter(({ policy, provision }) => !isRestricted(policy) && provision !== undefined)
    .map(({ name }) => name);
  const consequences = [
    ...(restricted.length === 0 ? [] : [`${fewOf(restricted, MAX_NAMED)} boots nobody by its policy`]),
    ...(handing.length === 0 ? [] : [`${fewOf(handing, MAX_NAMED)} boots nobody by its provision`]),
    ...(unknown === 'enrol' ? ['no machine that waits can be told from one that is made up'] : []),
  ];
  if (consequences.length === 0) return [];
  const remedy = 'set advertise to an address of a network, or for a trial identity.verify to false';
  return [
    `machines are told ${base}, which is this host itself, where nobody can be shown to be a machine: ${consequences.join(', and ')}; ${remedy}`,
  ];
}

/** UEFI HTTP Boot is told an address at each interface, and believes a certificate that is for it. */
function firmwareWarnings({ config, tls, interfaces, ports, urls }: BootWarningsInput): readonly string[] {
  if (config.dhcp === undefined) return [];
  const { httpBoot: scheme } = config.dhcp;
  const certificate = tls && new X509Certificate(tls.cert);
  return interfaces.flatMap(({ name, address }) => {
    const base = urls.for(address).base();
    const told = firmwareBase({ base, address, scheme, ports });
    if (!told.startsWith('https:')) return [];
    const what = `UEFI HTTP Boot on ${name} is told ${told}`;
    if (ports.https === undefined) {
      // That is what is advertised, of which the URL's own warning tells.
      if (told === base) return [];
      const remedy = 'set http.tls, or dhcp.httpBoot to http, unless a proxy on this host takes HTTPS';
      return [`${what}, and nothing of ours listens there: ${remedy}`];
    }
    const host = hostIn(told);
    if (certificate === undefined || isFor(certificate, host) || host === advertisedHost(config.advertise)) return [];
    return [`http.tls.cert: ${config.http.tls?.certFile ?? ''}: ${what}, and it is not for that: ${nameRemedy(host)}`];
  });
}
