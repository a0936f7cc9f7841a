import type { Role } from '../image/role.js';
import type { Digest } from '../oci/digest.js';

/**
 * Every milestone of a boot, and of what the boots need, as one union. Sinks (log, metrics, later the journal) read it;
 * nothing decides on it. Field names are the log's field names. Seconds are elapsed, sizes are bytes.
 */
export type BootEvent =
  /** The constant /boot.ipxe was fetched: a machine is there, but has not said who it is. */
  | { readonly event: 'greeting.sent'; readonly address: string }
  | {
      readonly event: 'script.sent';
      readonly machine: string;
      readonly address: string;
      readonly assignment: string;
      readonly image: string;
      readonly plan: Digest;
    }
  | {
      readonly event: 'script.waiting';
      readonly machine: string;
      readonly address: string;
      readonly image: string;
      readonly attempt: number;
      readonly reason: string;
    }
  | { readonly event: 'script.refused'; readonly machine: string; readonly address: string; readonly reason: string }
  | {
      readonly event: 'image.resolved';
      readonly reference: string;
      readonly architecture: string;
      readonly digest: Digest;
      readonly seconds: number;
      /** `pinned`: known by its digest already, so nobody was asked. */
      readonly from: 'source' | 'pinned' | 'last-good';
    }
  | {
      readonly event: 'image.failed';
      readonly reference: string;
      readonly architecture: string;
      readonly reason: string;
    }
  | { readonly event: 'fill.started'; readonly digest: Digest; readonly size: number; readonly source: string }
  | {
      readonly event: 'fill.finished';
      readonly digest: Digest;
      readonly bytes: number;
      readonly seconds: number;
      readonly source: string;
    }
  | {
      readonly event: 'fill.failed';
      readonly digest: Digest;
      readonly bytes: number;
      readonly seconds: number;
      readonly source: string;
      readonly code: string;
      readonly reason: string;
    }
  | ({ readonly event: 'artifact.started' } & ArtifactTransfer)
  | ({ readonly event: 'artifact.sent' } & ArtifactTransfer & TransferResult)
  | ({ readonly event: 'artifact.aborted'; readonly reason: string } & ArtifactTransfer & TransferResult);

/** One GET of one artifact. `machine` is missing when the source address does not say whose boot it is. */
export type ArtifactTransfer = {
  readonly machine?: string;
  readonly address: string;
  readonly role: Role;
  readonly digest: Digest;
  /** First and last byte, when the client asked for a part. */
  readonly range?: string;
};

export type TransferResult = { readonly bytes: number; readonly seconds: number };

export type EventSink = (event: BootEvent) => void;
