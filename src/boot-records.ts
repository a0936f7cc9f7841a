import { randomUUID } from 'node:crypto';
import { senseOfClock } from './boot/clock-sense.js';
import type { EventSink } from './boot/event.js';
import { LONGEST_WINDOW } from './boot/policy.js';
import { Attempts } from './booter/attempts.js';
import { allEnrolled } from './booter/enrolments.js';
import { Journal } from './booter/journal.js';
import { JournalWriter } from './booter/journal-writer.js';
import { createPolicies, type Policies, type PoliciesParts } from './booter/policies.js';
import { Standings } from './booter/standings.js';
import { systemClock } from './clock.js';
import type { Lifecycle } from './lifecycle.js';
import type { Database } from './store/sqlite-database.js';

export type BootRecordsParts = Pick<
  PoliciesParts,
  'neighbours' | 'leaseMacAt' | 'ownNetworks' | 'identity' | 'enrols' | 'recordOf'
> & {
  readonly database: Database;
  readonly events: EventSink;
  readonly lifecycle: Lifecycle;
  /** What is odd about the state. */
  readonly warn: (text: string) => void;
  /** Whether an entry of the mapping in force names the machine. */
  readonly isKnown: (machine: string) => boolean;
};

/** What is kept of machines' boots, and how often they may boot. */
export type BootRecords = {
  readonly journal: Journal;
  readonly policies: Policies;
};

const DOUBTED =
  'the state was lost, replaced by another one or by an older copy: machines under "once" that it does not know as done are not installed; see which are, and then: bootlayer state accept';

const CLOCK_UNSET =
  'machines under "once" are not installed until it is; where it is right, and was ahead once: bootlayer state accept';

/** Ends when nothing is told any more, and before the state does. Throws DATA_UNUSABLE. */
export async function openBootRecords(parts: BootRecordsParts): Promise<BootRecords> {
  const { database, events, lifecycle, warn, isKnown } = parts;
  const { boots } = database;
  const attempts = new Attempts();
  const lost = (steps: number, reason: string) => events({ event: 'journal.lost', steps, reason });
  const writer = new JournalWriter({ boots, lost });
  const journal = new Journal({
    boots,
    writer,
    clock: systemClock,
    newId: newBootId,
    isKnown,
    attempted: attempts.add,
  });
  await journal.restore();
  for (const attempt of await boots.attemptsSince(systemClock.now() - LONGEST_WINDOW)) attempts.add(attempt);
  const standings = await Standings.open({ store: database.standings, newId: randomUUID, isKnown });
  if (standings.isDoubted) warn(DOUBTED);
  const clock = systemClock;
  const senseClock = () => senseOfClock({ now: clock.now(), newest: standings.newest });
  const sense = senseClock();
  if (sense.kind === 'unset') warn(`${sense.reason}: ${CLOCK_UNSET}`);
  lifecycle.started('journal', () => journal.settled());
  const enrolled = await allEnrolled(database.enrolments);
  const policies = createPolicies({
    ...{ ...parts, ...database, enrolled, standings, attempts, clock, senseClock },
    records: journal,
  });
  journal.listen(policies.step.told);
  lifecycle.started('policies', () => policies.step.end());
  return { journal, policies };
}

/** 64 random bits in hex: UUIDs are made ahead, while to ask for those bits alone takes longer than all else of a boot's step. */
function newBootId(): string {
  const uuid = randomUUID();
  return uuid.slice(0, 8) + uuid.slice(-8);
}
