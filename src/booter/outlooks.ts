import type { Assignment } from '../boot/assignment.js';
import { CLOCK_SET } from '../boot/clock-sense.js';
import { countedAttempts, type Doubt, heldUntil, judge, type Verdict } from '../boot/policy.js';
import { type Selection, settle } from '../boot/select.js';
import { whoseStanding } from '../boot/standing-keys.js';
import type { Clock } from '../clock.js';
import type { Subject } from '../machine/inventory.js';
import type { Attempts } from './attempts.js';
import { recordedCandidate } from './mapped-wishes.js';
import { assignmentFor } from './mapping.js';
import type { PolicyStep } from './policy-step.js';
import { noMacOf } from './requesters.js';
import type { Standings } from './standings.js';

/** What a machine's policy makes of it now. Times: milliseconds since the epoch. */
export type Outlook = {
  /** The one in force; missing where none matches. */
  readonly assignment: Assignment | undefined;
  /** What it reports when it asks may choose this one instead. */
  readonly undecided: Assignment | undefined;
  /** Within the window of the policy; missing where that has no limit. */
  readonly attempts: number | undefined;
  /** It is booted again then, unless an operator lets go of it; missing where it is not held. */
  readonly heldUntil: number | undefined;
  /** Why what the state says of it may lack something; missing where it is whole. The verdict is what follows. */
  readonly doubt: Doubt | undefined;
  /** If it asked now, and were shown to be itself, where it can be. */
  readonly verdict: Verdict | { readonly kind: 'unmapped' };
};

export type OutlooksParts = {
  readonly standings: Pick<Standings, 'seen' | 'doubt'>;
  readonly attempts: Attempts;
  readonly step: Pick<PolicyStep, 'foresee'>;
  /** Whether who asks must be shown to be the machine (`identity.verify`). */
  readonly verifies: () => boolean;
  readonly clock: Pick<Clock, 'now'>;
};

/** What would become of machines if they asked now; nothing of it counts as a boot. */
export class Outlooks {
  readonly #parts: OutlooksParts;

  constructor(parts: OutlooksParts) {
    this.#parts = parts;
  }

  /** As far as what is written of the machine tells which assignment it has. */
  of(subject: Subject, mapping: Parameters<typeof assignmentFor>[0]): Outlook {
    const { standings, attempts, step, clock } = this.#parts;
    const { machine, name } = subject;
    const selection = assignmentFor(mapping, machine === undefined ? subject : recordedCandidate(machine));
    const assignment = settle(selection);
    const whose = whoseStanding(subject);
    const limit = assignment?.policy.limit;
    const known = { standing: standings.seen(whose), now: clock.now() };
    const all = attempts.of(name, undefined);
    const verdict = this.#isShowable(subject) ? step.foresee(subject, assignment) : asDoubted(name, assignment);
    const isHeld = verdict.kind === 'local' && verdict.why === 'attempts';
    return {
      assignment,
      undecided: undecidedIn(selection),
      attempts: limit && countedAttempts(all, limit, known),
      heldUntil: isHeld && limit !== undefined ? heldUntil(all, limit, known) : undefined,
      doubt: standings.doubt(whose),
      verdict,
    };
  }

  /** A stranger shows its cards when it asks. */
  #isShowable({ machine }: Subject): boolean {
    return machine === undefined || machine.macs.length > 0 || !this.#parts.verifies();
  }
}

/** Of somebody who cannot be shown to be the machine: where it stands does not matter then. */
function asDoubted(name: string, assignment: Assignment | undefined): Outlook['verdict'] {
  if (assignment === undefined) return { kind: 'unmapped' };
  const { policy, outOfForce } = assignment;
  return judge({
    ...{ policy, outOfForce, requester: { kind: 'doubted', reason: noMacOf(name) } },
    ...{ standing: undefined, doubt: undefined, clock: CLOCK_SET, hasRoom: true, attempts: [], now: 0 },
  });
}

function undecidedIn(selection: Selection): Assignment | undefined {
  return selection.kind === 'undecided' ? selection.assignment : undefined;
}
