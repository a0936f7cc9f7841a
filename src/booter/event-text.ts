import { UNMET_TEXTS } from '../boot/choose-way.js';
import type { BootEvent, Counts } from '../boot/event.js';
import { describeShortage } from '../boot/memory-need.js';
import { isProvisionEvent, type ProvisionEvent } from '../boot/provision-event.js';
import type { Done } from '../boot/standing.js';
import { counted, formatBytes, formatSeconds } from '../format.js';
import type { Way } from '../image/ways.js';
import { isLeaseEvent, type LeaseEvent } from '../lease/event.js';
import { shortDigest } from '../oci/digest.js';
import { describeDhcp } from './dhcp-event-text.js';
import { describeLease } from './lease-event-text.js';
import { describeProvision } from './provision-event-text.js';
import { amount, describeTransfer, to } from './transfer-event-text.js';

type Of<Name extends BootEvent['event']> = BootEvent & { readonly event: Name };

/** In a sentence, which may hold what others wrote. */
export function describeEvent(event: BootEvent): string {
  if (isLeaseEvent(event)) return describeLease(event);
  return isProvisionEvent(event) ? describeProvision(event) : describeBoot(event);
}

function describeBoot(event: Exclude<BootEvent, LeaseEvent | ProvisionEvent>): string {
  switch (event.event) {
    case 'greeting.sent':
    case 'script.sent':
    case 'script.waiting':
    case 'script.refused':
    case 'script.local':
      return describeScript(event);
    case 'boot.finding':
    case 'boot.held':
    case 'boot.done':
    case 'done.refused':
    case 'identity.mismatch':
    case 'standing.changed':
    case 'standing.unsaved':
    case 'next.dropped':
    case 'standings.full':
    case 'machine.enrolled':
    case 'enrolment.refused':
    case 'machine.contradicted':
      return describeStanding(event);
    case 'plan.unsaved':
    case 'journal.lost':
    case 'fault':
    case 'upkeep.failed':
      return describeTrouble(event);
    case 'mapping.reloaded':
    case 'mapping.refused':
    case 'entry.changed':
    case 'entry.disregarded':
      return describeMapping(event);
    case 'image.resolved':
    case 'image.failed':
      return describeImage(event);
    case 'dhcp.answered':
    case 'dhcp.unanswered':
    case 'dhcp.dropped':
    case 'dhcp.elsewhere':
    case 'relay.refused':
    case 'loader.repeated':
      return describeDhcp(event);
    case 'uki.planned':
    case 'uki.replaced':
    case 'uki.refused':
    case 'uki.local':
      return describeUki(event);
    case 'fill.started':
    case 'fill.resumed':
    case 'fill.finished':
    case 'fill.failed':
    case 'blob.evicted':
    case 'blob.damaged':
    case 'blob.unreadable':
    case 'cache.short':
    case 'cache.over':
      return describeCache(event);
    default:
      return describeTransfer(event);
  }
}

function describeImage(event: Of<'image.resolved' | 'image.failed'>): string {
  switch (event.event) {
    case 'image.resolved':
      return `${event.reference} for ${event.architecture} is ${shortDigest(event.digest)}${resolvedHow(event)}`;
    case 'image.failed':
      return `${event.reference}${forArchitecture(event)} cannot be resolved: ${event.reason}`;
  }
}

function describeTrouble(event: Of<'plan.unsaved' | 'journal.lost' | 'fault' | 'upkeep.failed'>): string {
  switch (event.event) {
    case 'plan.unsaved':
      return `the plan of ${event.machine} could not be kept: ${event.reason}`;
    case 'journal.lost':
      return `${counted(event.steps, 'step')} of boots could not be kept: ${event.reason}`;
    case 'fault':
      return `a fault of this program, ${event.doing}: ${event.reason}`;
    case 'upkeep.failed':
      return `${event.doing} failed, and is tried again later: ${event.reason}`;
  }
}

const WAY_TEXTS: Readonly<Record<Way, string>> = {
  ...{ kernel: '', uki: ', its UKI', opened: ', its UKI opened' },
  ...{ iso: ', its ISO', 'iso-files': ', its ISO opened' },
};

function unmetText({ unmet = [] }: Of<'script.sent' | 'uki.planned'>): string {
  return unmet.map((one) => `; ${UNMET_TEXTS[one]}`).join('');
}

function shortageText({ shortage }: Of<'script.sent'>): string {
  return shortage === undefined ? '' : `; ${describeShortage(shortage)}`;
}

function describeScript(
  event: Of<'greeting.sent' | 'script.sent' | 'script.waiting' | 'script.refused' | 'script.local'>,
): string {
  switch (event.event) {
    case 'greeting.sent':
      return `${to(event)} fetches ${event.file}`;
    case 'script.sent':
      return `${event.machine} gets the script for ${event.image}${WAY_TEXTS[event.way ?? 'kernel']} (assignment ${event.assignment})${unmetText(event)}${shortageText(event)}`;
    case 'script.waiting':
      return `${event.machine} waits${event.image === undefined ? '' : ` for ${event.image}`}: ${event.reason}`;
    case 'script.refused':
      return `${event.machine} is not booted: ${event.reason}`;
    case 'script.local':
      return `${event.machine} is sent to its local disk (assignment ${event.assignment}): ${event.reason}`;
  }
}

function describeStanding(
  event: Of<
    | 'boot.finding'
    | 'boot.held'
    | 'boot.done'
    | 'done.refused'
    | 'identity.mismatch'
    | 'standing.changed'
    | 'standing.unsaved'
    | 'next.dropped'
    | 'standings.full'
    | 'machine.enrolled'
    | 'enrolment.refused'
    | 'machine.contradicted'
  >,
): string {
  switch (event.event) {
    case 'boot.finding':
      return `${event.machine} does not go on (${event.finding}): ${event.evidence}; ${event.remedy}`;
    case 'boot.held':
      return `${event.machine} is held (assignment ${event.assignment}): ${event.reason}; let go of it with: bootlayer machine release ${event.machine}`;
    case 'boot.done':
      return `${event.machine} is done (boot ${event.boot}): ${DONE_BY[event.by]}`;
    case 'done.refused':
      return `${event.address} reports that a boot is done, which does not count: ${event.reason}`;
    case 'identity.mismatch':
      return `${event.address} asks in the name of ${event.machine}, and is not shown to be that: ${event.reason}`;
    case 'standing.changed':
      return `${event.machine}: ${event.change}`;
    case 'standing.unsaved':
      return `where ${event.machine} stands with its policy could not be kept: ${event.reason}`;
    case 'next.dropped':
      return `${event.machine} may have booted ${event.image} when the server ended (boot ${event.boot}), and does not get it again; wish for it anew with: bootlayer machine next ${event.machine} ${event.image}`;
    case 'standings.full':
      return `${event.standings} machines without a record are known to be done or to be installed: no more of them are installed under "once" until some of them have a record, or are forgotten: bootlayer machine standing <name> --forget`;
    case 'machine.enrolled':
      return `${event.machine} (${event.facts}) is not known, and waits for an assignment`;
    case 'enrolment.refused':
      return `${event.machine} is not known, waits for an assignment, and is not listed: ${event.listed} machines are, as many as may be; forget those that are made up with: bootlayer machine enrolled --forget NAME`;
    case 'machine.contradicted':
      return `${event.machine} is taken for that by its ${event.knownBy}, and shows the ${event.others}`;
  }
}

const DONE_BY: Readonly<Record<Done['by'], string>> = {
  report: 'it says so',
  start: 'it has all that it starts',
  operator: 'an operator says so',
};

function describeUki(event: Of<'uki.planned' | 'uki.replaced' | 'uki.refused' | 'uki.local'>): string {
  switch (event.event) {
    case 'uki.planned':
      return `${event.machine} gets the ${event.isIso ? 'ISO' : 'UKI'} of ${event.image} (assignment ${event.assignment})${unmetText(event)}`;
    case 'uki.replaced':
      return `${event.machine} gets iPXE by HTTP Boot: ${event.reason}`;
    case 'uki.refused':
      return `${event.machine} gets nothing by HTTP Boot: ${event.reason}`;
    case 'uki.local':
      return `${event.machine} gets nothing by HTTP Boot and boots its local disk (assignment ${event.assignment}): ${event.reason}`;
  }
}

function describeCache(
  event: Of<
    | 'fill.started'
    | 'fill.resumed'
    | 'fill.finished'
    | 'fill.failed'
    | 'blob.evicted'
    | 'blob.damaged'
    | 'blob.unreadable'
    | 'cache.short'
    | 'cache.over'
  >,
): string {
  switch (event.event) {
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
  }
}

const GONE = { room: 'had to make room in the cache', unneeded: 'was removed: nothing needs it' } as const;

function forArchitecture({ architecture }: { readonly architecture?: string }): string {
  return architecture === undefined ? '' : ` for ${architecture}`;
}

function resolvedHow({ from, seconds }: { from: 'source' | 'pinned' | 'last-good'; seconds: number }): string {
  if (from === 'pinned') return ', as pinned';
  return from === 'source' ? `, ${formatSeconds(seconds)}` : ', as it was when last resolved';
}

type MappingEvent = BootEvent & {
  readonly event: 'mapping.reloaded' | 'mapping.refused' | 'entry.changed' | 'entry.disregarded';
};

function describeMapping(event: MappingEvent): string {
  switch (event.event) {
    case 'mapping.reloaded':
      return `the mapping was read anew in ${formatSeconds(event.seconds)}: ${changes(event)}`;
    case 'mapping.refused':
      return `the changed configuration is refused, and the one before stays: ${event.reason}`;
    case 'entry.changed':
      return `the ${event.kind} ${event.name} of the API ${CHANGED[event.change]}`;
    case 'entry.disregarded':
      return `the ${event.kind} ${event.name} of the API is out of force, and whoever it is for boots nothing by another, until it is changed or deleted: ${event.reason}`;
  }
}

function changes({
  machines,
  assignments,
  documents,
  names,
}: BootEvent & { readonly event: 'mapping.reloaded' }): string {
  if (names === '') return 'nothing of it changed';
  return `machines ${counts(machines)}, assignments ${counts(assignments)}, documents ${counts(documents)} (${names})`;
}

function counts({ added, removed, changed }: Counts): string {
  return `+${added} -${removed} ~${changed}`;
}

const CHANGED = {
  created: 'was created',
  replaced: 'was changed',
  deleted: 'was deleted',
  revived: 'is in force again',
} as const;
