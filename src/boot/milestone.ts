import type { Boot, StepEvent } from './boot.js';

/** What a boot comes to, in this order; it may leave some out, and none is come to twice. */
export const MILESTONES = ['loader', 'script', 'kernel', 'started', 'configuration', 'done'] as const;
export type Milestone = (typeof MILESTONES)[number];

/**
 * The farthest that a boot has come to by a step, `boot` being what it is after it; undefined where it is none. A UKI or an ISO is
 * all that is started, so that there is no kernel before.
 */
export function milestoneAt(event: StepEvent, boot: Pick<Boot, 'state' | 'startSentAt'>): Milestone | undefined {
  switch (event.event) {
    case 'loader.sent':
    case 'greeting.sent':
      return 'loader';
    case 'script.sent':
    case 'uki.planned':
      return 'script';
    case 'artifact.sent':
      if (boot.state === 'started') return 'started';
      return boot.startSentAt === undefined ? undefined : 'kernel';
    case 'provision.sent':
      return 'configuration';
    case 'boot.done':
      return 'done';
    default:
      return undefined;
  }
}
