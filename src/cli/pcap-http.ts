import { formatBytes } from '../format.js';
import type { Peer } from '../net/datagram.js';
import { httpLine } from '../pcap/http-line.js';
import type { Packet } from '../pcap/packet.js';
import { note, type StepLog } from './pcap-steps.js';
import { addScene, type ConnectionScene, type HttpScene, type Stories } from './pcap-story.js';

type Segment = Extract<Packet, { kind: 'tcp' }>;

/** One connection: what is asked in it, and not answered yet. */
type Connection = { readonly waiting: HttpScene[]; last?: HttpScene; readonly scene: ConnectionScene };

const MOST_AT_ONCE = 4_096;
const MOST_WAITING = 64;
/** TLS 1.x, a record of its handshake (RFC 8446, 5.1). */
const HANDSHAKE = 0x16;

/** What is asked and answered by HTTP, as far as the heads of its messages show it. */
export class HttpReplay {
  readonly #log: StepLog;
  readonly #stories: Stories;
  /** By the ends, the client's first. */
  readonly #connections = new Map<string, Connection>();

  constructor(log: StepLog, stories: Stories) {
    this.#log = log;
    this.#stories = stories;
  }

  hear(at: number, segment: Segment): void {
    const { from, to, flags } = segment;
    if (flags.syn && !flags.ack) this.#opened(at, from, to);
    const asked = this.#connections.get(keyOf(from, to));
    const answered = this.#connections.get(keyOf(to, from));
    if (answered !== undefined) this.#byServer(at, segment, answered);
    else this.#byClient(at, segment, asked);
  }

  /** Only those of machines that are booting are looked at before they say anything. */
  #opened(at: number, from: Peer, to: Peer): void {
    const known = this.#connections.get(keyOf(from, to));
    if (known !== undefined) known.scene.until = at;
    else if (this.#stories.hasOwner(from.address))
      addScene(this.#stories.at(from.address), this.#connect(at, from, to).scene);
  }

  #connect(at: number, from: Peer, to: Peer): Connection {
    const [oldest] = this.#connections.keys();
    if (oldest !== undefined && this.#connections.size >= MOST_AT_ONCE) this.#connections.delete(oldest);
    const scene: ConnectionScene = { kind: 'connection', at, until: at, server: endOf(to), state: 'unanswered' };
    const connection: Connection = { waiting: [], scene };
    this.#connections.set(keyOf(from, to), connection);
    return connection;
  }

  #byClient(at: number, { from, to, payload }: Segment, known: Connection | undefined): void {
    if (known?.scene.state === 'open' && payload[0] === HANDSHAKE) this.#tls(at, from, to, known);
    const line = httpLine(payload);
    if (line?.kind !== 'request') return;
    const connection = known ?? this.#connect(at, from, to);
    if (connection.waiting.length >= MOST_WAITING) return;
    connection.scene.state = 'open';
    const { method, target, agent = '' } = line;
    const story = this.#stories.at(from.address);
    const asks = { protocol: 'http', name: target, address: from.address } as const;
    const step = this.#log.add({ at, who: story.who, what: `${method} ${target} of ${endOf(to)}`, asks });
    const request: HttpScene = {
      ...{ kind: 'http', at, until: at, server: endOf(to), method, target, agent, received: 0, step },
    };
    connection.waiting.push(request);
    addScene(story, request);
  }

  #tls(at: number, from: Peer, to: Peer, connection: Connection): void {
    connection.scene.state = 'tls';
    const step = this.#log.add({ at, who: this.#stories.at(from.address).who, what: `begins TLS with ${endOf(to)}` });
    note(step, 'what is asked there cannot be seen');
  }

  #byServer(at: number, { from, to, flags, payload, missing }: Segment, connection: Connection): void {
    const { scene, waiting } = connection;
    scene.until = at;
    if (scene.state === 'unanswered' && flags.syn) scene.state = 'open';
    if (scene.state === 'unanswered' && flags.rst) {
      scene.state = 'refused';
      this.#log.add({ at, who: this.#stories.at(to.address).who, what: `${endOf(from)} refuses its connection` });
    }
    const line = httpLine(payload);
    const request = line?.kind === 'status' ? waiting.shift() : undefined;
    if (line?.kind === 'status' && request !== undefined) {
      connection.last = request;
      request.status = line.status;
      if (line.bytes !== undefined) request.size = line.bytes;
      const size = line.bytes === undefined ? '' : `, ${formatBytes(line.bytes)}`;
      request.received -= headBytes(payload);
      this.#log.settle(request.step, `: ${line.status}${size}`);
    }
    const last = connection.last;
    if (last === undefined) return;
    last.received += payload.length + missing;
    last.until = at;
  }
}

function headBytes(payload: Buffer): number {
  const end = payload.indexOf('\r\n\r\n');
  return end < 0 ? payload.length : end + 4;
}

function endOf({ address, port }: Peer): string {
  return `${address}:${port}`;
}

function keyOf(client: Peer, server: Peer): string {
  return `${endOf(client)} ${endOf(server)}`;
}
