import type { ActiveTransfers } from '../booter/active-transfers.js';
import type { Booter } from '../booter/booter.js';
import type { TransferEnd } from '../booter/transfer-events.js';
import { BootlayerError, describeError, type ErrorCode, publicMessage } from '../errors.js';
import { withoutMapping } from '../net/ip.js';
import type { Refusal } from '../tftp/packet.js';
import type { Begun, Opened, TftpServerParts, TransferReport, Wanted } from '../tftp/server.js';
import { type BootFile, type BootFileRoute, claimed } from './boot-file.js';

export type TftpFrontEndParts = {
  /** In their order. */
  readonly routes: readonly BootFileRoute[];
  readonly booter: Booter;
  readonly transfers: ActiveTransfers;
};

/** What TFTP asks for, and how its transfers are told. */
export class TftpFrontEnd implements Pick<TftpServerParts<BootFile>, 'open' | 'explain' | 'begun' | 'unanswered'> {
  readonly #parts: TftpFrontEndParts;

  constructor(parts: TftpFrontEndParts) {
    this.#parts = parts;
  }

  readonly open = async ({ client, filename: path }: Wanted): Promise<Opened<BootFile>> => {
    const address = withoutMapping(client.address);
    try {
      const open = claimed(this.#parts.routes, path);
      if (open === undefined) throw new BootlayerError('NOT_FOUND', 'there is no such file');
      return { kind: 'file', file: await open({ path, address }) };
    } catch (thrown) {
      if (BootlayerError.from(thrown).code === 'INTERNAL') this.#parts.booter.reportFault(`opening ${path}`, thrown);
      this.#refused(path, address, describeError(thrown));
      return { kind: 'refused', ...this.explain(thrown) };
    }
  };

  readonly explain = (thrown: unknown): Refusal => {
    const error = BootlayerError.from(thrown);
    return { error: NOT_THERE.has(error.code) ? 'notFound' : 'undefined', message: publicMessage(error) };
  };

  readonly begun = ({ file, sent }: Begun<BootFile>): ((report: TransferReport) => void) => {
    const { transfers } = this.#parts;
    const ended = file.begun();
    let done = (): void => undefined;
    const run = () => new Promise<void>((resolve) => (done = resolve));
    void transfers.track({ sent, run });
    return (report) => {
      ended(endOf(report));
      done();
    };
  };

  readonly unanswered = ({ client, filename }: Wanted): void => {
    this.#refused(filename, withoutMapping(client.address), 'nothing came back: is there a packet filter between?');
  };

  #refused(file: string, address: string, reason: string): void {
    this.#parts.booter.transfers.refused({ address, protocol: 'tftp', file, reason });
  }
}

/** The one place where an error becomes TFTP's; every other is `undefined` with a sentence (RFC 1350, appendix). */
const NOT_THERE: ReadonlySet<ErrorCode> = new Set<ErrorCode>(['NOT_FOUND', 'BLOB_UNKNOWN', 'REQUEST_INVALID']);

function endOf({ outcome, sent: bytes }: TransferReport): TransferEnd {
  if (outcome.kind === 'complete') return { kind: 'sent', bytes };
  const reason = outcome.kind === 'aborted' ? outcome.reason : 'the client did not want it';
  return { kind: 'aborted', bytes, reason };
}
