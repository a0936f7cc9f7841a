import { randomUUID } from 'node:crypto';
import { dirname, resolve } from 'node:path';
import { unknownEntry } from './boot/entry.js';
import type { EventSink } from './boot/event.js';
import type { EnrolmentStore } from './boot/policy-ports.js';
import type { Booter } from './booter/booter.js';
import type { Policies } from './booter/policies.js';
import { StandingChanges } from './booter/standing-changes.js';
import { systemClock } from './clock.js';
import type { Config } from './config/schema.js';
import type { StandingRouteParts } from './http/routes/standings.js';
import type { Subject } from './machine/inventory.js';
import { type ImageReference, withDefaultRegistry } from './oci/reference.js';

export type StandingDeskParts = {
  readonly policies: Policies;
  readonly booter: Booter;
  readonly enrolments: EnrolmentStore;
  /** The one in force. */
  readonly config: () => Config;
  readonly events: EventSink;
  /** What is mapped has changed. */
  readonly remapped: () => void;
};

/** What operators ask and change of where machines stand with their policies. */
export function standingDesk(parts: StandingDeskParts): Omit<StandingRouteParts, 'doubtsOf'> {
  const { policies, booter, enrolments, config, events, remapped } = parts;
  const { standings, attempts } = policies;
  const wished = () => {
    booter.wished();
    remapped();
  };
  const changes = new StandingChanges({
    ...{ standings, attempts, events, wished },
    clock: systemClock,
    newId: randomUUID,
  });
  const subject = (name: string) => subjectOf(booter, name);
  return {
    knows: (machine) => booter.named(machine) !== undefined,
    of: (machine) => changes.of(subject(machine)),
    outlook: (machine) => policies.outlooks.of(subject(machine), booter.mapping),
    change: (machine, change) => changes.change(subject(machine), change),
    forgetStanding: (machine) => changes.forget(subject(machine)),
    enrolled: (query) => enrolments.findEnrolled(query),
    forget: (name) => policies.enrolments.forget(name),
    reference: (written) => absolute(written, config()),
    now: () => systemClock.now(),
  };
}

function subjectOf(booter: Booter, name: string): Subject {
  const subject = booter.named(name);
  if (subject !== undefined) return subject;
  throw unknownEntry('machine', name);
}

/** A layout's folder belongs to the configuration, as in that. */
function absolute(written: ImageReference, { file, defaultRegistry }: Config): ImageReference {
  if (written.kind === 'layout') return { ...written, folder: resolve(dirname(file), written.folder) };
  return withDefaultRegistry(written, defaultRegistry);
}
