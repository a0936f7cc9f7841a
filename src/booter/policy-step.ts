import type { Assignment } from '../boot/assignment.js';
import { type Boot, isInLastBoot, type LastBoot } from '../boot/boot.js';
import type { BootEvent, EventSink } from '../boot/event.js';
import { ALWAYS, isRestricted, judge, type LocalReason, SHOWN, type Verdict } from '../boot/policy.js';
import type { BootStore } from '../boot/ports.js';
import { type NextBoot, type Standing, withDone } from '../boot/standing.js';
import { standingKeys } from '../boot/standing-keys.js';
import type { Clock } from '../clock.js';
import { BootlayerError } from '../errors.js';
import type { Subject } from '../machine/inventory.js';
import { RecentMap } from '../recent-map.js';
import type { Attempts } from './attempts.js';
import type { StepListener } from './journal.js';
import { forNext, nobodys } from './next-boot.js';
import type { Asking, Requesters } from './requesters.js';
import type { Standings, Whose } from './standings.js';

/** The boots of machines, as the journal knows them. */
export interface BootRecords {
  /** The boot in which a machine is that asks what to boot now; another one than that if it began before then. */
  open(machine: string, notBefore?: number): Boot;
  last(machine: string): LastBoot | undefined;
}

export type PolicyStepParts = {
  readonly standings: Standings;
  readonly attempts: Attempts;
  readonly records: BootRecords;
  readonly boots: Pick<BootStore, 'findBoot' | 'findBoots'>;
  /** When the server started: milliseconds since the epoch. */
  readonly since: number;
  readonly requesters: Requesters;
  readonly events: EventSink;
  readonly clock: Pick<Clock, 'now'>;
};

/** What becomes of a machine that asks what to boot. */
export type Judged =
  | { readonly kind: 'unmapped'; readonly asking: Asking }
  | ToBoot
  | { readonly kind: 'local'; readonly assignment: Assignment; readonly why: LocalReason; readonly reason: string }
  | { readonly kind: 'unsure'; readonly assignment: Assignment; readonly reason: string };

/** By which assignment, which a wish for the next boot may have changed. */
export type ToBoot = {
  readonly kind: 'boot';
  readonly assignment: Assignment;
  readonly asking: Asking;
  readonly boot: Boot;
  readonly isNext: boolean;
};

/** What a boot was given: what is to be done when it has started. */
type Given = { readonly whose: Whose; readonly next?: string; readonly isDoneByStart: boolean };

/** Are remembered at least. */
const BOOTS = 10_000;
/** Before the server started: a boot that went on until it ended. */
const CAUGHT_UP_MILLISECONDS = 24 * 3_600_000;

/** Whether a machine boots what it is assigned to, by its policy, where it stands with it, and who asks. */
export class PolicyStep {
  readonly #parts: PolicyStepParts;
  readonly #given = new RecentMap<string, Given>(BOOTS);
  /** What was said of boots already. */
  readonly #said = new RecentMap<string, true>(BOOTS);

  constructor(parts: PolicyStepParts) {
    this.#parts = parts;
  }

  /** Throws DATA_UNUSABLE, DISK_FULL, where what it is given could not be kept. */
  async judge(subject: Subject, assignment: Assignment | undefined): Promise<Judged> {
    const { standings, attempts, records, requesters, clock } = this.#parts;
    const keys = standingKeys(subject);
    const asking = await requesters.asking(subject);
    const wished = standings.of(keys)?.next;
    if (assignment === undefined && (wished === undefined || asking.kind === 'doubted'))
      return { kind: 'unmapped', asking };
    const { name: machine } = subject;
    // A new installation is another boot, in which it is reported.
    const due = dueAt(standings.of(keys), clock.now());
    const boot = records.open(machine, due);
    const whose = { machine, keys };
    await this.#catchUp(whose, assignment);
    const standing = await this.#withoutSpent(whose, boot);
    if (assignment === undefined && standing?.next === undefined) return { kind: 'unmapped', asking };
    const policy = assignment?.policy ?? ALWAYS;
    const others = attempts.of(machine, boot.id);
    const doubtedSince = standings.doubtedSince(keys);
    const verdict = judge({
      ...{ policy, standing, doubtedSince, attempts: others, requester: asking, now: clock.now() },
      outOfForce: assignment?.outOfForce,
    });
    const base = assignment ?? nobodys(machine);
    this.#tell(subject, { assignment: base, boot, asking, verdict, isWished: standing?.next !== undefined });
    switch (verdict.kind) {
      case 'local':
      case 'unsure':
        return { ...verdict, assignment: base };
      case 'image':
        this.#gave(boot, { whose, isDoneByStart: isDoneByStart(base) });
        return { kind: 'boot', assignment: base, asking, boot, isNext: false };
      case 'next':
        await this.#bind(whose, verdict.next, boot);
        this.#gave(boot, { whose, next: verdict.next.id, isDoneByStart: false });
        return { kind: 'boot', assignment: forNext(base, verdict.next), asking, boot, isNext: true };
    }
  }

  /** The same at once, as far as it is known when a machine asks by DHCP, where nobody is shown to be anybody. */
  foresee(subject: Subject, assignment: Assignment | undefined): Verdict | { readonly kind: 'unmapped' } {
    const { standings, attempts, records, clock } = this.#parts;
    // Nearly all have nothing of it, and are asked about for each packet.
    if (standings.size === 0 && assignment !== undefined && isPlain(assignment)) return { kind: 'image' };
    const keys = standingKeys(subject);
    const standing = standings.of(keys);
    if (assignment === undefined) {
      return standing?.next === undefined ? { kind: 'unmapped' } : { kind: 'next', next: standing.next };
    }
    const last = records.last(subject.name);
    const boot = isInLastBoot(last) ? last?.boot.id : undefined;
    return judge({
      policy: assignment.policy,
      standing,
      doubtedSince: standings.doubtedSince(keys),
      attempts: attempts.of(subject.name, boot),
      requester: SHOWN,
      outOfForce: assignment.outOfForce,
      now: clock.now(),
    });
  }

  /**
   * What has come of boots, told by the journal with the boot that it belongs to: the machine's last one need not be that, since
   * anybody can begin another by DHCP in its name. Never throws.
   */
  readonly told: StepListener = ({ event, boot }) => {
    if (event.event === 'artifact.sent' && boot !== undefined) this.#sent(boot);
  };

  /** All that a machine starts may be there. */
  #sent(boot: Boot): void {
    const { machine } = boot;
    const given = this.#given.get(boot.id);
    if (boot.startSentAt === undefined || boot.attemptedAt === undefined || given === undefined) return;
    const { whose, next, isDoneByStart: isByStart } = given;
    if (next !== undefined) {
      this.#keep(whose, (standing) => withoutNext(standing, next));
      this.#gave(boot, { whose, isDoneByStart: false });
    }
    if (isByStart && boot.state === 'started') {
      this.#gave(boot, { whose, isDoneByStart: false });
      const done = { at: this.#parts.clock.now(), by: 'start', boot: boot.id } as const;
      this.#keep(whose, (standing) => withDone(standing, done, boot.beganAt), {
        event: 'boot.done',
        machine,
        boot: boot.id,
        by: 'start',
      });
    }
  }

  #keep(whose: Whose, change: (standing: Standing) => Standing, then?: BootEvent): void {
    const { standings, events } = this.#parts;
    standings.change(whose, change).then(
      () => {
        if (then !== undefined) events(then);
      },
      (thrown: unknown) => {
        const { message: reason } = BootlayerError.from(thrown);
        events({ event: 'standing.unsaved', machine: whose.machine, reason });
      },
    );
  }

  #gave(boot: Boot, given: Given): void {
    this.#given.set(boot.id, given);
  }

  /** What was sent just before the server ended may not have been told of: a machine that has started is done by that. */
  async #catchUp(whose: Whose, assignment: Assignment | undefined): Promise<void> {
    const { standings, boots, since } = this.#parts;
    if (assignment === undefined || !isDoneByStart(assignment)) return;
    const [last] = (await boots.findBoots({ machine: whose.machine, limit: 2 })).filter(
      ({ beganAt }) => beganAt < since,
    );
    if (last?.state !== 'started' || last.attemptedAt === undefined || last.assignment !== assignment.name) return;
    if (last.lastAt < since - CAUGHT_UP_MILLISECONDS) return;
    const done = { at: last.lastAt, by: 'start', boot: last.id } as const;
    await standings.change(whose, (standing) => withDone(standing, done, last.beganAt));
  }

  /** A wish that an older boot has got, which was sent what it starts, is fulfilled, also where the server ended just then. */
  async #withoutSpent(whose: Whose, boot: Boot): Promise<Standing | undefined> {
    const { standings, boots } = this.#parts;
    const standing = standings.of(whose.keys);
    const next = standing?.next;
    if (next?.boot === undefined || next.boot === boot.id) return standing;
    const older = await boots.findBoot(next.boot);
    // What others fetch in its name is not what it got.
    if (older?.boot.startSentAt === undefined || older.boot.attemptedAt === undefined) return standing;
    return standings.change(whose, (one) => withoutNext(one, next.id));
  }

  async #bind(whose: Whose, next: NextBoot, boot: Boot): Promise<void> {
    if (next.boot === boot.id) return;
    await this.#parts.standings.change(whose, (standing) =>
      standing.next?.id === next.id ? { ...standing, next: { ...standing.next, boot: boot.id } } : standing,
    );
  }

  #tell(subject: Subject, { assignment, boot, asking, verdict, isWished }: Judgement): void {
    const matters = isRestricted(assignment.policy) || isWished;
    if (asking.kind === 'doubted' && (asking.isOther === true || matters))
      this.mismatched(subject, boot, asking.reason);
    if (verdict.kind === 'local' && verdict.why === 'attempts' && this.#isNews(boot, 'held')) {
      const { reason } = verdict;
      this.#parts.events({ event: 'boot.held', machine: subject.name, assignment: assignment.name, reason });
    }
  }

  /** Told once for each boot. */
  mismatched({ name: machine, facts }: Subject, boot: Boot, reason: string): void {
    if (!this.#isNews(boot, 'mismatch')) return;
    this.#parts.events({ event: 'identity.mismatch', machine, address: facts.sourceAddress, reason });
  }

  #isNews({ id }: Boot, what: string): boolean {
    const key = `${id} ${what}`;
    if (this.#said.get(key) !== undefined) return false;
    this.#said.set(key, true);
    return true;
  }
}

type Judgement = {
  readonly assignment: Assignment;
  readonly boot: Boot;
  readonly asking: Asking;
  readonly verdict: Verdict;
  readonly isWished: boolean;
};

/** When the new installation was due that is due now. */
function dueAt(standing: Standing | undefined, now: number): number | undefined {
  const at = standing?.reprovision?.at;
  return at !== undefined && at <= now ? at : undefined;
}

function isPlain({ policy, outOfForce }: Assignment): boolean {
  return !isRestricted(policy) && outOfForce === undefined;
}

function isDoneByStart({ policy }: Assignment): boolean {
  return policy.mode === 'once' && policy.doneWhen === 'started';
}

function withoutNext(standing: Standing, id: string): Standing {
  if (standing.next?.id !== id) return standing;
  const { next: _next, ...rest } = standing;
  return rest;
}
