import { type IpAddress, NO_IP4, parseIp4 } from '../net/ip.js';
import { MESSAGE, OPTION } from './option-code.js';
import { text, writeU16 } from './option-values.js';
import { type Look, lookingDiscover, type OtherServer, offerTo } from './other-servers.js';
import type { DhcpPacket } from './packet.js';

/** One that answers a machine which wants to be booted. */
export type Answerer = OtherServer & {
  /** What it offers; missing where it is a proxy, which gives none (PXE 2.1, 2.2). */
  readonly address?: IpAddress;
  /** Missing where it says nothing of booting. */
  readonly boot?: BootWord;
};

/** What a machine is told to boot. */
export type BootWord = {
  /** A file or a URL; missing where the boot server's port is to be asked for it. */
  readonly file?: string;
  /** Who has it: `siaddr`, else option 66. */
  readonly from?: string;
};

/** Client architectures of option 93 (RFC 4578, 2.1): a BIOS and x64 UEFI, to which a server may say different things. */
export const LOOKED_AS = [0, 7] as const;

const WANTED = [OPTION.subnetMask, OPTION.routers, OPTION.vendorSpecific, OPTION.vendorClass];
const WANTED_OF_BOOT = [OPTION.tftpServerName, OPTION.bootFileName];
/** UNDI 3.16, as firmware says (RFC 4578, 2.2). */
const UNDI = Buffer.of(1, 3, 16);
const UUID_BYTES = 16;

/** What firmware asks, of the one that looks for other servers (PXE 2.1, table 2-1). Pure. */
export function bootDiscover(look: Pick<Look, 'address' | 'xid'>, architecture: number): DhcpPacket {
  const discover = lookingDiscover(look);
  const number = String(architecture).padStart(5, '0');
  // It is of its own making, as the card is.
  const uuid = Buffer.concat([Buffer.of(0), discover.chaddr.subarray(0, 6), Buffer.alloc(UUID_BYTES - 6)]);
  return {
    ...discover,
    options: new Map([
      [OPTION.messageType, Buffer.of(MESSAGE.discover)],
      [OPTION.parameterRequestList, Buffer.of(...WANTED, ...WANTED_OF_BOOT)],
      [OPTION.vendorClass, Buffer.from(`PXEClient:Arch:${number}:UNDI:003016`)],
      [OPTION.clientArchitecture, writeU16(architecture)],
      [OPTION.clientInterface, UNDI],
      [OPTION.clientUuid, uuid],
    ]),
  };
}

/** Of an answer to it; undefined for anything else, and for our own. Pure; never throws. */
export function readAnswerer(bytes: Buffer, from: string, look: Look): Answerer | undefined {
  const found = offerTo(bytes, from, look);
  if (found === undefined) return undefined;
  const { packet, ...whose } = found;
  const boot = bootWordOf(packet);
  return {
    ...whose,
    ...(packet.yiaddr !== NO_IP4 && { address: packet.yiaddr as IpAddress }),
    ...(boot !== undefined && { boot }),
  };
}

/** A server that echoes the class is one of PXE, whether it names a file or not (PXE 2.1, table 2-3). */
function bootWordOf({ siaddr, file, options }: DhcpPacket): BootWord | undefined {
  const named = file !== '' ? file : text(options.get(OPTION.bootFileName));
  const isPxe = text(options.get(OPTION.vendorClass))?.startsWith('PXEClient') === true;
  if ((named ?? '') === '' && !isPxe) return undefined;
  const next = siaddr === NO_IP4 ? text(options.get(OPTION.tftpServerName)) : parseIp4(siaddr);
  return {
    ...(named !== undefined && named !== '' && { file: named }),
    ...(next !== undefined && next !== '' && { from: next }),
  };
}

/** Several answers of one server, told as one: what any of them says. Pure. */
export function joinedAnswerer(known: Answerer | undefined, { boot, ...heard }: Answerer): Answerer {
  if (known === undefined) return boot === undefined ? heard : { ...heard, boot };
  const both = { ...known.boot, ...boot };
  return { ...known, ...heard, ...((known.boot ?? boot) !== undefined && { boot: both }) };
}
