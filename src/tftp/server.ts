import type { DatagramPort, Peer } from '../net/datagram.js';
import type { Room } from './admission.js';
import { type Entry, isRepeated, leastWanted } from './entry.js';
import type { TftpFile } from './file.js';
import { readFileName } from './file-name.js';
import { LEAST_BLOCK_BYTES, type NegotiationLimits, negotiate, type Terms } from './negotiation.js';
import { decodePacket, encodeError, type Incoming, type Option, type Refusal, type Request } from './packet.js';
import type { TftpEnd, TftpServerParts, TransferReport, Wanted } from './server-parts.js';
import { TftpSession } from './session.js';
import type { Outcome } from './transfer.js';

/** Real ROMs ask for binaries in netascii, and want them as they are. */
const MODES: ReadonlySet<string> = new Set(['octet', 'netascii']);
/** Of a transfer: a gigabyte at the ten megabits a second of an old management network takes half of it. */
const MAX_MILLISECONDS = 30 * 60_000;
/** Nobody's own port (RFC 6335): whoever asks from one wants the answer to go to a service. */
const LEAST_PORT = 1_024;

/** TFTP as boot loaders need it (RFC 1350, 2347, 2348, 2349, 7440): it only reads. */
export class TftpServer<File extends TftpFile = TftpFile> {
  readonly #parts: TftpServerParts<File>;
  /** By the client's address and port, the oldest first. */
  readonly #entries = new Map<string, Entry>();
  readonly #closing = new Set<Promise<unknown>>();
  #isDraining = false;
  #isClosed = false;

  constructor(parts: TftpServerParts<File>) {
    this.#parts = parts;
    parts.port.receive((bytes, from) => this.#arrived(bytes, from));
  }

  /** Transfers under way, or about to begin. */
  get count(): number {
    return this.#entries.size;
  }

  /** Takes up nothing new, and says so to nobody: who asks again in a while may be answered by whoever comes next. */
  drain(): void {
    this.#isDraining = true;
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    for (const entry of [...this.#entries.values()]) {
      entry.session?.abort('the server ends');
      this.#over(entry);
    }
    await Promise.all([...this.#closing, this.#parts.port.close()]);
  }

  #arrived(bytes: Buffer, from: Peer): void {
    if (this.#isClosed) return;
    const packet = decodePacket(bytes);
    if (packet.kind === 'read' || packet.kind === 'write') this.#requested(packet, from);
    else if (packet.kind === 'malformed' && packet.isRequest) this.#misread(packet.why, from);
    else if (this.#parts.openPort === undefined) this.#entries.get(keyOf(from))?.session?.deliver(packet);
  }

  #misread(why: string, from: Peer): void {
    const wanted = { client: from, filename: '' };
    if (this.#mayAnswer(wanted)) this.#refuse(wanted, { error: 'illegalOperation', message: `not understood: ${why}` });
  }

  #requested(request: Request, from: Peer): void {
    const filename = readFileName(request.filename);
    const running = this.#entries.get(keyOf(from));
    if (running !== undefined && isRepeated(running, filename, request.options)) {
      running.session?.repeated();
      return;
    }
    const asked = { client: from, filename: request.filename };
    if (!this.#mayAnswer(asked)) return;
    const refusal = refusalOf(request);
    if (refusal !== undefined || filename === undefined) {
      this.#refuse(asked, refusal ?? NO_SUCH_FILE, refusal?.message ?? 'no file can have this name');
      return;
    }
    // A client that asks anew from the same port has given up what it asked for before, or was reset.
    if (running !== undefined) this.#abandon(running, 'the client asks anew');
    const room = this.#roomFor(from);
    if (room !== 'free') {
      this.#refuse(asked, BUSY, TOO_MANY[room]);
      return;
    }
    const entry: Entry = {
      ...{ client: from, filename, options: request.options, since: this.#parts.clock.ticks() },
      ...{ session: undefined, isOver: false, close: [] },
    };
    this.#entries.set(keyOf(from), entry);
    this.#parts.admissions.begun(from.address);
    this.#begin(entry, request.options).catch((thrown: unknown) => {
      this.#parts.fault(thrown);
      this.#over(entry);
    });
  }

  #mayAnswer(asked: Wanted): boolean {
    const { address, port } = asked.client;
    if (this.#isDraining || port < LEAST_PORT) return false;
    if (this.#parts.admissions.takes(address, this.#parts.clock.ticks())) return true;
    this.#parts.ended?.(REFUSED);
    this.#parts.unbegun(asked, { kind: 'refused', reason: 'more requests come from this address than are answered' });
    return false;
  }

  #refuse(asked: Wanted, refusal: Refusal, reason = refusal.message): void {
    this.#tell(asked.client, refusal);
    this.#parts.ended?.(REFUSED);
    this.#parts.unbegun(asked, { kind: 'refused', reason });
  }

  /** Where there is none, somebody goes, of the same address where that has too many. */
  #roomFor({ address }: Peer): Room {
    const { admissions } = this.#parts;
    const room = admissions.roomFor(address);
    if (room === 'free') return room;
    const all = [...this.#entries.values()].filter(({ client }) => room === 'full' || client.address === address);
    const least = leastWanted(all, this.#parts.clock.ticks());
    if (least !== undefined) this.#abandon(least, 'its place was needed');
    return admissions.roomFor(address);
  }

  async #begin(entry: Entry, options: readonly Option[]): Promise<void> {
    const { client, filename } = entry;
    const opened = await this.#parts.open({ client, filename });
    if (opened.kind === 'refused') {
      if (!entry.isOver) this.#tell(client, opened);
      this.#parts.ended?.(REFUSED);
      this.#over(entry);
      return;
    }
    const { file } = opened;
    entry.close.push(() => file.close());
    const port = entry.isOver ? undefined : await this.#portOf(entry);
    if (port === undefined) {
      this.#over(entry);
      return;
    }
    this.#start(entry, {
      file,
      port,
      terms: negotiate(options, file.size, limitsFor(client, this.#parts.negotiation)),
    });
  }

  async #portOf(entry: Entry): Promise<DatagramPort | undefined> {
    const { port, openPort } = this.#parts;
    if (openPort === undefined) return port;
    try {
      const own = await openPort();
      entry.close.push(() => own.close());
      // No queue between, which would cost a fifth of the speed.
      own.receive((bytes, from) => this.#guarded(() => this.#answered(entry, decodePacket(bytes), from, own)));
      return entry.isOver ? undefined : own;
    } catch (thrown) {
      const { client, filename } = entry;
      this.#tell(client, BUSY);
      this.#parts.ended?.({ ...REFUSED, outcome: 'failed' });
      this.#parts.unbegun(
        { client, filename },
        { kind: 'failed', reason: `no port to answer from: ${String(thrown)}` },
      );
      return undefined;
    }
  }

  /** A socket calls this: what is thrown would end the process. */
  #guarded(work: () => void): void {
    try {
      work();
    } catch (thrown) {
      this.#parts.fault(thrown);
    }
  }

  #answered(entry: Entry, packet: Incoming, from: Peer, port: DatagramPort): void {
    if (keyOf(from) === keyOf(entry.client)) entry.session?.deliver(packet);
    // RFC 1350, 4: a stranger is told, and the transfer goes on. An error is never answered.
    else if (packet.kind !== 'error') port.send(encodeError(NOT_YOURS), from);
  }

  #start(
    entry: Entry,
    { file, port, terms }: { readonly file: File; readonly port: DatagramPort; readonly terms: Terms },
  ): void {
    const { clock, explain, begun, fault } = this.#parts;
    const { client, filename } = entry;
    const tooLong = clock.after(MAX_MILLISECONDS, () => session.abort('it has taken too long'));
    let ended: ((report: TransferReport) => void) | undefined;
    const session: TftpSession = new TftpSession({
      client,
      file,
      terms,
      port,
      clock,
      explain,
      fault,
      answered: () => {
        ended = begun({ client, filename, file, terms, sent: () => session.sentBytes });
      },
      ended: (outcome) => {
        tooLong();
        this.#over(entry);
        this.#parts.ended?.(endOf(entry, session, { outcome, now: clock.ticks() }));
        if (ended === undefined) this.#neverBegun(entry, outcome);
        else if (outcome.kind !== 'unanswered' && outcome.kind !== 'probed')
          ended({ sent: session.sentBytes, resends: session.resends, outcome });
      },
    });
    entry.session = session;
    session.start();
  }

  /** Size probes, and what was abandoned for others, are nothing to tell. */
  #neverBegun({ client, filename }: Entry, outcome: Outcome): void {
    if (outcome.kind === 'unanswered' || outcome.kind === 'failed') this.#parts.unbegun({ client, filename }, outcome);
  }

  #abandon(entry: Entry, reason: string): void {
    entry.session?.abandon(reason);
    this.#over(entry);
  }

  #over(entry: Entry): void {
    if (this.#entries.get(keyOf(entry.client)) === entry) this.#entries.delete(keyOf(entry.client));
    if (!entry.isOver) this.#parts.admissions.ended(entry.client.address);
    entry.isOver = true;
    const closing = Promise.allSettled(entry.close.splice(0).map((close) => close()));
    this.#closing.add(closing);
    void closing.then(() => this.#closing.delete(closing));
  }

  #tell(to: Peer, refusal: Refusal): void {
    this.#parts.port.send(encodeError(refusal), to);
  }
}

const NOT_YOURS = { error: 'unknownTransfer', message: 'this transfer is not yours' } as const;
const NO_SUCH_FILE = { error: 'notFound', message: 'there is no such file' } as const;
const TOO_MANY: Readonly<Record<Exclude<Room, 'free'>, string>> = {
  busy: 'too many transfers to this address are under way: behind a NAT, set tftp.singlePort',
  full: 'too many transfers are under way',
};
const BUSY = { error: 'undefined', message: 'the server is busy: try again' } as const;

const REFUSED: TftpEnd = { outcome: 'refused', bytes: 0, resends: 0, milliseconds: 0 };

function endOf(
  { since }: Entry,
  { sentBytes: bytes, resends }: Pick<TftpSession, 'sentBytes' | 'resends'>,
  { outcome, now }: { readonly outcome: Outcome; readonly now: number },
): TftpEnd {
  const told = { bytes, resends, milliseconds: now - since };
  if (outcome.kind !== 'complete') return { outcome: outcome.kind, ...told };
  return { outcome: outcome.isConfirmed ? 'sent' : 'unconfirmed', ...told };
}

function refusalOf({ kind, mode }: Request): Refusal | undefined {
  if (kind === 'write') return { error: 'accessViolation', message: 'nothing is written here' };
  return MODES.has(mode) ? undefined : { error: 'illegalOperation', message: 'the mode must be octet' };
}

/** IPv6's header is 20 bytes longer than IPv4's, which blocks that just fit into a packet are to be shorter by. */
function limitsFor({ address }: Peer, { maxBlockSize, maxWindowSize }: NegotiationLimits): NegotiationLimits {
  const isIpv6 = address.includes(':') && !address.startsWith('::ffff:');
  return { maxBlockSize: isIpv6 ? Math.max(LEAST_BLOCK_BYTES, maxBlockSize - 20) : maxBlockSize, maxWindowSize };
}

function keyOf({ address, port }: Peer): string {
  return `${address} ${port}`;
}
