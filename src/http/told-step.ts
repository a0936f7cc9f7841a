import type { BootStep } from '../boot/boot.js';
import type { FindingEvent } from '../boot/finding-event.js';
import { describeEvent } from '../booter/event-text.js';

/** A step as the API tells it: in words, too. */
export function toldStep({ at, event }: BootStep | { readonly at: number; readonly event: FindingEvent }): {
  readonly at: string;
  readonly text: string;
  readonly event: string;
} {
  return { at: timeOf(at), text: describeEvent(event), ...event };
}

/** As people and machines read it. */
export function timeOf(milliseconds: number): string {
  return new Date(milliseconds).toISOString();
}
