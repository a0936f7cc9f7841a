import { formatBytes, harmless } from '../format.js';
import type { Peer } from '../net/datagram.js';
import { AUTOEXEC } from '../pxe/script-route.js';
import { decodeHeard, type HeardPacket } from '../tftp/heard-packet.js';
import { LEAST_BLOCK_BYTES, MOST_BLOCK_BYTES } from '../tftp/negotiation.js';
import { DEFAULT_BLOCK_BYTES, type Option, type Request } from '../tftp/packet.js';
import type { HeardDatagram } from './pcap-dhcp.js';
import { note, type StepLog } from './pcap-steps.js';
import { addScene, type Stories, type TftpScene } from './pcap-story.js';

/** Of each client's port. */
const MOST_AT_ONCE = 4_096;

/** What is asked for and sent by TFTP (RFC 1350, 2347 to 2349, 7440). */
export class TftpReplay {
  readonly #log: StepLog;
  readonly #stories: Stories;
  /** Where requests go to. */
  readonly #ports: ReadonlySet<number>;
  /** By the client's address and port: the server answers from any of its own. */
  readonly #transfers = new Map<string, TftpScene>();

  constructor(log: StepLog, stories: Stories, ports: ReadonlySet<number>) {
    this.#log = log;
    this.#stories = stories;
    this.#ports = ports;
  }

  /** Answers whether it is of TFTP. */
  hear(heard: HeardDatagram & { readonly missing: number }): boolean {
    const { from, to, payload, missing } = heard;
    const isRequest = this.#ports.has(to.port);
    const byClient = this.#transfers.get(keyOf(from));
    const toClient = this.#transfers.get(keyOf(to));
    if (!isRequest && byClient === undefined && toClient === undefined) return false;
    const packet = decodeHeard(payload, missing);
    if (packet.kind === 'read' || packet.kind === 'write') this.#asked(heard, packet);
    else if (toClient !== undefined) this.#byServer(heard, packet, toClient);
    else if (byClient !== undefined) this.#byClient(heard, packet, byClient);
    return true;
  }

  /** By ICMP: of a request, nobody is there; of an answer, the client has closed its port. */
  unreachable({ from, by }: { readonly from: Peer; readonly by: string }): void {
    const transfer = this.#transfers.get(keyOf(from));
    if (transfer === undefined || transfer.bytes > 0 || transfer.isAgreed) return;
    transfer.unreachable = by;
    note(transfer.step, `${by} says that nobody listens there, or lets nobody through`);
  }

  #asked({ at, from, to }: HeardDatagram, { kind, filename, options }: Request): void {
    const story = this.#stories.at(from.address);
    const file = harmless(filename).slice(0, 200);
    const does = kind === 'read' ? 'asks' : 'wants to write to';
    const what = `${does} ${to.address} ${kind === 'read' ? 'for ' : ''}${file} by TFTP${listed(options)}`;
    const asks = kind === 'read' ? { asks: { protocol: 'tftp' as const, name: filename, address: from.address } } : {};
    const step = this.#log.add({ at, who: story.who, what, ...asks });
    const known = this.#transfers.get(keyOf(from));
    if (known !== undefined && known.file === file && known.bytes === 0) {
      known.until = at;
      return;
    }
    const [oldest] = this.#transfers.keys();
    if (oldest !== undefined && this.#transfers.size >= MOST_AT_ONCE) this.#transfers.delete(oldest);
    const transfer: TftpScene = {
      ...{ kind: 'tftp', at, until: at, server: to.address, file, options, blksize: DEFAULT_BLOCK_BYTES },
      ...{ isAgreed: false, block: 0, bytes: 0, resent: 0, isWhole: false, step },
    };
    this.#transfers.set(keyOf(from), transfer);
    addScene(story, transfer);
  }

  #byServer({ at, from, to }: HeardDatagram, packet: HeardPacket, transfer: TftpScene): void {
    transfer.until = at;
    const add = (what: string) => this.#log.add({ at, who: this.#stories.at(to.address).who, what });
    if (packet.kind === 'oack') {
      transfer.isAgreed = true;
      transfer.blksize = agreedBlock(packet.options) ?? transfer.blksize;
      add(`${from.address} agrees${listed(packet.options)}`);
    } else if (packet.kind === 'error') {
      transfer.error = { by: 'server', code: packet.code, message: packet.message };
      const step = add(`${from.address} refuses ${transfer.file}: ${packet.message} (TFTP error ${packet.code})`);
      if (AUTOEXEC.test(transfer.file)) note(step, 'iPXE asks for it on its own, and goes on without it');
    } else if (packet.kind === 'data') takeBlock(transfer, packet);
  }

  #byClient({ at, from }: HeardDatagram, packet: HeardPacket, transfer: TftpScene): void {
    transfer.until = at;
    const { file, lastBlock, bytes } = transfer;
    const add = (what: string) => this.#log.add({ at, who: this.#stories.at(from.address).who, what });
    if (packet.kind === 'error' && !transfer.isWhole) {
      transfer.error = { by: 'client', code: packet.code, message: packet.message };
      const step = add(`ends ${file}: ${packet.message} (TFTP error ${packet.code})`);
      if (isProbe(transfer)) note(step, 'it has asked for the size alone, as firmware does before it loads a file');
    } else if (packet.kind === 'ack' && lastBlock !== undefined && packet.block === lastBlock % 0x10000) {
      if (transfer.isWhole) return;
      transfer.isWhole = true;
      const again = transfer.resent === 0 ? '' : `, ${transfer.resent} sent again`;
      add(`has all of ${file}: ${formatBytes(bytes)} in ${lastBlock} blocks of ${transfer.blksize} bytes${again}`);
    }
  }
}

/** Blocks are counted modulo 65,536; one that does not go on is sent again. */
function takeBlock(transfer: TftpScene, { block, bytes }: Extract<HeardPacket, { kind: 'data' }>): void {
  const ahead = (block - transfer.block + 0x10000) % 0x10000;
  if (ahead === 0 || ahead >= 0x8000) {
    transfer.resent += 1;
    return;
  }
  transfer.block += ahead;
  // What the capture has lost between them was as long as the others.
  transfer.bytes += bytes + (ahead - 1) * transfer.blksize;
  if (bytes < transfer.blksize) transfer.lastBlock = transfer.block;
}

/** RFC 2348: 8 to 65,464; whoever agrees to anything else sends as before. */
function agreedBlock(options: readonly Option[]): number | undefined {
  const [, value = ''] = options.find(([name]) => /^blksize$/i.test(name)) ?? [];
  const bytes = /^\d{1,5}$/.test(value) ? Number(value) : 0;
  return bytes >= LEAST_BLOCK_BYTES && bytes <= MOST_BLOCK_BYTES ? bytes : undefined;
}

/** EDK2 and old ROMs ask for the size, and end that with an error. */
export function isProbe({ bytes, options, error }: Pick<TftpScene, 'bytes' | 'options' | 'error'>): boolean {
  return error?.by === 'client' && bytes === 0 && options.some(([name]) => /^tsize$/i.test(name));
}

function keyOf({ address, port }: Peer): string {
  return `${address} ${port}`;
}

function listed(options: readonly Option[]): string {
  const texts = options.map(([name, value]) => harmless(`${name} ${value}`).slice(0, 40));
  return texts.length === 0 ? '' : ` (${texts.join(', ')})`;
}
