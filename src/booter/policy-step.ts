import type { Assignment } from '../boot/assignment.js';
import { type Boot, isInLastBoot, type LastBoot } from '../boot/boot.js';
import type { ClockSense } from '../boot/clock-sense.js';
import type { EventSink } from '../boot/event.js';
import {
  isDoneOnceStarted,
  isRestricted,
  judge,
  type LocalReason,
  SHOWN,
  type UnsureWhy,
  type Verdict,
} from '../boot/policy.js';
import type { BootStore } from '../boot/ports.js';
import { type Standing, withReprovisionIn } from '../boot/standing.js';
import { areStrangers, type Whose, whoseStanding } from '../boot/standing-keys.js';
import type { Clock } from '../clock.js';
import { BootlayerError } from '../errors.js';
import type { Subject } from '../machine/inventory.js';
import { RecentMap } from '../recent-map.js';
import type { Attempts } from './attempts.js';
import type { Capabilities } from './capabilities.js';
import type { StepListener } from './journal.js';
import { forNext, nobodys } from './next-boot.js';
import { NextWishes } from './next-wishes.js';
import type { Asking, Requesters } from './requesters.js';
import type { Standings } from './standings.js';
import { Starts } from './starts.js';

/** The boots of machines, as the journal knows them. */
export interface BootRecords {
  /** The boot in which a machine is that asks what to boot now; another one than that if it began before then. */
  open(machine: string, notBefore?: number): Boot;
  last(machine: string): LastBoot | undefined;
  /** Takes up one of which something is to be told long after it. Throws DATA_UNUSABLE. */
  recall(machine: string, boot: string): Promise<unknown>;
}

export type PolicyStepParts = {
  readonly standings: Standings;
  readonly attempts: Attempts;
  readonly records: BootRecords;
  readonly capabilities: Pick<Capabilities, 'begun'>;
  readonly boots: Pick<BootStore, 'findBoot' | 'findBoots'>;
  readonly senseClock: () => ClockSense;
  /** Of machines without a record so many standings are kept. */
  readonly mostStrangers?: number;
  readonly requesters: Requesters;
  readonly events: EventSink;
  readonly clock: Pick<Clock, 'now'>;
};

/** What becomes of a machine that asks what to boot. */
export type Judged =
  | { readonly kind: 'unmapped'; readonly asking: Asking }
  | ToBoot
  | { readonly kind: 'local'; readonly assignment: Assignment; readonly why: LocalReason; readonly reason: string }
  | { readonly kind: 'unsure'; readonly assignment: Assignment; readonly why: UnsureWhy; readonly reason: string };

/** By which assignment, which a wish for the next boot may have changed. */
export type ToBoot = {
  readonly kind: 'boot';
  readonly assignment: Assignment;
  readonly asking: Asking;
  readonly boot: Boot;
  readonly isNext: boolean;
  /** It is done when it has all that it starts. */
  readonly isDoneByStart: boolean;
};

/** Are remembered at least. */
const BOOTS = 10_000;
/** Of machines without a record so many standings are kept, but for those of installations that are under way. */
const MOST_STRANGERS = 100_000;

/** Whether a machine boots what it is assigned to, by its policy, where it stands with it, and who asks. */
export class PolicyStep {
  readonly #parts: PolicyStepParts;
  readonly #wishes: NextWishes;
  readonly #starts: Starts;
  /** What was said of boots already. */
  readonly #said = new RecentMap<string, true>(BOOTS);
  #isFull = false;

  constructor(parts: PolicyStepParts) {
    this.#parts = parts;
    this.#wishes = new NextWishes(parts);
    this.#starts = new Starts(parts);
  }

  /** Throws DATA_UNUSABLE, DISK_FULL, where what it is given could not be kept. */
  async judge(subject: Subject, assignment: Assignment | undefined): Promise<Judged> {
    const { standings, records, requesters, capabilities, clock } = this.#parts;
    const asking = await requesters.asking(subject);
    if (assignment === undefined && asking.kind === 'doubted') return { kind: 'unmapped', asking };
    const whose = whoseAsks(subject, asking);
    // A new installation is another boot, in which it is reported.
    const boot = records.open(subject.name, dueAt(standings.seen(whose), clock.now()));
    // Whatever comes of it. By what somebody else asks in its name, nothing that the machine was given ends.
    if (asking.kind === 'shown') await capabilities.begun(boot);
    await this.#wishes.settle(whose);
    if (assignment?.policy.mode === 'once') await this.#starts.settle(whose, boot);
    const standing = standings.seen(whose);
    if (assignment === undefined && standing?.next === undefined) return { kind: 'unmapped', asking };
    const base = assignment ?? nobodys(subject.name);
    const circumstances = this.#circumstances(whose, base, boot.id);
    this.#tellFull(circumstances.hasRoom);
    const verdict = judge({ ...circumstances, standing, requester: asking });
    this.#tell(subject, { assignment: base, boot, asking, verdict, isWished: standing?.next !== undefined });
    switch (verdict.kind) {
      case 'local':
      case 'unsure':
        if (verdict.kind === 'local' && verdict.why === 'done') this.#learn(whose);
        return { ...verdict, assignment: base };
      case 'image':
        return { ...(await this.#install({ whose, assignment: base, boot })), asking };
      case 'next':
        this.#starts.gave(boot, undefined);
        await this.#wishes.give(whose, verdict.next, boot);
        return {
          ...{ kind: 'boot', assignment: forNext(base, verdict.next), asking, boot },
          ...{ isNext: true, isDoneByStart: false },
        };
    }
  }

  /** The same at once, as far as it is known when a machine asks by DHCP, where nobody is shown to be anybody. */
  foresee(subject: Subject, assignment: Assignment | undefined): Verdict | { readonly kind: 'unmapped' } {
    const { standings, records } = this.#parts;
    // Nearly all have nothing of it, and are asked about for each packet.
    if (standings.size === 0 && assignment !== undefined && isPlain(assignment)) return { kind: 'image' };
    const whose = whoseStanding(subject);
    const standing = this.#withOpenNext(standings.seen(whose));
    if (assignment === undefined) {
      return standing?.next === undefined ? { kind: 'unmapped' } : { kind: 'next', next: standing.next };
    }
    const last = records.last(subject.name);
    const boot = isInLastBoot(last) ? last?.boot.id : undefined;
    return judge({ ...this.#circumstances(whose, assignment, boot), standing, requester: SHOWN });
  }

  /** Another one as soon as something else is meant for the machine than before. */
  meaning(subject: Subject, assignment: Assignment | undefined): string {
    const wishes = this.#parts.standings.seen(whoseStanding(subject));
    return [this.foresee(subject, assignment).kind, wishes?.next?.id, wishes?.reprovision?.wishedAt].join(' ');
  }

  /**
   * What has come of boots, told by the journal with the boot that it belongs to: the machine's last one need not be that, since
   * anybody can begin another by DHCP in its name. Never throws.
   */
  readonly told: StepListener = ({ boot }) => {
    if (boot === undefined) return;
    this.#wishes.told(boot);
    this.#starts.told(boot);
  };

  /** Nothing is sent any more. Throws DATA_UNUSABLE, DISK_FULL. */
  async end(): Promise<void> {
    await this.#starts.end();
    await this.#wishes.end();
  }

  #circumstances(whose: Whose, { policy, outOfForce, boot: method }: Assignment, boot: string | undefined) {
    const { standings, attempts, clock, senseClock } = this.#parts;
    return {
      policy,
      method,
      outOfForce,
      doubt: standings.doubt(whose),
      clock: senseClock(),
      hasRoom: policy.mode !== 'once' || this.#hasRoom(whose),
      attempts: attempts.of(whose.machine, boot),
      now: clock.now(),
    };
  }

  /** Whether it could be kept that a machine is done: of strangers there may be any number, and none of them is ever forgotten. */
  #hasRoom({ keys }: Whose): boolean {
    const { standings } = this.#parts;
    return !this.#isFullNow || !areStrangers(keys) || standings.of(keys) !== undefined;
  }

  get #isFullNow(): boolean {
    return this.#parts.standings.strangers >= (this.#parts.mostStrangers ?? MOST_STRANGERS);
  }

  /** Told once, until there is room again. */
  #tellFull(hasRoom: boolean): void {
    const { standings, events } = this.#parts;
    if (!hasRoom && !this.#isFull) events({ event: 'standings.full', standings: standings.strangers });
    this.#isFull = this.#isFullNow && (this.#isFull || !hasRoom);
  }

  async #install({ whose, assignment, boot }: Pick<ToBoot, 'assignment' | 'boot'> & { readonly whose: Whose }) {
    const { standings, clock } = this.#parts;
    const isDoneByStart = isDoneOnceStarted(assignment.policy);
    this.#starts.gave(boot, isDoneByStart ? whose : undefined);
    if (assignment.policy.mode === 'once' && dueAt(standings.of(whose.keys), clock.now()) !== undefined)
      await standings.change(whose, (standing) => withReprovisionIn(standing, boot.id));
    return { kind: 'boot', assignment, boot, isNext: false, isDoneByStart } as const;
  }

  #withOpenNext(standing: Standing | undefined): Standing | undefined {
    if (standing?.next === undefined || this.#wishes.isOpen(standing.next)) return standing;
    const { next: _next, ...rest } = standing;
    return rest;
  }

  /** What it reports is kept, by which it is known when it asks by another card. */
  #learn(whose: Whose): void {
    const { standings, events } = this.#parts;
    const { machine } = whose;
    standings
      .change(whose, (standing) => standing)
      .catch((thrown: unknown) => {
        events({ event: 'standing.unsaved', machine, reason: BootlayerError.from(thrown).message });
      });
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

/** Of somebody who is not shown to be the machine nothing is kept. */
function whoseAsks(subject: Subject, asking: Asking): Whose {
  const { also: _also, ...whose } = whoseStanding(subject);
  return asking.kind === 'shown' ? whoseStanding(subject) : whose;
}

function isPlain({ policy, boot, outOfForce }: Assignment): boolean {
  return !isRestricted(policy) && boot !== 'local' && outOfForce === undefined;
}
