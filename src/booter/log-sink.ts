import type { BootEvent, EventSink } from '../boot/event.js';
import { harmless } from '../format.js';
import type { Logger } from '../log.js';
import { describeEvent } from './event-text.js';
import { Sparing } from './sparing.js';

const MINUTE = 60_000;
/** Within a minute, of each address and of all: a loader asks for a dozen names before one that is there. */
const FILES = { ofOne: 10, ofAll: 300 };
/** Of each machine and of all: a boot is a dozen requests, and a thousand machines may begin at once. */
const DHCP = { ofOne: 20, ofAll: 5_000 };

/** One line per milestone: the event's fields for machines, a sentence for people. `now`: milliseconds that only go forward. */
export function logSink(log: Logger, now: () => number): EventSink {
  const limits = { files: limitOf(FILES, now), dhcp: limitOf(DHCP, now) };
  return (event) => {
    const level = LEVELS[event.event];
    // First, since it costs nothing, and what is not written is not to count.
    if (!log.isLevelEnabled(level)) return;
    const cause = causeOf(event);
    // Counted all the same, by the metrics.
    if (cause !== undefined && !limits[cause.limit](cause.by, event.event)) return;
    log[level](event, harmless(describeEvent(event)));
  };
}

function limitOf({ ofOne, ofAll }: typeof FILES, now: () => number): (one: string, name: string) => boolean {
  const each = new Sparing(ofOne, MINUTE, now);
  const all = new Sparing(ofAll, MINUTE, now);
  // Looked at first, since a flood has a new address each time.
  return (one, name) => !all.isSpent(name) && each.allows(one) && all.allows(name);
}

type Cause = { readonly limit: 'files' | 'dhcp'; readonly by: string };

/** By whom it is caused, if anybody can as often as they like: by datagrams that may be forged, or in the name of any machine. */
function causeOf(event: BootEvent): Cause | undefined {
  switch (event.event) {
    case 'file.refused':
    case 'file.unanswered':
      return { limit: 'files', by: event.address };
    // While the disk is full, that is so of all that ask.
    case 'lease.unsaved':
    case 'fault':
      return { limit: 'files', by: event.event };
    case 'lease.given':
    case 'lease.elsewhere':
    case 'lease.none':
    case 'lease.refused':
    case 'lease.released':
    case 'lease.declined':
    case 'dhcp.answered':
    case 'dhcp.unanswered':
    case 'loader.repeated':
    case 'dhcp.elsewhere':
      return { limit: 'dhcp', by: event.mac ?? event.machine };
    case 'boot.held':
      return { limit: 'dhcp', by: event.machine };
    case 'boot.finding':
      return { limit: 'dhcp', by: `finding ${event.machine}` };
    case 'pool.exhausted':
    case 'pool.regained':
      return { limit: 'dhcp', by: event.subnet };
    case 'lease.conflict':
    case 'dhcp.dropped':
    case 'relay.refused':
    case 'done.refused':
    case 'identity.mismatch':
    case 'script.local':
    case 'machine.enrolled':
    case 'uki.planned':
    case 'uki.replaced':
    case 'uki.refused':
    case 'uki.local':
      return { limit: 'dhcp', by: event.address };
    // Apart from what it says by DHCP; refusals are told sparingly as they are.
    case 'provision.sent':
      return { limit: 'dhcp', by: `provision ${event.address}` };
    default:
      return undefined;
  }
}

/** What an operator hears of it by default is info and above. */
const LEVELS: Readonly<Record<BootEvent['event'], 'debug' | 'info' | 'warn' | 'error'>> = {
  'artifact.started': 'debug',
  'fill.started': 'debug',
  'dhcp.dropped': 'debug',
  fault: 'error',
  'mapping.refused': 'error',
  'entry.disregarded': 'error',
  'lease.elsewhere': 'warn',
  'lease.none': 'warn',
  'lease.refused': 'warn',
  'lease.declined': 'warn',
  'lease.conflict': 'warn',
  'lease.unsaved': 'warn',
  'pool.exhausted': 'warn',
  'dhcp.other': 'warn',
  'boot.finding': 'warn',
  'boot.held': 'warn',
  'done.refused': 'warn',
  'relay.refused': 'warn',
  'provision.refused': 'warn',
  'provision.flooded': 'warn',
  'identity.mismatch': 'warn',
  'enrolment.refused': 'warn',
  'standing.unsaved': 'warn',
  'standings.full': 'warn',
  'next.dropped': 'warn',
  'machine.contradicted': 'warn',
  'plan.unsaved': 'warn',
  'journal.lost': 'warn',
  'script.refused': 'warn',
  'uki.refused': 'warn',
  'loader.repeated': 'warn',
  'dhcp.elsewhere': 'warn',
  'image.failed': 'warn',
  'fill.failed': 'warn',
  'fill.resumed': 'warn',
  'blob.damaged': 'warn',
  'blob.unreadable': 'warn',
  'cache.short': 'warn',
  'cache.over': 'warn',
  'upkeep.failed': 'warn',
  'artifact.aborted': 'warn',
  'loader.aborted': 'warn',
  'lease.given': 'info',
  'lease.released': 'info',
  'lease.freed': 'info',
  'lease.imported': 'info',
  'pool.regained': 'info',
  'mapping.reloaded': 'info',
  'entry.changed': 'info',
  'greeting.sent': 'info',
  'dhcp.answered': 'info',
  'dhcp.unanswered': 'info',
  'uki.planned': 'info',
  'uki.replaced': 'info',
  'uki.local': 'info',
  'boot.done': 'info',
  'provision.sent': 'info',
  'standing.changed': 'info',
  'machine.enrolled': 'info',
  'script.local': 'info',
  'script.sent': 'info',
  'script.waiting': 'info',
  'image.resolved': 'info',
  'blob.evicted': 'info',
  'fill.finished': 'info',
  'artifact.sent': 'info',
  'loader.sent': 'info',
  'file.refused': 'info',
  'file.unanswered': 'info',
};
