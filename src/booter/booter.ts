import type { BlobReader } from '../blob/blob-reader.js';
import type { BlobSource } from '../blob/blob-store.js';
import type { Assignment } from '../boot/assignment.js';
import type { ArtifactTransfer, EventSink } from '../boot/event.js';
import { type BootPlan, planBoot } from '../boot/plan.js';
import type { LocatedArtifact, PlanStore, ResolutionKey } from '../boot/ports.js';
import { selectAssignment, settle } from '../boot/select.js';
import { type Clock, secondsSince } from '../clock.js';
import { BootlayerError, type ErrorCode } from '../errors.js';
import type { KernelArgs } from '../image/command-line.js';
import type { ImageWish, ResolvedImage } from '../image/image.js';
import type { Inventory, Subject } from '../machine/inventory.js';
import type { Descriptor } from '../oci/descriptor.js';
import type { Digest } from '../oci/digest.js';
import { formatReference, type ImageReference } from '../oci/reference.js';
import { Attribution } from './attribution.js';
import { greetingScript, MAX_ATTEMPTS, planScript, refusalScript, waitingScript } from './boot-script.js';
import type { BootUrls } from './boot-urls.js';
import type { MappedWish } from './mapped-wishes.js';
import { attemptOf, factsFromQuery, type ScriptQuery } from './report.js';
import { ServedArtifacts } from './served-artifacts.js';

/** What a reference means now; `catalog/` is it. */
export interface Images {
  resolve(reference: ImageReference, wish: ImageWish): Promise<ResolvedImage>;
  sourceOf(location: string): BlobSource;
}

/** The cache as the booter uses it; `blob/` is it. */
export interface Blobs {
  open(descriptor: Descriptor, source: BlobSource): Promise<BlobReader>;
  prefetch(descriptor: Descriptor, source: BlobSource): void;
}

export type BooterParts = {
  readonly inventory: Inventory;
  /** In the order of `orderAssignments`. */
  readonly assignments: readonly Assignment[];
  readonly defaults: KernelArgs;
  readonly images: Images;
  readonly blobs: Blobs;
  readonly plans: PlanStore;
  readonly urls: BootUrls;
  readonly events: EventSink;
  readonly clock: Clock;
};

/** A script is answered within five seconds, ready or not; the rest is for the network and the rendering. */
const PATIENCE_MILLISECONDS = 4_000;
/** What an issued plan names stays served for a day. */
const PLAN_LIFE_MILLISECONDS = 24 * 60 * 60 * 1000;

/** These may pass by themselves, so the machine waits; whatever else goes wrong is shown and ends the attempt. */
const PASSING: ReadonlySet<ErrorCode> = new Set([
  'REGISTRY_UNREACHABLE',
  'BLOB_UNAVAILABLE',
  'DISK_FULL',
  'DATA_UNUSABLE',
  'INTERNAL',
]);

type Preparation =
  | { readonly kind: 'script'; readonly text: string; readonly plan: BootPlan }
  | { readonly kind: 'refused'; readonly reason: string }
  | { readonly kind: 'waiting'; readonly reason: string };

/** What the front ends ask: who is this, what does it boot, where are the bytes; and what happened, told as events. */
export class Booter {
  readonly #parts: BooterParts;
  readonly #served = new ServedArtifacts();
  readonly #attribution: Attribution;
  #draining = false;

  constructor(parts: BooterParts) {
    this.#parts = parts;
    this.#attribution = new Attribution(() => parts.clock.ticks());
  }

  /** From now on machines are told to wait: the server is about to end. */
  drain(): void {
    this.#draining = true;
  }

  /** The constant script that makes a machine report itself. */
  greeting(address: string): string {
    this.#parts.events({ event: 'greeting.sent', address });
    return greetingScript(this.#parts.urls);
  }

  /** The script for the machine that reports itself with this query. Never throws: what goes wrong is on its screen. */
  async script(query: ScriptQuery, address: string): Promise<string> {
    const subject = this.#parts.inventory.identify(factsFromQuery(query, address));
    const attempt = attemptOf(query);
    const assignment = settle(selectAssignment(this.#parts.assignments, subject));
    if (assignment === undefined) return this.#refuse(subject, 'no assignment matches this machine');
    this.#attribution.saw(subject.name, address);
    const prepared = this.#draining
      ? ({ kind: 'waiting', reason: 'the server is restarting' } as const)
      : await this.#prepareWithinPatience(subject, assignment);
    return this.#answer(subject, assignment, prepared, attempt);
  }

  /** The artifact that an assignment or an issued plan leads to, or undefined: nothing else is ever served. */
  async findArtifact(digest: Digest): Promise<LocatedArtifact | undefined> {
    const since = this.#parts.clock.now() - PLAN_LIFE_MILLISECONDS;
    return this.#served.find(digest) ?? (await this.#parts.plans.findPlannedArtifact(digest, since));
  }

  openArtifact(artifact: LocatedArtifact): Promise<BlobReader> {
    return this.#parts.blobs.open(artifact.descriptor, this.#parts.images.sourceOf(artifact.location));
  }

  /** One GET of an artifact; `range` as `first-last` when it is of a part. */
  transferOf(artifact: LocatedArtifact, address: string, range?: string): ArtifactTransfer {
    const machine = this.#attribution.machineAt(address);
    return {
      ...(machine !== undefined && { machine }),
      address,
      role: artifact.role,
      digest: artifact.descriptor.digest,
      ...(range !== undefined && { range }),
    };
  }

  /** Runs a transfer and tells how it went; `sent` counts the bytes so far. */
  async recordTransfer(transfer: ArtifactTransfer, sent: () => number, run: () => Promise<void>): Promise<void> {
    const { events, clock } = this.#parts;
    const started = clock.ticks();
    const result = () => ({ bytes: sent(), seconds: secondsSince(started, clock.ticks()) });
    events({ event: 'artifact.started', ...transfer });
    try {
      await run();
      events({ event: 'artifact.sent', ...transfer, ...result() });
    } catch (thrown) {
      events({ event: 'artifact.aborted', ...transfer, ...result(), reason: BootlayerError.from(thrown).message });
      throw thrown;
    }
  }

  /** Resolves what the assignments map, so that the first machine finds it resolved. Failures are events. */
  async resolveMapped(wishes: readonly MappedWish[]): Promise<void> {
    for (const { reference, wish } of wishes) {
      try {
        await this.#resolve(reference, wish);
      } catch {
        // The catalog has told of it as an event, and the machine that needs it will try again.
      }
    }
  }

  /** Forgets plans that are over. */
  async prunePlans(): Promise<number> {
    return this.#parts.plans.prunePlans(this.#parts.clock.now() - PLAN_LIFE_MILLISECONDS);
  }

  async #prepareWithinPatience(subject: Subject, assignment: Assignment): Promise<Preparation> {
    try {
      const timely = await this.#parts.clock.within(PATIENCE_MILLISECONDS, this.#prepare(subject, assignment));
      return timely.kind === 'done' ? timely.value : { kind: 'waiting', reason: 'its image is being resolved' };
    } catch (thrown) {
      const error = BootlayerError.from(thrown);
      return PASSING.has(error.code)
        ? { kind: 'waiting', reason: error.message }
        : { kind: 'refused', reason: error.message };
    }
  }

  async #prepare(subject: Subject, assignment: Assignment): Promise<Preparation> {
    const { architecture } = subject.facts;
    if (architecture === undefined) {
      return { kind: 'refused', reason: 'it does not report its architecture, and none is configured for it' };
    }
    const wish: ImageWish = { os: 'linux', architecture, variant: assignment.variant };
    const image = await this.#resolve(assignment.image, wish);
    const planning = planBoot({ subject, assignment, image, defaults: this.#parts.defaults });
    if (planning.kind === 'refused') return planning;
    const rendered = planScript(planning.plan, this.#parts.urls);
    if (rendered.kind === 'refused') return rendered;
    await this.#parts.plans.savePlan(planning.plan, this.#parts.clock.now());
    return { kind: 'script', text: rendered.text, plan: planning.plan };
  }

  async #resolve(reference: ImageReference, wish: ImageWish): Promise<ResolvedImage> {
    const image = await this.#parts.images.resolve(reference, wish);
    const key: ResolutionKey = { reference: formatReference(reference), wish };
    this.#served.replace(key, image);
    return image;
  }

  #answer(subject: Subject, assignment: Assignment, prepared: Preparation, attempt: number): string {
    const { sourceAddress: address } = subject.facts;
    const image = formatReference(assignment.image);
    switch (prepared.kind) {
      case 'refused':
        return this.#refuse(subject, prepared.reason);
      case 'waiting':
        if (attempt >= MAX_ATTEMPTS) return this.#refuse(subject, `${prepared.reason} (asked ${attempt} times)`);
        this.#parts.events({
          event: 'script.waiting',
          machine: subject.name,
          address,
          image,
          attempt,
          reason: prepared.reason,
        });
        return waitingScript(this.#parts.urls, subject.name, prepared.reason, attempt);
      case 'script':
        this.#prefetch(prepared.plan);
        this.#parts.events({
          event: 'script.sent',
          machine: subject.name,
          address,
          assignment: assignment.name,
          image,
          plan: prepared.plan.id,
        });
        return prepared.text;
    }
  }

  /** The kernel will be asked for in a moment, and the initramfs after it. */
  #prefetch(plan: BootPlan): void {
    const source = this.#parts.images.sourceOf(plan.image.location);
    for (const { descriptor } of [plan.kernel, plan.initramfs]) this.#parts.blobs.prefetch(descriptor, source);
  }

  #refuse(subject: Subject, reason: string): string {
    const { macs, uuid, architecture, sourceAddress: address } = subject.facts;
    this.#parts.events({ event: 'script.refused', machine: subject.name, address, reason });
    const facts = [
      `MAC ${macs.join(' ') || 'not reported'}`,
      `UUID ${uuid ?? 'not reported'}`,
      `architecture ${architecture ?? 'not reported'}`,
    ];
    return refusalScript(subject.name, facts, reason);
  }
}
