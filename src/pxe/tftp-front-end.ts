import type { ActiveTransfers } from '../booter/active-transfers.js';
import type { Booter } from '../booter/booter.js';
import type { TransferEnd } from '../booter/transfer-events.js';
import { BootlayerError, describeError, type ErrorCode, publicMessage } from '../errors.js';
import { withoutMapping } from '../net/ip.js';
import type { Terms } from '../tftp/negotiation.js';
import type { Begun, Opened, TftpServerParts, TransferReport, UnbegunOutcome, Wanted } from '../tftp/server-parts.js';
import type { Failure } from '../tftp/transfer.js';
import { type BootFile, type BootFileRoute, claimed } from './boot-file.js';

export type TftpFrontEndParts = {
  /** In their order. */
  readonly routes: readonly BootFileRoute[];
  readonly booter: Booter;
  readonly transfers: ActiveTransfers;
};

/** What the TFTP server asks and tells. */
export type TftpFrontEnd = Pick<TftpServerParts<BootFile>, 'open' | 'explain' | 'begun' | 'unbegun'>;

/** What TFTP asks for, and how its transfers are told. */
export function tftpFrontEnd({ routes, booter, transfers }: TftpFrontEndParts): TftpFrontEnd {
  return { open, explain: (thrown) => explain('sending a file by TFTP', thrown), begun, unbegun };

  async function open({ client, filename: path }: Wanted): Promise<Opened<BootFile>> {
    const address = withoutMapping(client.address);
    try {
      const opening = claimed(routes, path);
      if (opening === undefined) throw new BootlayerError('NOT_FOUND', 'there is no such file');
      return { kind: 'file', file: await opening({ path, address }) };
    } catch (thrown) {
      const { reason, ...refusal } = explain(`opening ${path}`, thrown);
      const { code } = BootlayerError.from(thrown);
      booter.transferEvents.refused({ address, protocol: 'tftp', file: path, reason, code });
      return { kind: 'refused', ...refusal };
    }
  }

  function explain(doing: string, thrown: unknown): Failure {
    const error = BootlayerError.from(thrown);
    if (error.code === 'INTERNAL') booter.reportFault(doing, thrown);
    const told = NOT_THERE.has(error.code) ? 'notFound' : 'undefined';
    return { error: told, message: publicMessage(error), reason: describeError(thrown) };
  }

  function begun({ file, terms, sent }: Begun<BootFile>): (report: TransferReport) => void {
    const ended = file.begun(sent);
    const over = transfers.begin(sent);
    return (report) => {
      ended(endOf(report, terms));
      over();
    };
  }

  function unbegun({ client, filename }: Wanted, outcome: UnbegunOutcome): void {
    const file = filename.slice(0, MAX_NAME_CHARACTERS);
    const asked = { address: withoutMapping(client.address), protocol: 'tftp', file } as const;
    if (outcome.kind === 'unanswered') booter.transferEvents.unanswered(asked);
    else booter.transferEvents.refused({ ...asked, reason: outcome.reason });
  }
}

const MAX_NAME_CHARACTERS = 200;

/** The one place where an error becomes TFTP's; every other is `undefined` with a sentence (RFC 1350, appendix). */
const NOT_THERE: ReadonlySet<ErrorCode> = new Set<ErrorCode>(['NOT_FOUND', 'BLOB_UNKNOWN', 'REQUEST_INVALID']);

function endOf({ resends, outcome, sent: bytes }: TransferReport, { blksize, windowsize }: Terms): TransferEnd {
  const tftp = { blksize, windowsize, resends, isConfirmed: outcome.kind === 'complete' && outcome.isConfirmed };
  if (outcome.kind === 'complete') return { kind: 'sent', bytes, tftp };
  return { kind: 'aborted', bytes, tftp, reason: outcome.reason };
}
