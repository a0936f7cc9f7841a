import type { Behaviour } from '../pxe/behaviour.js';
import type { PxeClient } from '../pxe/client.js';
import type { HeardOffer } from '../pxe/heard-offer.js';
import type { Option } from '../tftp/packet.js';
import type { Step } from './pcap-steps.js';

/** What is known of one machine of a capture. Times: seconds since its first packet. */
export type Story = {
  readonly who: string;
  /** Of PxeClient, the last that it said it was while it asked to be booted. */
  client?: string;
  /** By DHCP, TFTP and HTTP, in their order; the last ones of a machine that goes on for ever. */
  readonly scenes: Scene[];
};

export type Scene = DhcpScene | TftpScene | HttpScene | ConnectionScene;

/** What is asked and answered under one xid: from a DISCOVER on, or a REQUEST without one. */
export type DhcpScene = {
  readonly kind: 'dhcp';
  readonly at: number;
  until: number;
  readonly xid: number;
  readonly client: PxeClient;
  discovers: number;
  readonly offers: HeardOffer[];
  /** What follows from those. */
  behaviour?: Behaviour;
  /** Whose offer it takes. */
  taken?: string;
  /** It has its address. */
  isGiven: boolean;
  nak?: string;
  /** What it asks at port 4011. */
  bootServer?: { readonly server: string; answer?: HeardOffer };
  step?: Step;
};

export type TftpScene = {
  readonly kind: 'tftp';
  readonly at: number;
  until: number;
  readonly server: string;
  readonly file: string;
  readonly options: readonly Option[];
  blksize: number;
  isAgreed: boolean;
  /** The last block, counted on beyond 65,535. */
  block: number;
  bytes: number;
  resent: number;
  /** The block that is shorter than the others. */
  lastBlock?: number;
  isWhole: boolean;
  error?: { readonly by: 'client' | 'server'; readonly code: number; readonly message: string };
  /** By ICMP. */
  unreachable?: string;
  readonly step: Step;
};

export type HttpScene = {
  readonly kind: 'http';
  readonly at: number;
  until: number;
  readonly server: string;
  readonly method: string;
  readonly target: string;
  readonly agent: string;
  status?: number;
  /** By its Content-Length, and as much of it as was sent. */
  size?: number;
  received: number;
  readonly step: Step;
};

/** A connection that did not come about, or in which nothing can be seen. */
export type ConnectionScene = {
  readonly kind: 'connection';
  readonly at: number;
  until: number;
  readonly server: string;
  state: 'unanswered' | 'refused' | 'open' | 'tls';
};

const MOST_MACHINES = 2_000;
const MOST_SCENES = 200;

/** The machines of a capture, by their hardware addresses, else by where they send from. */
export class Stories {
  readonly #stories = new Map<string, Story>();
  /** Whose address that is. */
  readonly #owners = new Map<string, string>();
  isFull = false;

  get all(): readonly Story[] {
    return [...this.#stories.values()];
  }

  of(who: string): Story {
    const known = this.#stories.get(who);
    if (known !== undefined) return known;
    const begun: Story = { who, scenes: [] };
    if (this.#stories.size < MOST_MACHINES) this.#stories.set(who, begun);
    else this.isFull = true;
    return begun;
  }

  at(address: string): Story {
    return this.of(this.#owners.get(address) ?? address);
  }

  hasOwner(address: string): boolean {
    return this.#owners.has(address);
  }

  setOwner(address: string, who: string): void {
    if (this.#owners.size < MOST_MACHINES || this.#owners.has(address)) this.#owners.set(address, who);
  }
}

export function addScene(story: Story, scene: Scene): void {
  if (story.scenes.length >= MOST_SCENES) story.scenes.shift();
  story.scenes.push(scene);
}

/** Whether it wants more than an address, as an installed system does not. */
export function asksToBoot({ client }: Pick<DhcpScene, 'client'>): boolean {
  return client.kind !== 'other';
}
