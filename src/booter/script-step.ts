import type { BlobSource } from '../blob/blob-store.js';
import type { EventSink } from '../boot/event.js';
import { type BootPlan, type PlanInput, type Planning, planBoot, restsOnUki, startOf } from '../boot/plan.js';
import { mustReport } from '../boot/policy.js';
import { settle } from '../boot/select.js';
import { whoseStanding } from '../boot/standing-keys.js';
import type { Clock } from '../clock.js';
import { BootlayerError, publicMessage } from '../errors.js';
import { formatBytes, formatSeconds } from '../format.js';
import { DONE_PLACEHOLDER, placeholdersIn } from '../image/command-line.js';
import { artifactOf } from '../image/image.js';
import type { Subject } from '../machine/inventory.js';
import type { Descriptor } from '../oci/descriptor.js';
import { formatReference } from '../oci/reference.js';
import type { Attribution } from './attribution.js';
import {
  isPatient,
  localScript,
  NO_CAPABILITY,
  planScript,
  refusalOf,
  type Waiting,
  waitingScript,
} from './boot-script.js';
import type { BootUrls } from './boot-urls.js';
import type { Capabilities } from './capabilities.js';
import type { DhcpMemory } from './dhcp-memory.js';
import type { Enrolments } from './enrolments.js';
import type { Images, MappedImages } from './mapped-images.js';
import { assignmentFor, type Mapping } from './mapping.js';
import type { PlanIssuer } from './plan-issuer.js';
import type { Judged, PolicyStep, ToBoot } from './policy-step.js';
import { ARCHITECTURE_UNKNOWN, mayPass, NO_ASSIGNMENT, type Planned, UNTOLD, wishOf } from './preparation.js';
import { attemptOf, factsFromQuery, type ScriptQuery } from './report.js';
import { scriptStarter } from './starter.js';
import type { VerifiedContents } from './verified-contents.js';

export type ScriptStepParts = {
  /** The one in force. */
  readonly mapping: () => Mapping;
  readonly mapped: MappedImages;
  readonly images: Pick<Images, 'askedFor'>;
  readonly memory: DhcpMemory;
  readonly attribution: Attribution;
  readonly issuer: PlanIssuer;
  readonly policies: PolicyStep;
  readonly capabilities: Pick<Capabilities, 'of'>;
  readonly enrolments: Enrolments;
  /** Whether machines that nothing matches wait for an assignment. */
  readonly enrols: () => boolean;
  readonly urls: BootUrls;
  /** What UKIs hold, of verified bytes. */
  readonly ukis: Pick<VerifiedContents, 'of' | 'received'>;
  readonly prefetch: (descriptor: Descriptor, sources: readonly BlobSource[]) => void;
  readonly isDraining: () => boolean;
  /** Its facts may name several machines. */
  readonly contradicted: (subject: Subject) => void;
  readonly events: EventSink;
  readonly clock: Clock;
  /** Something of ours broke while this was done. */
  readonly reportFault: (doing: string, thrown: unknown) => void;
};

/** A script is answered within five seconds, ready or not; the rest is for the network and the rendering. */
const PATIENCE_MILLISECONDS = 4_000;
/** Of these, so many for a UKI that is not all there. */
const UKI_PATIENCE_MILLISECONDS = 3_500;

/** A screen tells what is known by then. */
const LOOK_MILLISECONDS = 200;

type Readiness =
  | { readonly kind: 'ready'; readonly script: string; readonly planned: Planned }
  | { readonly kind: 'refused'; readonly reason: string }
  | Waits;

type Waits = { readonly kind: 'waiting'; readonly reason: string };

/** Who boots what. */
type Boot = Pick<ToBoot, 'assignment' | 'asking' | 'boot' | 'isDoneByStart' | 'isNext'> & { readonly subject: Subject };

/** iPXE reports its machine, and gets the script for it. */
export class ScriptStep {
  readonly #parts: ScriptStepParts;

  constructor(parts: ScriptStepParts) {
    this.#parts = parts;
  }

  /** The script for the machine that reports itself with this query. Never throws: what goes wrong is on its screen. */
  async script(query: ScriptQuery, address: string): Promise<string> {
    const { memory, attribution, contradicted, policies, mapping: inForce } = this.#parts;
    const mapping = inForce();
    const subject = mapping.inventory.identify(memory.withFirmware(factsFromQuery(query, address)));
    memory.asked(subject.facts.macs);
    contradicted(subject);
    const attempt = attemptOf(query);
    const assignment = settle(assignmentFor(mapping, subject));
    try {
      const judged = await policies.judge(subject, assignment);
      if (judged.kind !== 'unmapped') this.#parts.enrolments.isAssigned(subject);
      if (judged.kind !== 'boot') return this.#withoutImage(subject, judged, attempt);
      attribution.saw(subject.name, address, { isShown: judged.asking.kind === 'shown' });
      const boot = { subject, ...judged };
      return this.#answer(boot, await this.#readyWithinPatience(boot, mapping), attempt);
    } catch (thrown) {
      const readiness = this.#failed(subject, thrown);
      return assignment === undefined
        ? this.#refuse(subject, readiness.reason)
        : this.#answer({ subject, assignment }, readiness, attempt);
    }
  }

  async #readyWithinPatience(boot: Boot, mapping: Mapping): Promise<Readiness> {
    const { clock, isDraining } = this.#parts;
    if (isDraining()) return { kind: 'waiting', reason: 'the server is restarting' };
    try {
      const timely = await clock.within(PATIENCE_MILLISECONDS, this.#ready(boot, mapping));
      return timely.kind === 'done' ? timely.value : { kind: 'waiting', reason: this.#progress(boot) };
    } catch (thrown) {
      return this.#failed(boot.subject, thrown);
    }
  }

  #failed(subject: Subject, thrown: unknown): Exclude<Readiness, { kind: 'ready' }> {
    const error = BootlayerError.from(thrown);
    if (error.code === 'INTERNAL') this.#parts.reportFault(`preparing the boot of ${subject.name}`, thrown);
    return { kind: mayPass(error) ? 'waiting' : 'refused', reason: publicMessage(error) };
  }

  async #ready(boot: Boot, { defaults }: Mapping): Promise<Readiness> {
    const { mapped, issuer, urls } = this.#parts;
    const { subject, assignment } = boot;
    const wish = wishOf(subject, assignment);
    if (wish === undefined) return { kind: 'refused', reason: ARCHITECTURE_UNKNOWN };
    const image = await mapped.resolve(assignment.image, wish);
    const starter = scriptStarter(subject.facts, wish.architecture);
    const planning = await this.#plan({ subject, assignment, image, defaults: defaults.kernelArgs, starter });
    if (planning.kind === 'waiting') return planning;
    if (planning.kind !== 'plan') return { kind: 'refused', reason: planning.reason };
    const { plan, choice } = planning;
    if (mustReport(assignment.policy) && !boot.isNext && choice.unmet.includes('arguments'))
      return { kind: 'refused', reason: UNTOLD };
    const capability = await this.#capability(boot, plan);
    const rendered = planScript(plan, urls.for(subject.facts.sourceAddress), { capability, unmet: choice.unmet });
    if (rendered.kind === 'refused') return rendered;
    await issuer.issue(plan);
    return { kind: 'ready', planned: planning, script: rendered.text };
  }

  /**
   * What a UKI says of itself is believed when its digest is proven: whoever answers for its registry could have it started with
   * other arguments, or something else of it started. Nothing is left waiting for it but for a while.
   */
  async #plan(input: PlanInput): Promise<Planning | Waits> {
    const { clock, ukis, mapped } = this.#parts;
    const { image } = input;
    const planning = planBoot(input);
    const uki = artifactOf(image, 'uki');
    if (uki === undefined || !restsOnUki(planning, input)) return planning;
    const read = await clock.within(UKI_PATIENCE_MILLISECONDS, ukis.of({ ...uki, location: image.location }));
    if (read.kind === 'late') {
      const arrived = await this.#arrived(uki.descriptor);
      return { kind: 'waiting', reason: `the UKI of ${image.reference} is on its way: ${arrived}` };
    }
    if (read.value.kind === 'uki') mapped.opened(uki, read.value.uki);
    return planBoot({ ...input, image: { ...image, contents: { ...image.contents, uki: read.value } } });
  }

  /** Nobody gets one who is not shown to be the machine. */
  async #capability({ subject, boot, asking }: Boot, plan: BootPlan): Promise<string> {
    const { policies, capabilities } = this.#parts;
    if (!placeholdersIn(plan.kernelArgs ?? '').includes(DONE_PLACEHOLDER)) return NO_CAPABILITY;
    if (asking.kind === 'doubted') {
      policies.mismatched(subject, boot, asking.reason);
      return NO_CAPABILITY;
    }
    const { id, machine, beganAt } = boot;
    const { keys, also = [] } = whoseStanding(subject);
    return capabilities.of({ boot: id, machine, beganAt, keys, also });
  }

  /** What the machine's screen says while its image is not there yet. */
  #progress({ subject, assignment }: Boot): string {
    const wish = wishOf(subject, assignment);
    const seconds = wish === undefined ? undefined : this.#parts.images.askedFor(assignment.image, wish);
    const since = seconds === undefined ? '' : `, asking for ${formatSeconds(seconds)}`;
    return `${formatReference(assignment.image)} is being resolved${since}`;
  }

  /** How much of it has come, as far as that is known at once. */
  async #arrived(uki: Descriptor): Promise<string> {
    const { clock, ukis } = this.#parts;
    const size = formatBytes(uki.size);
    const known = await clock.within(LOOK_MILLISECONDS, ukis.received(uki)).catch(() => undefined);
    const received = known?.kind === 'done' ? known.value : undefined;
    return received === undefined ? size : `${Math.floor((100 * received) / uki.size)} % of ${size}`;
  }

  #answer(
    { subject, assignment, isDoneByStart = false }: Pick<Boot, 'subject' | 'assignment'> & Partial<Boot>,
    readiness: Readiness,
    attempt: number,
  ): string {
    const { attribution, events } = this.#parts;
    const { sourceAddress: address } = subject.facts;
    const image = formatReference(assignment.image);
    switch (readiness.kind) {
      case 'refused':
        return this.#refuse(subject, readiness.reason);
      case 'waiting': {
        const { reason } = readiness;
        if (!isPatient({ attempt })) return this.#refuse(subject, `${reason} (asked ${attempt} times)`);
        return this.#wait(subject, { machine: subject.name, reason, attempt }, image);
      }
      case 'ready': {
        const { planned, script } = readiness;
        const { plan, choice } = planned;
        attribution.saw(subject.name, address, { image: plan.image.manifestDigest });
        this.#prefetch(plan);
        const { name: machine } = subject;
        const { way, unmet } = choice;
        const sent = { machine, address, image, assignment: assignment.name, plan: plan.id, way };
        const more = { ...(unmet.length > 0 && { unmet }), ...(isDoneByStart && { isDoneByStart }) };
        events({ event: 'script.sent', ...sent, ...more });
        return script;
      }
    }
  }

  /** What a machine is told that boots nothing of ours, now or at all. */
  #withoutImage(subject: Subject, judged: Exclude<Judged, ToBoot>, attempt: number): string {
    const { enrolments, enrols } = this.#parts;
    const { name: machine } = subject;
    switch (judged.kind) {
      case 'local':
        return this.#local(subject, judged);
      case 'unsure':
        if (!isPatient({ attempt })) return this.#local(subject, { ...judged, why: 'doubted' });
        return this.#wait(
          subject,
          { machine, reason: judged.reason, attempt },
          formatReference(judged.assignment.image),
        );
      case 'unmapped': {
        const waiting = { machine, reason: NO_ASSIGNMENT, attempt, isUnknown: true };
        if (!enrols() || !isPatient(waiting)) return this.#refuse(subject, NO_ASSIGNMENT);
        const script = this.#wait(subject, waiting);
        enrolments.waits(subject, judged.asking.kind === 'shown');
        return script;
      }
    }
  }

  #wait({ facts: { sourceAddress: address } }: Subject, waiting: Waiting, image?: string): string {
    const { events, urls } = this.#parts;
    const { machine, attempt, reason } = waiting;
    events({ event: 'script.waiting', machine, address, attempt, reason, ...(image !== undefined && { image }) });
    return waitingScript(urls.for(address), waiting);
  }

  #local(subject: Subject, { assignment, why, reason }: Omit<Extract<Judged, { kind: 'local' }>, 'kind'>): string {
    const { name: machine, facts } = subject;
    const told = { machine, address: facts.sourceAddress, assignment: assignment.name };
    this.#parts.events({ event: 'script.local', ...told, why, reason });
    return localScript(subject, why, reason);
  }

  /** The kernel will be asked for in a moment, and the initramfs after it. */
  #prefetch(plan: BootPlan): void {
    const { prefetch, mapped } = this.#parts;
    for (const { descriptor } of startOf(plan)) prefetch(descriptor, mapped.sourcesOf(descriptor, plan.image.location));
  }

  #refuse(subject: Subject, reason: string): string {
    const { name: machine, facts } = subject;
    this.#parts.events({ event: 'script.refused', machine, address: facts.sourceAddress, reason });
    return refusalOf(subject, reason);
  }
}
