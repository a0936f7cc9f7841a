import { createHash } from 'node:crypto';
import type { BootStep, StepEvent } from '../boot/boot.js';
import type { Attributes, Span } from '../otlp/span.js';

/** What a step says of a boot that took time, or is a part of it: a span without its place in a trace. */
export type Part = Pick<Span, 'name' | 'start' | 'end' | 'attributes' | 'isFailed'>;

/** Of the trace of a boot: from the boot's id, so that it goes on after a restart, and is found by who knows the id. */
export function traceOf(boot: string): { readonly trace: string; readonly root: string } {
  const hex = createHash('sha256').update(`boot ${boot}`).digest('hex');
  return { trace: hex.slice(0, 32), root: hex.slice(32, 48) };
}

/** Of the n-th part of it that is told, at a time: two servers, one after the other, count the same. */
export function spanIdOf(boot: string, at: number, n: number): string {
  return createHash('sha256').update(`span ${boot} ${at} ${n}`).digest('hex').slice(0, 16);
}

/**
 * The part that a step tells; undefined where it is none. Nothing is in it that whoever reads traces is not to have: no URL, no
 * argument, no reason in words. `waitedSince`: when the machine was told first to ask for its script again.
 */
export function partOf({ at, event }: BootStep, waitedSince = at): Part | undefined {
  switch (event.event) {
    case 'dhcp.answered':
    case 'dhcp.unanswered': {
      const { step, client, firmware, relay } = event;
      const isAnswered = event.event === 'dhcp.answered';
      return part('dhcp', [at, at], !isAnswered, { step, client, firmware, relay, outcome: outcomeOf(event) });
    }
    case 'loader.sent':
    case 'loader.aborted': {
      const { protocol, file, bytes, seconds } = event;
      const isFailed = event.event === 'loader.aborted';
      return part('loader', before(at, seconds), isFailed, { protocol, file, bytes, outcome: outcomeOf(event) });
    }
    case 'artifact.sent':
    case 'artifact.aborted':
      return transferOf(event, at);
    case 'provision.sent': {
      const { document, bytes } = event;
      return part('configuration', [at, at], false, { document, bytes, outcome: 'sent' });
    }
    case 'boot.done':
      return part('done', [at, at], false, { by: event.by });
    default:
      return scriptOf(event, at, waitedSince);
  }
}

function transferOf(event: Extract<StepEvent, { event: 'artifact.sent' | 'artifact.aborted' }>, at: number): Part {
  const { protocol, role, digest, slice, range, bytes, seconds, resends } = event;
  const isFailed = event.event === 'artifact.aborted';
  const attributes = { protocol, digest, slice, range, bytes, resends, outcome: outcomeOf(event) };
  return part(role, before(at, seconds), isFailed, { ...attributes, code: isFailed ? event.code : undefined });
}

function scriptOf(event: StepEvent, at: number, waitedSince: number): Part | undefined {
  switch (event.event) {
    case 'greeting.sent':
      return part('greeting', [at, at], false, { protocol: event.protocol });
    case 'script.sent':
    case 'uki.planned': {
      const { assignment, image, plan } = event;
      const way = event.event === 'script.sent' ? event.way : event.isIso === true ? 'iso' : 'uki';
      return part('script', [waitedSince, at], false, { assignment, image, plan, way, outcome: outcomeOf(event) });
    }
    case 'script.local':
    case 'uki.local': {
      const { assignment, why } = event;
      return part('script', [waitedSince, at], false, { assignment, why, outcome: outcomeOf(event) });
    }
    case 'script.refused':
    case 'uki.refused': {
      const code = event.event === 'script.refused' ? event.code : undefined;
      return part('script', [waitedSince, at], true, { code, outcome: outcomeOf(event) });
    }
    default:
      return undefined;
  }
}

/** `sent` of `script.sent` */
function outcomeOf({ event }: StepEvent): string {
  return event.slice(event.indexOf('.') + 1);
}

function before(at: number, seconds: number): readonly [number, number] {
  return [at - Math.round(seconds * 1_000), at];
}

function part(name: string, [start, end]: readonly [number, number], isFailed: boolean, said: Attributes): Part {
  const attributes = Object.fromEntries(Object.entries(said).map(([key, value]) => [`bootlayer.${key}`, value]));
  return { name, start, end, isFailed, attributes };
}
