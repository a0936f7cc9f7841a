import type { ErrorCode } from '../errors.js';
import type { Role } from '../image/role.js';
import type { Way } from '../image/ways.js';
import type { LeaseEvent } from '../lease/event.js';
import type { Firmware } from '../machine/facts.js';
import type { SelectorKey } from '../machine/selector.js';
import type { Digest } from '../oci/digest.js';
import type { Unmet } from './choose-way.js';
import type { EntryKind } from './entry.js';
import type { FindingEvent } from './finding-event.js';
import type { MemoryShortage } from './memory-need.js';
import type { LocalReason, UnsureWhy } from './policy.js';
import type { ProvisionEvent } from './provision-event.js';
import type { Done } from './standing.js';
import type { SliceKind } from './started-part.js';

/**
 * Every milestone of a boot, and of what the boots need, as one union. Sinks (log, metrics, the journal) read it;
 * nothing decides on it. Field names are the log's field names. Seconds are elapsed, sizes are bytes. `code`: of the error that
 * stands behind it, where there is one; `isUnassigned`: nothing is assigned to the machine.
 */
export type BootEvent =
  | LeaseEvent
  | ProvisionEvent
  | FindingEvent
  /** A machine is there, but has not said who it is: it fetches the script that makes it, under one of its names. */
  | ({ readonly event: 'greeting.sent' } & LoaderTransfer)
  | {
      readonly event: 'script.sent';
      readonly machine: string;
      readonly address: string;
      readonly assignment: string;
      readonly image: string;
      readonly plan: Digest;
      /** Missing in what older versions have stored. */
      readonly way?: Way;
      /** What is wished and cannot be done so. */
      readonly unmet?: readonly Unmet[];
      /** The machine is known to have less memory than that takes. */
      readonly shortage?: MemoryShortage;
      /** It is done when it has all that it starts. */
      readonly isDoneByStart?: true;
    }
  | {
      readonly event: 'script.waiting';
      readonly machine: string;
      readonly address: string;
      /** Missing where none is assigned. */
      readonly image?: string;
      readonly attempt: number;
      readonly reason: string;
      readonly code?: ErrorCode;
      readonly isUnassigned?: true;
      /** Of an assignment that might have been its own. */
      readonly undecided?: Undecided;
      /** Why it is not known whether it is to boot that. */
      readonly unsure?: UnsureWhy;
    }
  /** Its policy sends it to its local disk. */
  | {
      readonly event: 'script.local';
      readonly machine: string;
      readonly address: string;
      readonly assignment: string;
      readonly why: LocalReason;
      readonly reason: string;
      /** It has waited to be known, in vain. */
      readonly unsure?: UnsureWhy;
    }
  /** It was booted as often as its policy allows; told once for each boot that is not. */
  | { readonly event: 'boot.held'; readonly machine: string; readonly assignment: string; readonly reason: string }
  /** Whoever asks in its name is not shown to be that machine, and gets nothing that is for it alone. */
  | { readonly event: 'identity.mismatch'; readonly machine: string; readonly address: string; readonly reason: string }
  /** It is installed: `boot` is the one in which it was; `by` says by whose word. */
  | { readonly event: 'boot.done'; readonly machine: string; readonly boot: string; readonly by: Done['by'] }
  /** Somebody reported a boot as done that is not known. */
  | { readonly event: 'done.refused'; readonly address: string; readonly reason: string }
  /** An operator changed where it stands with its policy; `change` in words. */
  | { readonly event: 'standing.changed'; readonly machine: string; readonly change: string }
  /** Where it stands could not be kept. */
  | { readonly event: 'standing.unsaved'; readonly machine: string; readonly reason: string }
  /**
   * A server that ended had given a machine what was wished for its next boot, by that boot, and may have sent it: it is not given
   * again.
   */
  | { readonly event: 'next.dropped'; readonly machine: string; readonly boot: string; readonly image: string }
  /** As many standings of machines without a record are kept as may be: no further one is installed under "once". Told once. */
  | { readonly event: 'standings.full'; readonly standings: number }
  /** Nothing matches it: it is recorded, and waits for an assignment. */
  | { readonly event: 'machine.enrolled'; readonly machine: string; readonly address: string; readonly facts: string }
  /** The same, but so many are `listed` already that it is not recorded; told once in a while. */
  | { readonly event: 'enrolment.refused'; readonly machine: string; readonly address: string; readonly listed: number }
  /** Facts of one machine name several known ones; `machine` is the one it is taken for. */
  | {
      readonly event: 'machine.contradicted';
      readonly machine: string;
      readonly address: string;
      readonly knownBy: string;
      /** `uuid of node-02, serial of node-03` */
      readonly others: string;
    }
  /** So many steps of boots could not be kept. */
  | { readonly event: 'journal.lost'; readonly steps: number; readonly reason: string }
  /** The plan could not be kept: what it names is served for as long as it is mapped and the server runs. */
  | { readonly event: 'plan.unsaved'; readonly machine: string; readonly plan: Digest; readonly reason: string }
  /** A machine asked by DHCP how to boot, and was told. */
  | ({
      readonly event: 'dhcp.answered';
      readonly answer: string;
      /** The address that it is offered, where we give addresses. */
      readonly offered?: string;
      /** Missing while a later step may still choose another. */
      readonly assignment?: string;
    } & DhcpQuestion)
  /** It was told nothing, so that it goes on to its next boot device. */
  | ({ readonly event: 'dhcp.unanswered'; readonly reason: string; readonly why?: ToldNothing } & DhcpQuestion)
  /** It was told by us as well, and takes the offer of another server. */
  | {
      readonly event: 'dhcp.elsewhere';
      readonly machine: string;
      readonly mac?: string;
      readonly server: string;
      /** The address that it takes there. Missing in what older versions have stored. */
      readonly taken?: string;
    }
  /** A datagram at DHCP's ports that was for somebody else, or for nobody. */
  | { readonly event: 'dhcp.dropped'; readonly address: string; readonly reason: string }
  /** A trusted relay lets hear of a client what cannot be, or what another says of the same address. */
  | {
      readonly event: 'relay.refused';
      readonly address: string;
      readonly relay: string;
      readonly mac: string;
      readonly reason: string;
    }
  /** Firmware is told to load the same program again and again, and never gets to a script. */
  | {
      readonly event: 'loader.repeated';
      readonly machine: string;
      readonly mac: string;
      /** A file, or the URL of UEFI HTTP Boot. */
      readonly loader: string;
      readonly times: number;
      readonly seconds: number;
    }
  /** UEFI HTTP Boot is given the UKI, or the ISO. */
  | {
      readonly event: 'uki.planned';
      readonly machine: string;
      readonly address: string;
      readonly assignment: string;
      readonly image: string;
      readonly plan: Digest;
      readonly isIso?: true;
      /** What is wished and cannot be done so. */
      readonly unmet?: readonly Unmet[];
      /** It is done when it has that. */
      readonly isDoneByStart?: true;
    }
  /** It is given iPXE instead. */
  | {
      readonly event: 'uki.replaced';
      readonly machine: string;
      readonly address: string;
      readonly reason: string;
      readonly code?: ErrorCode;
    }
  | {
      readonly event: 'uki.refused';
      readonly machine: string;
      readonly address: string;
      readonly reason: string;
      readonly isUnassigned?: true;
    }
  /** It is given nothing, so that it boots its local disk, as its assignment or its policy says. */
  | {
      readonly event: 'uki.local';
      readonly machine: string;
      readonly address: string;
      readonly assignment: string;
      readonly why: LocalReason;
      readonly reason: string;
    }
  | {
      readonly event: 'script.refused';
      readonly machine: string;
      readonly address: string;
      readonly reason: string;
      readonly code?: ErrorCode;
      readonly isUnassigned?: true;
      readonly undecided?: Undecided;
    }
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
      /** Missing when all of them were asked for. */
      readonly architecture?: string;
      readonly code: string;
      readonly reason: string;
    }
  | { readonly event: 'fill.started'; readonly digest: Digest; readonly size: number; readonly source: string }
  | {
      readonly event: 'fill.resumed';
      readonly digest: Digest;
      readonly size: number;
      /** Who gives the rest. */
      readonly source: string;
      /** How many there are already. */
      readonly bytes: number;
      readonly reason: string;
    }
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
  /** `room`: there was need of it, and it was used least recently, or half a download; `unneeded`: it was to go (`cache gc`). */
  | {
      readonly event: 'blob.evicted';
      readonly digest: Digest;
      readonly bytes: number;
      readonly why: 'room' | 'unneeded';
    }
  /** It was read again, and is not what its digest says, or the disk cannot give it any more: it is dropped. */
  | { readonly event: 'blob.damaged'; readonly digest: Digest; readonly bytes: number }
  /** It was to be read again, and this process may not. It stays. */
  | { readonly event: 'blob.unreadable'; readonly digest: Digest; readonly reason: string }
  /** There is no room to download something ahead of need that has so many bytes. */
  | { readonly event: 'cache.short'; readonly bytes: number }
  /** What must stay has so many bytes more than the cache may have. */
  | { readonly event: 'cache.over'; readonly bytes: number }
  /** What is done beside the boots could not be: it is tried again later. */
  | { readonly event: 'upkeep.failed'; readonly doing: string; readonly reason: string }
  /** Something of ours broke while this was done; `stack` says where. */
  | { readonly event: 'fault'; readonly doing: string; readonly reason: string; readonly stack: string }
  /** The configuration was read anew. Counts of what came, went, and is there with other contents. */
  | {
      readonly event: 'mapping.reloaded';
      readonly machines: Counts;
      readonly assignments: Counts;
      /** Files that assignments hand out, or fill in. */
      readonly documents: Counts;
      /** Up to a few of the names, `machines +node-09 -node-03, documents ~user-data`. */
      readonly names: string;
      readonly seconds: number;
    }
  /** Somebody wrote an entry by the API, or deleted it; `revived`: it counts again, since what stood in its way is gone. */
  | {
      readonly event: 'entry.changed';
      readonly kind: EntryKind;
      readonly name: string;
      readonly change: 'created' | 'replaced' | 'deleted' | 'revived';
    }
  /** What the API has of it cannot be beside the files: it is kept, and does not count. */
  | {
      readonly event: 'entry.disregarded';
      readonly kind: EntryKind;
      readonly name: string;
      readonly reason: string;
    }
  /** What was read anew is wrong; what was read before stays. */
  | { readonly event: 'mapping.refused'; readonly reason: string }
  | ({ readonly event: 'loader.sent' } & LoaderTransfer & TransferResult)
  | ({ readonly event: 'loader.aborted'; readonly reason: string } & LoaderTransfer & TransferResult)
  /** A machine asked for a file that is not there, or cannot be had. */
  | ({ readonly event: 'file.refused' } & RefusedFile)
  /** A machine asked for a file, and never answered what it was sent. */
  | ({ readonly event: 'file.unanswered' } & LoaderTransfer)
  | ({ readonly event: 'artifact.started' } & ArtifactTransfer)
  | ({ readonly event: 'artifact.sent' } & ArtifactTransfer & TransferResult)
  | ({ readonly event: 'artifact.aborted'; readonly reason: string; readonly code?: ErrorCode } & ArtifactTransfer &
      TransferResult);

/** An assignment that goes by facts which the machine does not report, and which of them. */
export type Undecided = { readonly assignment: string; readonly facts: readonly SelectorKey[] };

/** One GET of one artifact. `machine` is missing when the source address does not say whose boot it is. */
export type ArtifactTransfer = {
  readonly machine?: string;
  readonly address: string;
  readonly protocol: Protocol;
  readonly role: Role;
  readonly digest: Digest;
  /** Missing where it is not shown that the machine itself asks. */
  readonly isShown?: true;
  /** Missing for a whole layer. */
  readonly slice?: SliceKind;
  /** First and last byte, when the client asked for a part. */
  readonly range?: string;
  /** It ends with the last byte of all of what is started: who goes on with what broke off asks for such a one. */
  readonly isRest?: true;
  /** It is read as a disc: many parts of it are told as one transfer. */
  readonly isDisc?: true;
};

/**
 * Why a machine is told nothing by DHCP: nothing is assigned to it, it is to boot its local disk, the server is about to end, or there
 * is no program for its firmware.
 */
export type ToldNothing = 'unassigned' | 'local' | 'draining' | 'no-loader';

/** Who asked by DHCP, and at which of its ports. */
export type DhcpQuestion = {
  readonly machine: string;
  readonly mac?: string;
  /** `x64 UEFI by PXE` */
  readonly client: string;
  /** Of the machine; missing when iPXE asks, which does not say by which it came. */
  readonly firmware?: Firmware;
  /** Of the machine's firmware: `BIOS`, `UEFI arm64`; missing where it does not say, and when iPXE asks. */
  readonly platform?: string;
  /** That it came over, and where it is plugged in, as that says: printable, and short (RFC 3046, 3.1 and 3.2). */
  readonly relay?: string;
  readonly circuitId?: string;
  readonly remoteId?: string;
  /** `offer` to a DISCOVER, `ack` to what comes to the boot server's port, 4011. */
  readonly step: 'offer' | 'ack';
};

/** How a file goes to a machine. */
export type Protocol = 'tftp' | 'http';

/** One request for a program that boots what comes next: iPXE. */
export type LoaderTransfer = {
  /** Missing when the address does not say whose boot it is. */
  readonly machine?: string;
  readonly address: string;
  readonly file: string;
  readonly protocol: Protocol;
  /** What starts it, as far as its name shows: `BIOS`, `UEFI arm64`. */
  readonly platform?: string;
};

export type RefusedFile = LoaderTransfer & { readonly reason: string; readonly code?: ErrorCode };

export type Counts = { readonly added: number; readonly removed: number; readonly changed: number };

/** How a transfer went; `reads`: how many parts of a disc were asked for. Of TFTP, in which blocks and windows as well. */
export type TransferResult = {
  readonly bytes: number;
  readonly seconds: number;
  readonly reads?: number;
  /** A proxy in front sends it, and does not say how that goes: of the bytes, we sent none. */
  readonly isHanded?: true;
} & Partial<TftpResult>;

export type TftpResult = {
  readonly blksize: number;
  readonly windowsize: number;
  /** How often something was sent again. */
  readonly resends: number;
  /** Whether the client has said that it has all. */
  readonly isConfirmed: boolean;
};

export type EventSink = (event: BootEvent) => void;
