import type { EventSink } from '../boot/event.js';
import { type Standing, type StandingChange, withChange } from '../boot/standing.js';
import { whoseStanding } from '../boot/standing-keys.js';
import type { Clock } from '../clock.js';
import type { Subject } from '../machine/inventory.js';
import type { Attempts } from './attempts.js';
import type { Standings } from './standings.js';

export type StandingChangesParts = {
  readonly standings: Standings;
  readonly attempts: Pick<Attempts, 'of'>;
  readonly events: EventSink;
  readonly clock: Pick<Clock, 'now'>;
  /** One that no other wish has. */
  readonly newId: () => string;
  /** Wishes for next boots have changed. */
  readonly wished: () => void;
};

/** What operators change of where machines stand with their policies. */
export class StandingChanges {
  readonly #parts: StandingChangesParts;

  constructor(parts: StandingChangesParts) {
    this.#parts = parts;
  }

  /** With what others' standings say of a stranger; undefined where nothing is known. */
  of(subject: Subject): Standing | undefined {
    return this.#parts.standings.seen(whoseStanding(subject));
  }

  /** Durable when it resolves. Throws DATA_UNUSABLE, DISK_FULL. */
  async change(subject: Subject, change: StandingChange): Promise<Standing> {
    const { standings, attempts, events, clock, newId, wished } = this.#parts;
    const { name: machine } = subject;
    const whose = whoseStanding(subject);
    const attemptedAt = Math.max(0, ...attempts.of(machine, undefined));
    const standing = await standings.change(whose, (before) =>
      withChange({ ...before, machine }, change, {
        now: clock.now(),
        ...{ inDoubt: standings.allDoubtedSince, attemptedAt, newId },
      }),
    );
    events({ event: 'standing.changed', machine, change: describeChange(change) });
    if (change.next !== undefined) wished();
    return standings.seen(whose) ?? standing;
  }

  /** Whether anything was known of it. Durable when it resolves. Throws DATA_UNUSABLE, DISK_FULL. */
  async forget(subject: Subject): Promise<boolean> {
    const { standings, events, wished } = this.#parts;
    const { name: machine } = subject;
    const isForgotten = await standings.forget(whoseStanding(subject));
    if (!isForgotten) return false;
    events({ event: 'standing.changed', machine, change: 'what was known of it is forgotten' });
    wished();
    return true;
  }
}

function describeChange({ done, reprovision, next, release }: StandingChange): string {
  return [
    ...(done === undefined ? [] : ['an operator says that it is done']),
    ...(reprovision === null ? ['it is not to be installed anew'] : []),
    ...(reprovision ? [`it is to be installed anew from ${new Date(reprovision.at).toISOString()} on`] : []),
    ...(next === null ? ['it boots next as it is assigned'] : []),
    ...(next ? [`it boots ${next.image} next, once`] : []),
    ...(release === undefined ? [] : ['it may be booted again']),
  ].join('; ');
}
