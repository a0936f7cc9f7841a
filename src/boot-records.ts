import { randomUUID } from 'node:crypto';
import { stepIn } from './boot/boot.js';
import type { EventSink } from './boot/event.js';
import type { BootStore } from './boot/ports.js';
import { Journal } from './booter/journal.js';
import { JournalWriter } from './booter/journal-writer.js';
import { systemClock } from './clock.js';
import type { ToldStep } from './http/routes/events.js';
import type { Lifecycle } from './lifecycle.js';

export type BootRecordsParts = {
  readonly boots: BootStore;
  readonly events: EventSink;
  readonly lifecycle: Lifecycle;
  /** Whether an entry of the mapping in force names the machine. */
  readonly isKnown: (machine: string) => boolean;
};

/** Ends when nothing is told any more, and before the state does. Throws DATA_UNUSABLE. */
export async function openJournal({ boots, events, lifecycle, isKnown }: BootRecordsParts): Promise<Journal> {
  const lost = (steps: number, reason: string) => events({ event: 'journal.lost', steps, reason });
  const writer = new JournalWriter({ boots, lost });
  const journal = new Journal({ boots, writer, clock: systemClock, newId: newBootId, isKnown });
  await journal.restore();
  lifecycle.started('journal', () => journal.settled());
  return journal;
}

/** 64 random bits in hex: UUIDs are made ahead, while to ask for those bits alone takes longer than all else of a boot's step. */
function newBootId(): string {
  const uuid = randomUUID();
  return uuid.slice(0, 8) + uuid.slice(-8);
}

/** Of every step, with the boot that it belongs to: the journal has heard of it before. */
export function toldBy(listener: (step: ToldStep) => void, journal: Journal): EventSink {
  return (event) => {
    const step = stepIn(event);
    if (step === undefined) return;
    const boot = journal.bootOf(step);
    listener({ at: systemClock.now(), ...(boot !== undefined && { boot }), event: step });
  };
}
