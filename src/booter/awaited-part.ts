import type { BootEvent } from '../boot/event.js';
import type { Part } from './boot-span.js';
import type { ToldStep } from './journal.js';

/** The key of what a blob's download is told by. */
export function fillKey(digest: string): string {
  return `fill ${digest}`;
}

function imageKey(reference: string): string {
  return `image ${reference}`;
}

/** The key of what a machine that is told this has waited for, if anything. Pure. */
export function awaitedBy(event: ToldStep['event']): string | undefined {
  switch (event.event) {
    case 'artifact.started':
    case 'artifact.sent':
      return fillKey(event.digest);
    case 'script.sent':
    case 'uki.planned':
      return imageKey(event.image);
    default:
      return undefined;
  }
}

/** The part of a trace that this is, which boots may have waited for, and its key; undefined for what none waits for. `now`: when it ended. Pure. */
export function awaitedOf(event: BootEvent, now: number): readonly [string, Part] | undefined {
  switch (event.event) {
    case 'fill.finished':
    case 'fill.failed': {
      const { digest, bytes, source, seconds } = event;
      const attributes = { 'bootlayer.digest': digest, 'bootlayer.bytes': bytes, 'bootlayer.source': source };
      const isFailed = event.event === 'fill.failed';
      return [fillKey(digest), { name: 'fill', start: now - seconds * 1_000, end: now, attributes, isFailed }];
    }
    case 'image.resolved': {
      const { reference, architecture, digest, from, seconds } = event;
      if (from === 'pinned') return undefined;
      const attributes = {
        ...{ 'bootlayer.image': reference, 'bootlayer.architecture': architecture },
        ...{ 'bootlayer.digest': digest, 'bootlayer.from': from },
      };
      const part = { name: 'resolve', start: now - seconds * 1_000, end: now, attributes, isFailed: false };
      return [imageKey(reference), part];
    }
    default:
      return undefined;
  }
}
