import type { ArtifactTransfer, BootEvent, Counts, DhcpQuestion, EventSink } from '../boot/event.js';
import { formatBytes, formatSeconds, harmless } from '../format.js';
import type { Logger } from '../log.js';
import { shortDigest } from '../oci/digest.js';
import { Sparing } from './sparing.js';

/** Within a minute, of each address and of all: a loader asks for a dozen names before one that is there. */
const SPARED = { milliseconds: 60_000, ofAddress: 10, ofAll: 300 };

/** One line per milestone: the event's fields for machines, a sentence for people. `now`: milliseconds that only go forward. */
export function logSink(log: Logger, now: () => number): EventSink {
  const ofAddress = new Sparing(SPARED.ofAddress, SPARED.milliseconds, now);
  const ofAll = new Sparing(SPARED.ofAll, SPARED.milliseconds, now);
  return (event) => {
    // Counted all the same.
    if (isCausedByAnybody(event) && !(ofAddress.allows(addressIn(event)) && ofAll.allows(event.event))) return;
    log[levelOf(event)](event, harmless(describeEvent(event)));
  };
}

/** By a datagram whose sender may be forged, as often as somebody likes. */
function isCausedByAnybody({ event }: BootEvent): boolean {
  return event === 'file.refused' || event === 'file.unanswered' || event === 'fault';
}

function addressIn(event: BootEvent): string {
  return 'address' in event ? event.address : event.event;
}

function levelOf({ event }: BootEvent): 'debug' | 'info' | 'warn' | 'error' {
  switch (event) {
    case 'artifact.started':
    case 'fill.started':
    case 'dhcp.dropped':
      return 'debug';
    case 'fault':
    case 'mapping.refused':
      return 'error';
    case 'machine.contradicted':
    case 'plan.unsaved':
    case 'script.refused':
    case 'uki.refused':
    case 'loader.repeated':
    case 'image.failed':
    case 'fill.failed':
    case 'fill.resumed':
    case 'blob.damaged':
    case 'blob.unreadable':
    case 'cache.short':
    case 'cache.over':
    case 'upkeep.failed':
    case 'artifact.aborted':
    case 'loader.aborted':
      return 'warn';
    case 'mapping.reloaded':
    case 'greeting.sent':
    case 'dhcp.answered':
    case 'dhcp.unanswered':
    case 'uki.planned':
    case 'uki.replaced':
    case 'script.sent':
    case 'script.waiting':
    case 'image.resolved':
    case 'blob.evicted':
    case 'fill.finished':
    case 'artifact.sent':
    case 'loader.sent':
    case 'file.refused':
    case 'file.unanswered':
      return 'info';
  }
}

/** In a sentence, which may hold what others wrote. */
export function describeEvent(event: BootEvent): string {
  switch (event.event) {
    case 'greeting.sent':
      return `${event.address} fetches ${event.file}`;
    case 'script.sent':
      return `${event.machine} gets the script for ${event.image} (assignment ${event.assignment})`;
    case 'script.waiting':
      return `${event.machine} waits for ${event.image}: ${event.reason}`;
    case 'script.refused':
      return `${event.machine} is not booted: ${event.reason}`;
    case 'dhcp.answered':
      return `${asks(event)}: told to load ${event.answer}${byAssignment(event)}`;
    case 'dhcp.unanswered':
      return `${asks(event)}: told nothing, since ${event.reason}`;
    case 'dhcp.dropped':
      return `a datagram from ${event.address} is dropped: ${event.reason}`;
    case 'loader.repeated':
      return `${event.machine} was told to load ${event.loader} ${event.times} times in ${formatSeconds(event.seconds)}, and never asked for a script: does it reach this server by TFTP and HTTP, and does its Secure Boot allow that program?`;
    case 'uki.planned':
      return `${event.machine} gets the UKI of ${event.image} (assignment ${event.assignment})${event.isPlain ? '' : '; the kernel arguments of the mapping are not given, since a UKI has its own'}`;
    case 'uki.replaced':
      return `${event.machine} gets iPXE by HTTP Boot: ${event.reason}`;
    case 'uki.refused':
      return `${event.machine} gets nothing by HTTP Boot: ${event.reason}`;
    case 'machine.contradicted':
      return `${event.machine} is taken for that by its ${event.knownBy}, and shows the ${event.others}`;
    case 'plan.unsaved':
      return `the plan of ${event.machine} could not be kept: ${event.reason}`;
    case 'fault':
      return `a fault of this program, ${event.doing}: ${event.reason}`;
    case 'mapping.reloaded':
      return `the mapping was read anew in ${formatSeconds(event.seconds)}: ${changes(event)}`;
    case 'mapping.refused':
      return `the changed configuration is refused, and the one before stays: ${event.reason}`;
    case 'image.resolved':
      return `${event.reference} for ${event.architecture} is ${shortDigest(event.digest)}${resolvedHow(event)}`;
    case 'image.failed':
      return `${event.reference}${forArchitecture(event)} cannot be resolved: ${event.reason}`;
    case 'fill.started':
      return `downloading ${shortDigest(event.digest)}, ${formatBytes(event.size)}, from ${event.source}`;
    case 'fill.resumed':
      return `downloading ${shortDigest(event.digest)} goes on from ${event.source} after ${formatBytes(event.bytes)}: ${event.reason}`;
    case 'fill.finished':
      return `downloaded ${shortDigest(event.digest)}, ${amount(event)}, from ${event.source}`;
    case 'fill.failed':
      return `downloading ${shortDigest(event.digest)} from ${event.source} failed after ${amount(event)}: ${event.reason}`;
    case 'blob.evicted':
      return `${shortDigest(event.digest)}, ${formatBytes(event.bytes)}, ${GONE[event.why]}`;
    case 'blob.damaged':
      return `${shortDigest(event.digest)}, ${formatBytes(event.bytes)}, was damaged on the disk and is dropped: it is downloaded again when it is needed`;
    case 'blob.unreadable':
      return `${shortDigest(event.digest)} could not be read again: ${event.reason}`;
    case 'cache.short':
      return `there is no room in the cache, or on its disk, to download ${formatBytes(event.bytes)} before a machine asks`;
    case 'cache.over':
      return `the cache has ${formatBytes(event.bytes)} more than cache.maxSize allows, since mappings and plans need all of it`;
    case 'upkeep.failed':
      return `${event.doing} failed, and is tried again later: ${event.reason}`;
    case 'loader.sent':
      return `${event.address} ${has(event)} ${event.file}, ${amount(event)}`;
    case 'loader.aborted':
      return `${event.address} did not get the whole ${event.file}, ${amount(event)}: ${event.reason}`;
    case 'file.refused':
      return `${event.address} asked by ${event.protocol.toUpperCase()} for ${JSON.stringify(event.file)}: ${event.reason}`;
    case 'file.unanswered':
      return `${event.address} asked for ${JSON.stringify(event.file)} and never answered what it was sent: is there a packet filter between?`;
    case 'artifact.started':
      return `${to(event)} fetches the ${event.role}`;
    case 'artifact.sent':
      return `${to(event)} ${has(event)} the ${event.role}${range(event)}, ${amount(event)}`;
    case 'artifact.aborted':
      return `${to(event)} did not get the whole ${event.role}${range(event)}, ${amount(event)}: ${event.reason}`;
  }
}

const GONE = { room: 'had to make room in the cache', unneeded: 'was removed: nothing needs it' } as const;

function asks({ machine, mac, client, relay, step }: DhcpQuestion): string {
  const who = mac === undefined || mac === machine ? machine : `${machine} (${mac})`;
  const over = relay === undefined ? '' : ` over the relay ${relay}`;
  return `${who}, ${client},${over} asks how to boot${step === 'ack' ? ' at port 4011' : ''}`;
}

function byAssignment({ assignment }: { readonly assignment?: string }): string {
  return assignment === undefined ? '; what it reports then decides' : ` (assignment ${assignment})`;
}

function forArchitecture({ architecture }: { readonly architecture?: string }): string {
  return architecture === undefined ? '' : ` for ${architecture}`;
}

function resolvedHow({ from, seconds }: { from: 'source' | 'pinned' | 'last-good'; seconds: number }): string {
  if (from === 'pinned') return ', as pinned';
  return from === 'source' ? `, ${formatSeconds(seconds)}` : ', as it was when last resolved';
}

function changes({ machines, assignments, names }: BootEvent & { readonly event: 'mapping.reloaded' }): string {
  if (names === '') return 'nothing of it changed';
  return `machines ${counts(machines)}, assignments ${counts(assignments)} (${names})`;
}

function counts({ added, removed, changed }: Counts): string {
  return `+${added} -${removed} ~${changed}`;
}

function amount({ bytes, seconds }: { bytes: number; seconds: number }): string {
  return `${formatBytes(bytes)} in ${formatSeconds(seconds)}`;
}

/** By TFTP, many clients say nothing of the last block, and those that have broken down say nothing either. */
function has({ isConfirmed = true }: { readonly isConfirmed?: boolean }): string {
  return isConfirmed ? 'has' : 'was sent, and never said that it has,';
}

function to({ machine, address }: ArtifactTransfer): string {
  return machine ?? address;
}

function range(transfer: ArtifactTransfer): string {
  return transfer.range === undefined ? '' : ` (bytes ${transfer.range})`;
}
