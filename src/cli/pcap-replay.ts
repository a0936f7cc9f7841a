import { PORT } from '../dhcp/ports.js';
import type { Frame } from '../pcap/frame.js';
import { type Packet, PacketReader } from '../pcap/packet.js';
import { DhcpReplay, type OwnWord } from './pcap-dhcp.js';
import { HttpReplay } from './pcap-http.js';
import { StepLog } from './pcap-steps.js';
import { Stories } from './pcap-story.js';
import { TftpReplay } from './pcap-tftp.js';

type ReplayParts = {
  readonly own: OwnWord;
  /** Where this server's TFTP listens, beside port 69. */
  readonly tftpPorts: readonly number[];
};

const DHCP_PORTS: ReadonlySet<number> = new Set(Object.values(PORT));
const TFTP = 69;

/** A capture, packet by packet. Never throws for what is in it. Pure but for its parts. */
export class Replay {
  readonly log = new StepLog();
  readonly stories = new Stories();
  readonly #packets = new PacketReader();
  readonly #dhcp: DhcpReplay;
  readonly #tftp: TftpReplay;
  readonly #http: HttpReplay;
  /** Packets. */
  count = 0;
  /** Those that nothing is said of, by why. */
  readonly passed = new Map<string, number>();
  #first: number | undefined;
  /** Seconds since the first packet, of the last. */
  end = 0;
  /** Whether the capture has what goes from port to port as TFTP's data does, or its filter left that out. */
  hasTftpData = false;

  constructor({ own, tftpPorts }: ReplayParts) {
    this.#dhcp = new DhcpReplay(this.log, this.stories, own);
    this.#tftp = new TftpReplay(this.log, this.stories, new Set([TFTP, ...tftpPorts]));
    this.#http = new HttpReplay(this.log, this.stories);
  }

  hear(frame: Frame): void {
    this.count += 1;
    this.#first ??= frame.at;
    const at = Math.max(0, (frame.at - this.#first) / 1_000);
    this.end = Math.max(this.end, at);
    this.#heard(at, this.#packets.read(frame));
  }

  finish(): void {
    this.#dhcp.end();
    this.passed.set('malformed', this.#dhcp.malformed);
    this.passed.set('piece', this.#packets.lostFragments);
  }

  #heard(at: number, packet: Packet): void {
    if (packet.kind === 'udp') this.#udp(at, packet);
    else if (packet.kind === 'tcp') this.#http.hear(at, packet);
    else if (packet.kind === 'unreachable') this.#tftp.unreachable(packet);
    else this.passed.set(packet.why, (this.passed.get(packet.why) ?? 0) + 1);
  }

  #udp(at: number, packet: Extract<Packet, { kind: 'udp' }>): void {
    const { from, to, payload, missing } = packet;
    if (DHCP_PORTS.has(to.port) && DHCP_PORTS.has(from.port)) {
      this.#dhcp.hear({ at, from, to, payload });
      return;
    }
    const isTftp = this.#tftp.hear({ at, from, to, payload, missing });
    if (isTftp && to.port !== TFTP && from.port !== TFTP) this.hasTftpData = true;
    // ROMs ask the boot server's port from anywhere, and it answers there.
    if (!isTftp && (to.port === PORT.bootServer || from.port === PORT.bootServer))
      this.#dhcp.hear({ at, from, to, payload });
  }
}
