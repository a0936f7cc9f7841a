import type { ArtifactTransfer, BootEvent } from '../boot/event.js';
import { counted, formatBytes, formatSeconds } from '../format.js';

type TransferEvent = Extract<
  BootEvent,
  {
    readonly event:
      | 'loader.sent'
      | 'loader.aborted'
      | 'file.refused'
      | 'file.unanswered'
      | 'artifact.started'
      | 'artifact.sent'
      | 'artifact.aborted';
  }
>;

/** In a sentence, which may hold what others wrote. */
export function describeTransfer(event: TransferEvent): string {
  switch (event.event) {
    case 'loader.sent':
      return `${to(event)} ${has(event)} ${event.file}, ${amount(event)}`;
    case 'loader.aborted':
      return `${to(event)} did not get the whole ${event.file}, ${amount(event)}: ${event.reason}`;
    case 'file.refused':
      return `${event.address} asked by ${event.protocol.toUpperCase()} for ${JSON.stringify(event.file)}: ${event.reason}`;
    case 'file.unanswered':
      return `${event.address} asked for ${JSON.stringify(event.file)} and never answered what it was sent: is there a packet filter between?`;
    case 'artifact.started':
      return `${to(event)} ${event.isDisc === true ? 'reads' : 'fetches'} the ${event.role}`;
    case 'artifact.sent':
      if (event.isDisc === true) return `${to(event)} has read the ${event.role} as a disc, ${partsOf(event)}`;
      if (event.isHanded === true)
        return `the ${event.role} for ${to(event)} was handed to the proxy in front, which sends it`;
      return `${to(event)} ${has(event)} the ${event.role}${range(event)}, ${amount(event)}`;
    case 'artifact.aborted':
      if (event.isDisc === true)
        return `${to(event)} broke off reading the ${event.role} as a disc, ${partsOf(event)}: ${event.reason}`;
      return `${to(event)} did not get the whole ${event.role}${range(event)}, ${amount(event)}: ${event.reason}`;
  }
}

/** `12 MiB in 3.1 s` */
export function amount({ bytes, seconds }: { bytes: number; seconds: number }): string {
  return `${formatBytes(bytes)} in ${formatSeconds(seconds)}`;
}

function partsOf({ reads = 0, ...much }: { bytes: number; seconds: number; reads?: number }): string {
  return `${amount(much)} by ${counted(reads, 'read')}`;
}

/** By TFTP, many clients say nothing of the last block, and those that have broken down say nothing either. */
function has({ isConfirmed = true }: { readonly isConfirmed?: boolean }): string {
  return isConfirmed ? 'has' : 'was sent, and never said that it has,';
}

/** Whose it is, as far as that is known. */
export function to({ machine, address }: Pick<ArtifactTransfer, 'machine' | 'address'>): string {
  return machine ?? address;
}

function range(transfer: ArtifactTransfer): string {
  return transfer.range === undefined ? '' : ` (bytes ${transfer.range})`;
}
