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
    const level = levelOf(event);
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
    case 'fault':
      return { limit: 'files', by: event.event };
    case 'dhcp.answered':
    case 'dhcp.unanswered':
    case 'loader.repeated':
      return { limit: 'dhcp', by: event.mac ?? event.machine };
    case 'boot.held':
      return { limit: 'dhcp', by: event.machine };
    case 'dhcp.dropped':
    case 'relay.refused':
    case 'done.refused':
    case 'identity.mismatch':
    case 'script.local':
    case 'machine.enrolled':
    case 'uki.planned':
    case 'uki.replaced':
    case 'uki.refused':
      return { limit: 'dhcp', by: event.address };
    default:
      return undefined;
  }
}

function levelOf({ event }: BootEvent): 'debug' | 'info' | 'warn' | 'error' {
  switch (event) {
    case 'artifact.started':
    case 'fill.started':
    case 'dhcp.dropped':
      return 'debug';
    case 'fault':
    case 'mapping.refused':
    case 'entry.disregarded':
      return 'error';
    case 'boot.held':
    case 'done.refused':
    case 'relay.refused':
    case 'identity.mismatch':
    case 'enrolment.refused':
    case 'standing.unsaved':
    case 'standings.full':
    case 'next.dropped':
    case 'machine.contradicted':
    case 'plan.unsaved':
    case 'journal.lost':
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
    case 'entry.changed':
    case 'greeting.sent':
    case 'dhcp.answered':
    case 'dhcp.unanswered':
    case 'uki.planned':
    case 'uki.replaced':
    case 'boot.done':
    case 'standing.changed':
    case 'machine.enrolled':
    case 'script.local':
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
