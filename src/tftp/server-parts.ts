import type { DatagramPort, Peer } from '../net/datagram.js';
import type { Admissions } from './admission.js';
import type { TftpFile } from './file.js';
import type { NegotiationLimits, Terms } from './negotiation.js';
import type { Refusal } from './packet.js';
import type { SessionParts, TftpClock } from './session.js';
import type { Outcome } from './transfer.js';

/** What a client asks for. */
export type Wanted = {
  readonly client: Peer;
  /** As `readFileName` has it; of what is refused before anybody looks for it, as it was sent. */
  readonly filename: string;
};

export type Opened<File extends TftpFile = TftpFile> =
  | { readonly kind: 'file'; readonly file: File }
  | ({ readonly kind: 'refused' } & Refusal);

/** A transfer that begins. */
export type Begun<File extends TftpFile = TftpFile> = Wanted & {
  readonly file: File;
  readonly terms: Terms;
  /** Bytes that the client has so far. */
  readonly sent: () => number;
};

export type TransferReport = {
  /** Bytes that the client has. */
  readonly sent: number;
  /** How often something was sent again. */
  readonly resends: number;
  readonly outcome: BegunOutcome;
};

/** Only who has never answered can end in the other ways. */
export type BegunOutcome = Extract<Outcome, { readonly kind: 'complete' | 'aborted' | 'failed' }>;
export type UnbegunOutcome =
  | Extract<Outcome, { readonly kind: 'unanswered' | 'failed' }>
  /** By the server, before anybody looked for the file. */
  | { readonly kind: 'refused'; readonly reason: string };

/** `unconfirmed`: the client fell silent after the last block, as many do. */
export type TftpEnd = {
  readonly outcome: 'sent' | 'unconfirmed' | 'refused' | Exclude<Outcome['kind'], 'complete'>;
  /** Bytes that the client has. */
  readonly bytes: number;
  readonly resends: number;
  readonly milliseconds: number;
};

export type TftpServerParts<File extends TftpFile = TftpFile> = {
  /** Where requests come in. */
  readonly port: DatagramPort;
  /** One for each transfer (RFC 1350, 4); undefined where all of them are to go through the one that requests come in by. */
  readonly openPort: (() => Promise<DatagramPort>) | undefined;
  /** Never rejects. */
  readonly open: (wanted: Wanted) => Promise<Opened<File>>;
  readonly explain: SessionParts['explain'];
  /** The client has answered: it is no forged request. Answers whom to tell how the transfer ended. */
  readonly begun: (transfer: Begun<File>) => (report: TransferReport) => void;
  /** What became of a request of which no transfer has begun. */
  readonly unbegun: (wanted: Wanted, outcome: UnbegunOutcome) => void;
  /** What became of each request, in the end. */
  readonly ended?: (end: TftpEnd) => void;
  /** Something of ours broke, which ends one transfer and nothing else. */
  readonly fault: (thrown: unknown) => void;
  readonly negotiation: NegotiationLimits;
  readonly clock: TftpClock;
  /** Of all ports that requests come in by. */
  readonly admissions: Admissions;
};
