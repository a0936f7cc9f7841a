import type { Assignment } from '../boot/assignment.js';
import type { Unmet } from '../boot/choose-way.js';
import type { EventSink } from '../boot/event.js';
import { neverDoneByFirmware } from '../boot/never-done.js';
import type { IsoPlan, UkiPlan } from '../boot/plan.js';
import type { LocalReason } from '../boot/policy.js';
import type { LocatedArtifact } from '../boot/ports.js';
import type { Selection } from '../boot/select.js';
import { BootlayerError, type ErrorCode, publicMessage } from '../errors.js';
import type { MachineFacts } from '../machine/facts.js';
import type { Subject } from '../machine/inventory.js';
import { RecentMap } from '../recent-map.js';
import type { Attribution } from './attribution.js';
import type { MappedImages } from './mapped-images.js';
import { assignmentFor, type Mapping } from './mapping.js';
import type { PlanIssuer } from './plan-issuer.js';
import type { PolicyStep, ToBoot } from './policy-step.js';
import { ARCHITECTURE_UNKNOWN, NO_ASSIGNMENT, wishOf } from './preparation.js';
import { VerifiedPlans, type VerifiedPlansParts } from './verified-plans.js';

export type FirmwareStepParts = VerifiedPlansParts & {
  /** The one in force. */
  readonly mapping: () => Mapping;
  readonly mapped: MappedImages;
  readonly attribution: Attribution;
  readonly issuer: PlanIssuer;
  readonly policies: Pick<PolicyStep, 'judge' | 'meaning'>;
  /** Whether machines that nothing matches wait for an assignment. */
  readonly enrols: () => boolean;
  readonly isDraining: () => boolean;
  /** Resolves when its first bytes are there. Throws what the cache throws. */
  readonly begins: (artifact: LocatedArtifact) => Promise<void>;
  /** Its facts may name several machines. */
  readonly contradicted: (subject: Subject) => void;
  readonly events: EventSink;
  /** Something of ours broke while this was done. */
  readonly reportFault: (doing: string, thrown: unknown) => void;
};

/** What UEFI HTTP Boot starts on a machine. */
export type FirmwareFile =
  | UkiFile
  /** iPXE, which has a screen, and time to wait. */
  | { readonly kind: 'loader'; readonly reason: string; readonly code?: ErrorCode }
  | { readonly kind: 'refused'; readonly reason: string; readonly isUnassigned: true }
  /** Nothing either: the machine goes on to its local disk. */
  | LocalDisk;

type LocalDisk = {
  readonly kind: 'local';
  readonly assignment: string;
  readonly why: LocalReason;
  readonly reason: string;
};

type UkiFile = {
  readonly kind: 'uki';
  readonly artifact: LocatedArtifact;
  readonly plan: UkiPlan | IsoPlan;
  /** What is wished and cannot be done so. */
  readonly unmet: readonly Unmet[];
  /** Whether it is shown that the machine itself asks. */
  readonly isShown: boolean;
  readonly boot: ToBoot['boot'];
  /** It is done when it has that. */
  readonly isDoneByStart: boolean;
};

/** Who boots what. */
type Boot = Pick<ToBoot, 'assignment' | 'asking' | 'boot' | 'isDoneByStart'> & { readonly subject: Subject };

/** By which mapping it is chosen, and when it is to be answered, in ticks of the clock. */
type By = { readonly mapping: Mapping; readonly due: number };

/** By which mapping, what was meant for the machine then, and when. */
type Chosen = { readonly at: number; readonly mapping: Mapping; readonly meaning: string; readonly file: FirmwareFile };

/** EDK2 waits five seconds for an answer (edk2: NetworkPkg/HttpBootDxe). */
const PATIENCE_MILLISECONDS = 3_000;
const NOT_THERE = 'its image is not there yet';
/** It asks for the size first (HEAD), maybe twice, and then for the file, which must be the same. */
const SAME_ANSWER_MILLISECONDS = 2_000;
const SAME_FILE_MILLISECONDS = 15_000;
/** Are remembered at least. */
const MACHINES = 5_000;

/** What the firmware of machines fetches by itself. */
export class FirmwareStep {
  readonly #parts: FirmwareStepParts;
  readonly #plans: VerifiedPlans;
  readonly #chosen = new RecentMap<string, Chosen>(MACHINES);

  constructor(parts: FirmwareStepParts) {
    this.#parts = parts;
    this.#plans = new VerifiedPlans(parts);
  }

  /**
   * The UKI of its image, when it has one and its bytes begin to come in time; else iPXE. What a GET gets is what the HEAD before
   * it was told of, unless the machine is to boot it no more. Never throws.
   */
  async file(facts: MachineFacts, asked: { readonly isHead: boolean }): Promise<FirmwareFile> {
    const { mapping: inForce, contradicted } = this.#parts;
    const mapping = inForce();
    const subject = mapping.inventory.identify(facts);
    try {
      return await this.#fileFor(subject, mapping, asked);
    } finally {
      // Not before its boot has begun, of which that is told.
      contradicted(subject);
    }
  }

  async #fileFor(subject: Subject, mapping: Mapping, { isHead }: { readonly isHead: boolean }): Promise<FirmwareFile> {
    const { policies, clock } = this.#parts;
    const selection = assignmentFor(mapping, subject);
    const now = clock.ticks();
    const key = keyOf(subject.facts);
    const last = this.#chosen.get(key);
    const life = isHead ? SAME_ANSWER_MILLISECONDS : SAME_FILE_MILLISECONDS;
    const meaning = policies.meaning(subject, assignmentOf(selection));
    const isSame = last?.mapping === mapping && last.meaning === meaning && now - last.at < life;
    if (isSame && isGiven(last.file)) return this.#seen(subject, last.file);
    const file = await this.#choose(subject, selection, mapping);
    // What is refused is asked for anew each time, and ends what was chosen before.
    this.#chosen.set(key, { at: now, mapping, meaning, file });
    return this.#told(subject, file);
  }

  async #choose(subject: Subject, selection: Selection, mapping: Mapping): Promise<FirmwareFile> {
    const { isDraining, clock } = this.#parts;
    if (selection.kind === 'undecided')
      return { kind: 'loader', reason: `"${selection.assignment.name}" waits for what iPXE alone reports` };
    if (isDraining()) return { kind: 'loader', reason: 'the server is restarting' };
    const due = clock.ticks() + PATIENCE_MILLISECONDS;
    try {
      const judged = this.#judged(subject, assignmentOf(selection), { mapping, due });
      const timely = await clock.within(PATIENCE_MILLISECONDS, judged);
      return timely.kind === 'done' ? timely.value : { kind: 'loader', reason: NOT_THERE };
    } catch (thrown) {
      const error = BootlayerError.from(thrown);
      if (error.code === 'INTERNAL') this.#parts.reportFault(`choosing what ${subject.name} starts`, thrown);
      return { kind: 'loader', reason: publicMessage(error), code: error.code };
    }
  }

  async #judged(subject: Subject, assignment: Assignment | undefined, by: By): Promise<FirmwareFile> {
    const { policies, enrols } = this.#parts;
    const judged = await policies.judge(subject, assignment);
    switch (judged.kind) {
      case 'unmapped':
        return enrols()
          ? { kind: 'loader', reason: NO_ASSIGNMENT }
          : { kind: 'refused', reason: NO_ASSIGNMENT, isUnassigned: true };
      case 'local':
        return { kind: 'local', assignment: judged.assignment.name, why: judged.why, reason: judged.reason };
      case 'unsure':
        return { kind: 'loader', reason: judged.reason };
      case 'boot': {
        const notByFirmware = judged.isNext ? undefined : neverDoneByFirmware(judged.assignment.policy);
        if (notByFirmware !== undefined) return { kind: 'loader', reason: notByFirmware };
        return this.#planned({ subject, ...judged }, by);
      }
    }
  }

  async #planned({ subject, assignment, asking, boot, isDoneByStart }: Boot, by: By): Promise<FirmwareFile> {
    const { mapped, issuer, begins, clock } = this.#parts;
    const wish = wishOf(subject, assignment);
    if (wish === undefined) return { kind: 'loader', reason: ARCHITECTURE_UNKNOWN };
    const image = await mapped.resolve(assignment.image, wish);
    const starter = { client: 'uefi-http', architecture: wish.architecture } as const;
    const { kernelArgs: defaults } = by.mapping.defaults;
    const planning = await this.#plans.plan({ subject, assignment, defaults, image, starter }, by.due);
    // iPXE has a screen, on which it says what is wrong.
    if (planning.kind !== 'plan') return { kind: 'loader', reason: planning.reason };
    const { plan, choice } = planning;
    if (plan.kind === 'kernel') throw new RangeError(`the firmware of ${subject.name} starts no kernel`);
    const artifact = { ...(plan.kind === 'uki' ? plan.uki : plan.iso), location: plan.image.location };
    // Firmware waits for no file that does not come, and starts no other.
    await begins(artifact);
    // The machine has been given iPXE: no plan is kept of what it did not get.
    if (clock.ticks() >= by.due) return { kind: 'loader', reason: NOT_THERE };
    await issuer.issue(plan);
    const isShown = asking.kind === 'shown';
    return { kind: 'uki', plan, unmet: choice.unmet, artifact, isShown, boot, isDoneByStart };
  }

  #told(subject: Subject, file: FirmwareFile): FirmwareFile {
    this.#tell(subject, file);
    return this.#seen(subject, file);
  }

  /** What comes from there is this machine's from now on. */
  #seen({ name, facts }: Subject, file: FirmwareFile): FirmwareFile {
    if (file.kind === 'uki') {
      const { isShown, plan, boot } = file;
      this.#parts.attribution.saw(name, facts.sourceAddress, { plan, isShown, ...(isShown && { boot }) });
    }
    return file;
  }

  #tell({ name: machine, facts }: Subject, file: FirmwareFile): void {
    const { events } = this.#parts;
    const told = { machine, address: facts.sourceAddress };
    if (file.kind === 'refused') {
      const { reason, isUnassigned } = file;
      events({ event: 'uki.refused', ...told, reason, isUnassigned });
    }
    if (file.kind === 'local') {
      const { assignment, why, reason } = file;
      events({ event: 'uki.local', ...told, assignment, why, reason });
    }
    if (file.kind === 'loader') {
      const { reason, code } = file;
      events({ event: 'uki.replaced', ...told, reason, ...(code !== undefined && { code }) });
    }
    if (file.kind !== 'uki') return;
    const { assignment, image, id: plan } = file.plan;
    const { unmet, isDoneByStart } = file;
    const isIso = file.plan.kind === 'iso' && ({ isIso: true } as const);
    const planned = { ...told, assignment, image: image.reference, plan, ...isIso };
    const more = { ...(unmet.length > 0 && { unmet }), ...(isDoneByStart && { isDoneByStart }) };
    events({ event: 'uki.planned', ...planned, ...more });
  }
}

function isGiven({ kind }: FirmwareFile): boolean {
  return kind === 'uki' || kind === 'loader';
}

function assignmentOf(selection: Selection): Assignment | undefined {
  return selection.kind === 'selected' ? selection.assignment : undefined;
}

/** Anybody may ask in a machine's name, and for another processor: who asks from elsewhere changes nothing for it. */
function keyOf({ macs, uuid, architecture, sourceAddress }: MachineFacts): string {
  return [...macs, uuid, architecture, sourceAddress].join(' ');
}
