import type { MemoryShortage } from '../boot/memory-need.js';
import { type BootPlan, kernelArgsOf } from '../boot/plan.js';
import type { Clock } from '../clock.js';
import { BootlayerError, type ErrorCode, publicMessage } from '../errors.js';
import { formatSeconds } from '../format.js';
import { DONE_PLACEHOLDER, PROVISION_PLACEHOLDER, placeholdersIn } from '../image/command-line.js';
import type { ResolvedImage } from '../image/image.js';
import type { Subject } from '../machine/inventory.js';
import { formatReference } from '../oci/reference.js';
import type { BootUrls } from './boot-urls.js';
import { type Capabilities, ofBoot } from './capabilities.js';
import type { Images, MappedImages } from './mapped-images.js';
import type { Mapping } from './mapping.js';
import { type GivenCapabilities, NO_CAPABILITIES } from './placeholder-urls.js';
import type { PlanIssuer } from './plan-issuer.js';
import type { PolicyStep, ToBoot } from './policy-step.js';
import { ARCHITECTURE_UNKNOWN, mayPass, type Planned, plannedScript, wishOf } from './preparation.js';
import type { Provisioning } from './provisioning.js';
import { scriptStarter } from './starter.js';
import { VerifiedPlans, type VerifiedPlansParts, type Waits } from './verified-plans.js';

export type ScriptReadinessParts = VerifiedPlansParts & {
  readonly mapped: Pick<MappedImages, 'resolve' | 'opened'>;
  readonly images: Pick<Images, 'askedFor'>;
  readonly issuer: PlanIssuer;
  readonly policies: Pick<PolicyStep, 'mismatched'>;
  readonly capabilities: Pick<Capabilities, 'of'>;
  readonly provisioning: Pick<Provisioning, 'unready' | 'capability'>;
  readonly urls: BootUrls;
  readonly isDraining: () => boolean;
  readonly clock: Clock;
  /** Something of ours broke while this was done. */
  readonly reportFault: (doing: string, thrown: unknown) => void;
};

/** A script is answered within five seconds, ready or not; the rest is for the network and the rendering. */
const PATIENCE_MILLISECONDS = 4_000;

/** What a machine that boots an image is answered. */
export type Readiness =
  | {
      readonly kind: 'ready';
      readonly script: string;
      readonly planned: Planned;
      /** It is known to have too little memory, and boots all the same. */
      readonly shortage?: MemoryShortage;
    }
  | { readonly kind: 'refused'; readonly reason: string; readonly code?: ErrorCode }
  | (Waits & { readonly code?: ErrorCode });

type Given =
  | { readonly kind: 'given'; readonly given: GivenCapabilities }
  | { readonly kind: 'refused'; readonly reason: string };

/** Who boots what. */
export type Boot = Pick<ToBoot, 'assignment' | 'asking' | 'boot' | 'isDoneByStart' | 'isNext'> & {
  readonly subject: Subject;
};

/** Whether the scripts of machines are ready: planned by verified bytes, rendered and kept. */
export class ScriptReadiness {
  readonly #parts: ScriptReadinessParts;
  readonly #plans: VerifiedPlans;

  constructor(parts: ScriptReadinessParts) {
    this.#parts = parts;
    this.#plans = new VerifiedPlans(parts);
  }

  /** It is known in time, or the machine waits. `asked`: when it did, in ticks of the clock. Never throws. */
  async of(boot: Boot, mapping: Mapping, asked: number): Promise<Readiness> {
    const { clock, isDraining } = this.#parts;
    if (isDraining()) return { kind: 'waiting', reason: 'the server is restarting' };
    const due = asked + PATIENCE_MILLISECONDS;
    try {
      const timely = await clock.within(Math.max(0, due - clock.ticks()), this.#ready(boot, mapping, due));
      return timely.kind === 'done' ? timely.value : { kind: 'waiting', reason: this.#progress(boot) };
    } catch (thrown) {
      return this.failed(boot.subject, thrown);
    }
  }

  /** What went wrong may pass by itself, or does not. */
  failed(subject: Subject, thrown: unknown): Exclude<Readiness, { kind: 'ready' }> {
    const error = BootlayerError.from(thrown);
    if (error.code === 'INTERNAL') this.#parts.reportFault(`preparing the boot of ${subject.name}`, thrown);
    return { kind: mayPass(error) ? 'waiting' : 'refused', reason: publicMessage(error), code: error.code };
  }

  async #ready(boot: Boot, { defaults }: Mapping, due: number): Promise<Readiness> {
    const { mapped, issuer, urls, clock } = this.#parts;
    const { subject, assignment } = boot;
    const wish = wishOf(subject, assignment);
    if (wish === undefined) return { kind: 'refused', reason: ARCHITECTURE_UNKNOWN };
    const image = await mapped.resolve(assignment.image, wish);
    const starter = scriptStarter(subject.facts, wish.architecture);
    const input = { subject, assignment, image, defaults: defaults.kernelArgs, starter };
    const planning = await this.#plans.plan(input, due);
    // The machine has been told to wait: nothing is kept, or told, of a script that nobody receives.
    if (clock.ticks() >= due) return { kind: 'waiting', reason: this.#progress(boot) };
    if (planning.kind === 'waiting') return planning;
    if (planning.kind !== 'plan') return { kind: 'refused', reason: planning.reason, code: 'PLAN_IMPOSSIBLE' };
    const { plan } = planning;
    const capabilities = await this.#capabilities(boot, plan, image);
    if (capabilities.kind === 'refused') return capabilities;
    const scripted = plannedScript(planning, {
      facts: subject.facts,
      // What is booted once instead need not be done.
      policy: boot.isNext ? undefined : assignment.policy,
      urls: urls.for(subject.facts.sourceAddress),
      given: capabilities.given,
    });
    if (scripted.kind === 'refused') return scripted;
    await issuer.issue(plan);
    return { ...scripted, planned: planning };
  }

  /** Nobody gets one who is not shown to be the machine; without its configuration it is not booted. */
  async #capabilities(boot: Boot, plan: BootPlan, image: ResolvedImage): Promise<Given> {
    const { policies, capabilities, provisioning } = this.#parts;
    const { subject, assignment, asking } = boot;
    const asked = placeholdersIn(kernelArgsOf(plan));
    const provision = asked.includes(PROVISION_PLACEHOLDER) ? assignment.provision : undefined;
    if (!asked.includes(DONE_PLACEHOLDER) && provision === undefined) return { kind: 'given', given: NO_CAPABILITIES };
    if (asking.kind === 'doubted') {
      policies.mismatched(subject, boot.boot, asking.reason);
      return provision === undefined
        ? { kind: 'given', given: NO_CAPABILITIES }
        : { kind: 'refused', reason: `its configuration is for ${subject.name} alone: ${asking.reason}` };
    }
    const whose = { subject, assignment, image };
    const unready = provision && provisioning.unready(whose, provision);
    if (unready !== undefined) return { kind: 'refused', reason: unready };
    const its = ofBoot(subject, boot.boot);
    const none = NO_CAPABILITIES;
    return {
      kind: 'given',
      given: {
        done: asked.includes(DONE_PLACEHOLDER) ? await capabilities.of(its) : none.done,
        provision: provision === undefined ? none.provision : await provisioning.capability(whose, provision, its),
      },
    };
  }

  /** What the machine's screen says while its image is not there yet. */
  #progress({ subject, assignment }: Boot): string {
    const wish = wishOf(subject, assignment);
    const seconds = wish === undefined ? undefined : this.#parts.images.askedFor(assignment.image, wish);
    const since = seconds === undefined ? '' : `, asking for ${formatSeconds(seconds)}`;
    return `${formatReference(assignment.image)} is being resolved${since}`;
  }
}
