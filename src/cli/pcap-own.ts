import { parseBlobPath } from '../booter/blob-path.js';
import { parseBootPath } from '../booter/boot-path.js';
import { factsFromFirmware } from '../booter/firmware-path.js';
import { inviteBy } from '../booter/invitation.js';
import { createMapping, type Mapping } from '../booter/mapping.js';
import { NO_ASSIGNMENT } from '../booter/preparation.js';
import { factsFromQuery } from '../booter/report.js';
import type { Config } from '../config/schema.js';
import { BootlayerError } from '../errors.js';
import { formatBytes } from '../format.js';
import { absentBinary } from '../ipxe/absent-binary.js';
import { IpxeBinaries } from '../ipxe/disk-binaries.js';
import { ipxeFolders } from '../ipxe-folders.js';
import type { MachineFacts } from '../machine/facts.js';
import type { Peer } from '../net/datagram.js';
import { NO_IP4 } from '../net/ip.js';
import { formatReference } from '../oci/reference.js';
import type { Exchange } from '../pxe/exchange.js';
import { readOffer } from '../pxe/heard-offer.js';
import { AUTOEXEC, GREETING } from '../pxe/script-route.js';
import { readFileName } from '../tftp/file-name.js';
import { type DhcpParts, exchangeOf, offeringsOf } from './explained-dhcp.js';
import { siteOf } from './explained-site.js';
import type { AskedName } from './pcap-steps.js';

/** What the server of a configuration says to what is in a capture, by that alone: nobody is asked, and nothing is kept. */
export class OwnServer {
  readonly address: string;
  readonly tftpPorts: readonly number[];
  readonly #parts: Omit<DhcpParts, 'given'>;
  readonly #mapping: Mapping;
  readonly #binaries: IpxeBinaries;
  readonly #names = new Map<string, string>();

  private constructor(config: Config, parts: Omit<DhcpParts, 'given'>) {
    this.address = parts.site.address;
    this.tftpPorts = config.tftp === undefined ? [] : [config.tftp.listen.port];
    this.#parts = parts;
    this.#mapping = parts.mapping;
    this.#binaries = new IpxeBinaries(ipxeFolders(config));
  }

  static async of(config: Config): Promise<OwnServer> {
    const site = siteOf(config);
    const offerings = await offeringsOf(config, site);
    return new OwnServer(config, { dhcp: config.dhcp, mapping: createMapping(config), site, offerings });
  }

  /** To a DISCOVER, or to what comes to the boot server's port. */
  dhcp(payload: Buffer, from: Peer, step: 'offer' | 'ack'): string | undefined {
    const says = this.#parts.dhcp === undefined ? 'would say, were dhcp.mode not off' : 'says';
    const said = sayingOf(exchangeOf(payload, { from, step }, this.#parts));
    return said && `${says}: ${said}`;
  }

  /** What it has under a name that is asked for. Never rejects. */
  async has({ protocol, name, address }: AskedName): Promise<string> {
    const key = `${protocol} ${address} ${name}`;
    const known = this.#names.get(key);
    if (known !== undefined) return known;
    const has = await this.#find(protocol, name, address).catch(
      (thrown: unknown) => BootlayerError.from(thrown).message,
    );
    // Whoever asks for ever more names is not remembered.
    if (this.#names.size < MOST_NAMES) this.#names.set(key, has);
    return has;
  }

  async #find(protocol: AskedName['protocol'], name: string, address: string): Promise<string> {
    if (protocol === 'tftp') {
      const path = readFileName(name);
      if (path === undefined) return NOTHING;
      if (GREETING.test(path) || AUTOEXEC.test(path)) return GREETS;
      return parseBlobPath(path) === undefined ? await this.#binary(path) : LEADS;
    }
    const path = parseBootPath(name);
    switch (path.kind) {
      case 'script':
        return this.#assigned(factsFromQuery(queryOf(name), address));
      case 'firmware':
        return this.#assigned(factsFromFirmware(path.asks, address));
      case 'provision':
      case 'done':
        return 'has that for the boot whose capability it is';
      case 'greeting':
        return GREETS;
      case 'blob':
        return LEADS;
      case 'file':
        return await this.#binary(path.path);
    }
  }

  #assigned(facts: MachineFacts): string {
    const invitation = inviteBy(this.#mapping, facts);
    if (!('assignment' in invitation)) return `answers: ${NO_ASSIGNMENT}`;
    const { assignment } = invitation;
    return `answers by assignment ${assignment.name}: ${formatReference(assignment.image)}`;
  }

  async #binary(path: string): Promise<string> {
    const [, file] = /^(?:ipxe\/)?([^/]+)$/.exec(path) ?? [];
    if (file === undefined) return NOTHING;
    const binary = await this.#binaries.open(file);
    if (binary === undefined) return `does not have it: ${absentBinary([file], this.#binaries.folders).message}`;
    await binary.close();
    return `has it: ${formatBytes(binary.size)}`;
  }
}

const NOTHING = 'has nothing under that';
const GREETS = 'has it: the script that makes iPXE report its machine';
const LEADS = 'has it as long as an assignment or a plan leads to it';
const MOST_NAMES = 10_000;

function queryOf(target: string): Record<string, unknown> {
  return Object.fromEntries(new URLSearchParams(target.split('?').slice(1).join('?')));
}

function sayingOf(exchange: Exchange): string | undefined {
  switch (exchange.kind) {
    case 'answered':
      return `${toldBy(exchange.reply)}${byAssignment(exchange)}`;
    case 'unanswered': {
      const gives = exchange.sent === undefined ? '' : `${toldBy(exchange.sent.reply)}; `;
      return `${gives}nothing to boot: ${exchange.reason}`;
    }
    case 'leased':
      return toldBy(exchange.reply);
    case 'ignored':
      return `nothing: ${exchange.reason}`;
    default:
      return undefined;
  }
}

function toldBy(reply: Parameters<typeof readOffer>[0]): string {
  const { file, next, address } = readOffer(reply);
  const loads = file === undefined ? [] : [`load ${file}${/^https?:/.test(file) ? '' : ` from ${next ?? NO_IP4}`}`];
  return [...(address === undefined ? [] : [`address ${address}, if it is free`]), ...loads].join(', ');
}

function byAssignment({ invitation }: Extract<Exchange, { kind: 'answered' }>): string {
  if (invitation.kind === 'sure') return ` (assignment ${invitation.assignment.name})`;
  return invitation.kind === 'open' ? ' (its script decides what it boots)' : '';
}
