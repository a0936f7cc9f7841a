import type { BlobSource } from '../blob/blob-store.js';
import type { EventSink, Undecided } from '../boot/event.js';
import { type BootPlan, startOf } from '../boot/plan.js';
import type { UnsureWhy } from '../boot/policy.js';
import { missingFacts, type Selection, settle } from '../boot/select.js';
import type { ErrorCode } from '../errors.js';
import type { Subject } from '../machine/inventory.js';
import type { Descriptor } from '../oci/descriptor.js';
import { formatReference } from '../oci/reference.js';
import type { Attribution } from './attribution.js';
import { isPatient, localScript, refusalOf, type Waiting, waitingScript } from './boot-script.js';
import type { DhcpMemory } from './dhcp-memory.js';
import type { Enrolments } from './enrolments.js';
import type { MappedImages } from './mapped-images.js';
import { assignmentFor, type Mapping } from './mapping.js';
import type { Judged, PolicyStep, ToBoot } from './policy-step.js';
import { NO_ASSIGNMENT } from './preparation.js';
import { attemptOf, factsFromQuery, type ScriptQuery } from './report.js';
import { type Boot, type Readiness, ScriptReadiness, type ScriptReadinessParts } from './script-readiness.js';

export type ScriptStepParts = ScriptReadinessParts & {
  /** The one in force. */
  readonly mapping: () => Mapping;
  readonly mapped: MappedImages;
  readonly memory: DhcpMemory;
  readonly attribution: Attribution;
  readonly policies: PolicyStep;
  readonly enrolments: Enrolments;
  /** Whether machines that nothing matches wait for an assignment. */
  readonly enrols: () => boolean;
  readonly prefetch: (descriptor: Descriptor, sources: readonly BlobSource[]) => void;
  /** Its facts may name several machines. */
  readonly contradicted: (subject: Subject) => void;
  readonly events: EventSink;
};

/** `code`: of the error that stands behind it, where there is one. */
type Refused = {
  readonly reason: string;
  readonly code?: ErrorCode;
  readonly isUnassigned?: true;
  readonly undecided?: Undecided;
};

/** For what a machine waits. */
type Awaited = { readonly image?: string; readonly unsure?: UnsureWhy } & Omit<Refused, 'reason'>;

type SentToDisk = Omit<Extract<Judged, { kind: 'local' }>, 'kind'> & { readonly unsure?: UnsureWhy };
type Unmapped = Extract<Judged, { kind: 'unmapped' }>;
type Unassigned = { readonly judged: Unmapped; readonly selection: Selection; readonly attempt: number };

/** iPXE reports its machine, and gets the script for it. */
export class ScriptStep {
  readonly #parts: ScriptStepParts;
  readonly #readiness: ScriptReadiness;

  constructor(parts: ScriptStepParts) {
    this.#parts = parts;
    this.#readiness = new ScriptReadiness(parts);
  }

  /** The script for the machine that reports itself with this query. Never throws: what goes wrong is on its screen. */
  async script(query: ScriptQuery, address: string): Promise<string> {
    const { memory, contradicted, mapping: inForce } = this.#parts;
    const mapping = inForce();
    const subject = mapping.inventory.identify(memory.withFirmware(factsFromQuery(query, address)));
    memory.asked(subject.facts.macs);
    try {
      return await this.#scriptFor(subject, mapping, attemptOf(query));
    } finally {
      // Not before its boot has begun, of which that is told.
      contradicted(subject);
    }
  }

  async #scriptFor(subject: Subject, mapping: Mapping, attempt: number): Promise<string> {
    const { attribution, policies, clock } = this.#parts;
    const { sourceAddress: address } = subject.facts;
    const asked = clock.ticks();
    const selection = assignmentFor(mapping, subject);
    const assignment = settle(selection);
    try {
      const judged = await policies.judge(subject, assignment);
      if (judged.kind !== 'unmapped') this.#parts.enrolments.isAssigned(subject);
      if (judged.kind === 'unmapped') return this.#unassigned(subject, { judged, selection, attempt });
      if (judged.kind !== 'boot') return this.#withoutImage(subject, judged, attempt);
      attribution.saw(subject.name, address, { isShown: judged.asking.kind === 'shown' });
      const boot = { subject, ...judged };
      return this.#answer(boot, await this.#readiness.of(boot, mapping, asked), attempt);
    } catch (thrown) {
      const readiness = this.#readiness.failed(subject, thrown);
      return assignment === undefined
        ? this.#refuse(subject, readiness)
        : this.#answer({ subject, assignment }, readiness, attempt);
    }
  }

  #answer(
    { subject, assignment, asking, boot, isDoneByStart = false }: Pick<Boot, 'subject' | 'assignment'> & Partial<Boot>,
    readiness: Readiness,
    attempt: number,
  ): string {
    const { attribution, events } = this.#parts;
    const { sourceAddress: address } = subject.facts;
    const image = formatReference(assignment.image);
    switch (readiness.kind) {
      case 'refused':
        return this.#refuse(subject, readiness);
      case 'waiting': {
        const { reason, ...why } = readiness;
        if (!isPatient({ attempt }))
          return this.#refuse(subject, { ...why, reason: `${reason} (asked ${attempt} times)` });
        return this.#wait(subject, { machine: subject.name, reason, attempt }, { image, ...why });
      }
      case 'ready': {
        const { planned, script, shortage } = readiness;
        const { plan, choice } = planned;
        attribution.saw(subject.name, address, { plan, ...(asking?.kind === 'shown' && boot && { boot }) });
        this.#prefetch(plan);
        const { name: machine } = subject;
        const { way, unmet } = choice;
        const sent = { machine, address, image, assignment: assignment.name, plan: plan.id, way };
        const wanting = { ...(unmet.length > 0 && { unmet }), ...(shortage && { shortage }) };
        events({ event: 'script.sent', ...sent, ...wanting, ...(isDoneByStart && { isDoneByStart }) });
        return script;
      }
    }
  }

  /** What a machine is told that boots nothing of ours, now or at all. */
  #withoutImage(subject: Subject, judged: Exclude<Judged, ToBoot | Unmapped>, attempt: number): string {
    if (judged.kind === 'local') return this.#local(subject, judged);
    const { assignment, why: unsure, reason } = judged;
    if (!isPatient({ attempt })) return this.#local(subject, { assignment, reason, why: 'doubted', unsure });
    // Not for its image: that of an assignment that is out of force may be none.
    return this.#wait(subject, { machine: subject.name, reason, attempt }, { unsure });
  }

  #unassigned(subject: Subject, { judged, selection, attempt }: Unassigned): string {
    const { enrolments, enrols } = this.#parts;
    const waiting = { machine: subject.name, reason: NO_ASSIGNMENT, attempt, isUnknown: true };
    const why = { isUnassigned: true, ...undecidedIn(selection, subject) } as const;
    if (!enrols() || !isPatient(waiting)) return this.#refuse(subject, { reason: NO_ASSIGNMENT, ...why });
    const script = this.#wait(subject, waiting, why);
    enrolments.waits(subject, judged.asking.kind === 'shown');
    return script;
  }

  #wait({ facts: { sourceAddress: address } }: Subject, waiting: Waiting, known: Awaited = {}): string {
    const { events, urls } = this.#parts;
    const { machine, attempt, reason } = waiting;
    events({ event: 'script.waiting', machine, address, attempt, reason, ...known });
    return waitingScript(urls.for(address), waiting);
  }

  #local(subject: Subject, { assignment, why, reason, unsure }: SentToDisk): string {
    const { name: machine, facts } = subject;
    const told = { machine, address: facts.sourceAddress, assignment: assignment.name };
    this.#parts.events({ event: 'script.local', ...told, why, reason, ...(unsure !== undefined && { unsure }) });
    return localScript(subject, why, reason);
  }

  /** The kernel will be asked for in a moment, and the initramfs after it. */
  #prefetch(plan: BootPlan): void {
    const { prefetch, mapped } = this.#parts;
    for (const { descriptor } of startOf(plan)) prefetch(descriptor, mapped.sourcesOf(descriptor, plan.image.location));
  }

  #refuse(subject: Subject, refused: Refused): string {
    const { name: machine, facts } = subject;
    this.#parts.events({ event: 'script.refused', machine, address: facts.sourceAddress, ...refused });
    return refusalOf(subject, refused.reason);
  }
}

/** What nobody could judge, of an assignment that is asked before all others. */
function undecidedIn(selection: Selection, subject: Subject): { readonly undecided?: Undecided } {
  if (selection.kind !== 'undecided') return {};
  const { assignment } = selection;
  const facts = missingFacts(assignment, subject);
  return facts.length === 0 ? {} : { undecided: { assignment: assignment.name, facts } };
}
