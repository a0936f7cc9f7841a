import type { EventSink } from '../boot/event.js';
import { kernelArgsOf, planUki, type UkiPlan } from '../boot/plan.js';
import type { LocatedArtifact } from '../boot/ports.js';
import { settle } from '../boot/select.js';
import type { Clock } from '../clock.js';
import { BootlayerError, publicMessage } from '../errors.js';
import type { MachineFacts } from '../machine/facts.js';
import type { Subject } from '../machine/inventory.js';
import type { Attribution } from './attribution.js';
import type { MappedImages } from './mapped-images.js';
import type { Mapping } from './mapping.js';
import type { PlanIssuer } from './plan-issuer.js';
import { wishOf } from './preparation.js';

export type FirmwareStepParts = {
  /** The one in force. */
  readonly mapping: () => Mapping;
  readonly mapped: MappedImages;
  readonly attribution: Attribution;
  readonly issuer: PlanIssuer;
  readonly events: EventSink;
  readonly clock: Clock;
  /** Something of ours broke while this was done. */
  readonly reportFault: (doing: string, thrown: unknown) => void;
};

/** What UEFI HTTP Boot starts on a machine. */
export type FirmwareFile =
  /** `isPlain`: the mapping has no kernel arguments for it, which nobody could give to a UKI. */
  | { readonly kind: 'uki'; readonly artifact: LocatedArtifact; readonly plan: UkiPlan; readonly isPlain: boolean }
  /** iPXE, which has a screen, and time to wait. */
  | { readonly kind: 'loader'; readonly reason: string }
  | { readonly kind: 'refused'; readonly reason: string };

type Chosen = { readonly at: number; readonly file: FirmwareFile };

/** EDK2 waits five seconds for an answer (edk2: NetworkPkg/HttpBootDxe). */
const PATIENCE_MILLISECONDS = 3_000;
/** It asks for the size first (HEAD), and then for the file, which must be the same. */
const SAME_FILE_MILLISECONDS = 15_000;
const MAX_MACHINES = 10_000;

/** What the firmware of machines fetches by itself. */
export class FirmwareStep {
  readonly #parts: FirmwareStepParts;
  /** By machine and architecture, in the order of their last choice. */
  readonly #chosen = new Map<string, Chosen>();

  constructor(parts: FirmwareStepParts) {
    this.#parts = parts;
  }

  /** The UKI of its image, when it has one and is ready in time; else iPXE. Never throws. */
  async file(facts: MachineFacts): Promise<FirmwareFile> {
    const subject = this.#parts.mapping().inventory.identify(facts);
    const now = this.#parts.clock.ticks();
    // Anybody may ask in the machine's name, and for another processor.
    const key = `${subject.facts.architecture} ${subject.name}`;
    const last = this.#chosen.get(key);
    if (last !== undefined && now - last.at < SAME_FILE_MILLISECONDS) return last.file;
    const file = await this.#choose(subject);
    if (file.kind !== 'refused') this.#keep(key, { at: now, file });
    this.#tell(subject, file);
    return file;
  }

  async #choose(subject: Subject): Promise<FirmwareFile> {
    const { mapping, clock } = this.#parts;
    const selection = mapping().index.select(subject);
    if (selection.kind === 'none') return { kind: 'refused', reason: 'no assignment matches this machine' };
    if (selection.kind === 'undecided')
      return { kind: 'loader', reason: `"${selection.assignment.name}" waits for what iPXE alone reports` };
    try {
      const timely = await clock.within(PATIENCE_MILLISECONDS, this.#planned(subject));
      return timely.kind === 'done' ? timely.value : { kind: 'loader', reason: 'its image is still being resolved' };
    } catch (thrown) {
      const error = BootlayerError.from(thrown);
      if (error.code === 'INTERNAL') this.#parts.reportFault(`choosing what ${subject.name} starts`, thrown);
      return { kind: 'loader', reason: publicMessage(error) };
    }
  }

  async #planned(subject: Subject): Promise<FirmwareFile> {
    const { mapping, mapped, attribution, issuer } = this.#parts;
    const { index, defaults } = mapping();
    const assignment = settle(index.select(subject));
    const wish = assignment && wishOf(subject, assignment);
    if (assignment === undefined || wish === undefined)
      return { kind: 'loader', reason: 'its architecture is unknown' };
    const image = await mapped.resolve(assignment.image, wish);
    const input = { subject, assignment, image, defaults: defaults.kernelArgs };
    const planning = planUki(input);
    if (planning.kind === 'refused') return { kind: 'loader', reason: planning.reason };
    const { plan } = planning;
    await issuer.issue(plan);
    attribution.saw(subject.name, subject.facts.sourceAddress, plan.image.manifestDigest);
    const isPlain = kernelArgsOf(input).every((args) => Object.keys(args).length === 0);
    return { kind: 'uki', plan, isPlain, artifact: { ...plan.uki, location: plan.image.location } };
  }

  #keep(key: string, chosen: Chosen): void {
    this.#chosen.delete(key);
    this.#chosen.set(key, chosen);
    const [oldest] = this.#chosen.keys();
    if (this.#chosen.size > MAX_MACHINES && oldest !== undefined) this.#chosen.delete(oldest);
  }

  #tell({ name: machine, facts }: Subject, file: FirmwareFile): void {
    const { events } = this.#parts;
    const told = { machine, address: facts.sourceAddress };
    if (file.kind === 'refused') events({ event: 'uki.refused', ...told, reason: file.reason });
    if (file.kind === 'loader') events({ event: 'uki.replaced', ...told, reason: file.reason });
    if (file.kind !== 'uki') return;
    const { assignment, image, id: plan } = file.plan;
    events({ event: 'uki.planned', ...told, assignment, image: image.reference, plan, isPlain: file.isPlain });
  }
}
