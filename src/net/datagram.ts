/** Whom datagrams come from and go to: the address as the system spells it, with a zone where it has one. */
export type Peer = { readonly address: string; readonly port: number };

export type DatagramHandler = (bytes: Buffer, from: Peer) => void;

/** A bound UDP port: the seam between protocols and the network, so that a whole exchange can be played without one. */
export interface DatagramPort {
  /** Where it is bound. */
  readonly local: Peer;
  /** Whoever gets what comes from now on. */
  receive(handler: DatagramHandler): void;
  /** What the system does not take is lost, as anything may be on the network. `bytes` are its own from then on. */
  send(bytes: Buffer, to: Peer): void;
  close(): Promise<void>;
}
