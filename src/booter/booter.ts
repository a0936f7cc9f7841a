import type { BlobReader } from '../blob/blob-reader.js';
import type { BlobSource } from '../blob/blob-store.js';
import type { Assignment } from '../boot/assignment.js';
import type { EventSink, LoaderTransfer } from '../boot/event.js';
import { type KernelPlan, startOf } from '../boot/plan.js';
import type { LocatedArtifact, PlanStore } from '../boot/ports.js';
import { settle } from '../boot/select.js';
import type { Clock } from '../clock.js';
import { BootlayerError, publicMessage } from '../errors.js';
import { formatSeconds } from '../format.js';
import type { Subject } from '../machine/inventory.js';
import type { Neighbours } from '../net/neighbours.js';
import type { Descriptor } from '../oci/descriptor.js';
import type { Digest } from '../oci/digest.js';
import { formatReference } from '../oci/reference.js';
import { AddressOwner } from './address-owner.js';
import { Attribution } from './attribution.js';
import type { Slice } from './blob-path.js';
import { autoexecScript, greetingScript, MAX_ATTEMPTS, refusalOf, waitingScript } from './boot-script.js';
import type { BootUrls } from './boot-urls.js';
import { DhcpMemory } from './dhcp-memory.js';
import { DhcpStep } from './dhcp-step.js';
import { Expectations } from './expectations.js';
import { FirmwareStep } from './firmware-step.js';
import { type Images, MappedImages } from './mapped-images.js';
import { createMapping, type Mapping, type MappingInput } from './mapping.js';
import { PlanIssuer } from './plan-issuer.js';
import { ARCHITECTURE_UNKNOWN, mayPass, NO_ASSIGNMENT, prepareBoot, wishOf } from './preparation.js';
import { attemptOf, factsFromQuery, type ScriptQuery } from './report.js';
import { requirePart, sliceReader } from './slice-reader.js';
import { type TransferEnded, TransferEvents } from './transfer-events.js';

/** The cache as the booter uses it; `blob/` is it. */
export interface Blobs {
  open(descriptor: Descriptor, sources: readonly BlobSource[]): Promise<BlobReader>;
  prefetch(descriptor: Descriptor, sources: readonly BlobSource[]): void;
}

export type BooterParts = {
  readonly mapping: MappingInput;
  readonly images: Images;
  readonly blobs: Blobs;
  readonly plans: PlanStore;
  readonly urls: BootUrls;
  readonly events: EventSink;
  readonly clock: Clock;
  readonly neighbours: Neighbours;
};

/** A script is answered within five seconds, ready or not; the rest is for the network and the rendering. */
const PATIENCE_MILLISECONDS = 4_000;
type Readiness =
  | { readonly kind: 'ready'; readonly script: string; readonly plan: KernelPlan }
  | { readonly kind: 'refused'; readonly reason: string }
  | { readonly kind: 'waiting'; readonly reason: string };

/** Who boots, and by which assignment. */
type Boot = { readonly subject: Subject; readonly assignment: Assignment };

/** What the front ends ask: who is this, what does it boot, where are the bytes; and what happened, told as events. */
export class Booter {
  readonly #parts: BooterParts;
  /** What the mapping leads to now. */
  readonly mapped: MappedImages;
  /** What is sent to machines is told here. */
  readonly transferEvents: TransferEvents;
  readonly #attribution: Attribution;
  readonly #issuer: PlanIssuer;
  readonly #memory: DhcpMemory;
  /** What machines ask by DHCP. */
  readonly dhcp: DhcpStep;
  /** What firmware fetches by itself. */
  readonly firmware: FirmwareStep;
  #mapping: Mapping;
  #draining = false;

  constructor(parts: BooterParts) {
    this.#parts = parts;
    this.#mapping = createMapping(parts.mapping);
    this.mapped = new MappedImages({ ...parts, mapping: () => this.#mapping });
    this.#attribution = new Attribution(() => parts.clock.ticks());
    this.#issuer = new PlanIssuer(parts);
    this.#memory = new DhcpMemory(() => parts.clock.ticks());
    const [mapped, attribution, issuer, memory] = [this.mapped, this.#attribution, this.#issuer, this.#memory];
    const mapping = () => this.#mapping;
    const owner = new AddressOwner({ ...parts, attribution, memory, mapping });
    this.transferEvents = new TransferEvents({ ...parts, owner });
    const prefetch = parts.blobs.prefetch.bind(parts.blobs);
    const expectations = new Expectations({ ...parts, mapped, prefetch });
    const isDraining = () => this.#draining;
    this.dhcp = new DhcpStep({ ...parts, mapping, memory, attribution, expectations, isDraining });
    const reportFault = this.reportFault.bind(this);
    this.firmware = new FirmwareStep({
      ...{ ...parts, mapping, mapped, attribution, issuer, isDraining, reportFault },
      begins: (artifact) => this.#begins(artifact),
      contradicted: (subject) => this.#reportContradictions(subject),
    });
  }

  /** The one in force. */
  get mapping(): Mapping {
    return this.#mapping;
  }

  /** From now on machines boot by this mapping. Boots under way keep their plans, and what those name stays served. */
  remap(mapping: MappingInput): void {
    this.#mapping = createMapping(mapping, this.#mapping);
    this.mapped.remapped();
  }

  /** From now on machines are told to wait: the server is about to end. */
  drain(): void {
    this.#draining = true;
  }

  /** The constant script that makes a machine report itself. */
  greeting(address: string): string {
    return greetingScript(this.#parts.urls.for(address));
  }

  /** The same for an iPXE that asks for it by itself, without having been told to (`autoexec.ipxe`). */
  autoexec(address: string): string {
    return autoexecScript(this.#parts.urls.for(address));
  }

  /** The script for the machine that reports itself with this query. Never throws: what goes wrong is on its screen. */
  async script(query: ScriptQuery, address: string): Promise<string> {
    const mapping = this.#mapping;
    const subject = mapping.inventory.identify(this.#memory.withFirmware(factsFromQuery(query, address)));
    this.#memory.asked(subject.facts.macs);
    this.#reportContradictions(subject);
    const attempt = attemptOf(query);
    const assignment = settle(mapping.index.select(subject));
    if (assignment === undefined) return this.#refuse(subject, NO_ASSIGNMENT);
    this.#attribution.saw(subject.name, address);
    const readiness = this.#draining
      ? ({ kind: 'waiting', reason: 'the server is restarting' } as const)
      : await this.#readyWithinPatience({ subject, assignment }, mapping);
    return this.#answer({ subject, assignment }, readiness, attempt);
  }

  /**
   * The artifact that an assignment or an issued plan leads to: nothing else is ever served. Where images differ in what they
   * say of it, the one that the machine at this address boots is believed. Throws BLOB_UNKNOWN.
   */
  async findArtifact(digest: Digest, address: string): Promise<LocatedArtifact> {
    const found = await this.mapped.find(digest, this.#attribution.imageAt(address));
    if (found !== undefined) return found;
    throw new BootlayerError('BLOB_UNKNOWN', `no assignment and no issued plan leads to ${digest}`);
  }

  /** Throws, as its reader does, what the cache throws; REQUEST_INVALID for a slice that is not in it. */
  async openArtifact(artifact: LocatedArtifact, slice?: Slice): Promise<BlobReader> {
    if (slice === undefined) return this.#openWhole(artifact);
    requirePart(slice, artifact.descriptor);
    return sliceReader(await this.#openWhole(artifact), slice);
  }

  /** Resolves when some of it is there. */
  async #begins(artifact: LocatedArtifact): Promise<void> {
    const reader = await this.openArtifact(artifact);
    await reader.available(0).finally(() => reader.close());
  }

  async #openWhole(artifact: LocatedArtifact): Promise<BlobReader> {
    const { descriptor, location } = artifact;
    const noted = (isRefuted: boolean) => (thrown: unknown) => {
      if (BootlayerError.from(thrown).code === 'DIGEST_MISMATCH') this.mapped.disappointed(artifact, { isRefuted });
      throw thrown;
    };
    const sources = this.mapped.sourcesOf(descriptor, location);
    // What cannot even be opened is there, and of another size; later, whoever gave the bytes may be to blame.
    const reader = await this.#parts.blobs.open(descriptor, sources).catch(noted(true));
    return {
      ...reader,
      available: (position, signal) => reader.available(position, signal).catch(noted(false)),
      whole: (signal) => reader.whole(signal).catch(noted(false)),
    };
  }

  /** An artifact begins to be sent; `range`: the part of it that was asked for, when that is not all. */
  artifactBegun(
    { role, descriptor: { digest } }: LocatedArtifact,
    { address, protocol, range }: Pick<LoaderTransfer, 'address' | 'protocol'> & { readonly range: Slice | undefined },
  ): TransferEnded {
    const machine = this.#attribution.machineAt(address);
    return this.transferEvents.artifact({
      ...(machine !== undefined && { machine }),
      ...{ address, protocol, role, digest },
      ...(range !== undefined && { range: `${range.offset}-${range.offset + range.length - 1}` }),
    });
  }

  /** Something of ours broke while this was done. */
  reportFault(doing: string, thrown: unknown): void {
    const error = BootlayerError.from(thrown);
    const { stack = '' } = error.cause instanceof Error ? error.cause : error;
    this.#parts.events({ event: 'fault', doing, reason: error.message, stack });
  }

  async #readyWithinPatience(boot: Boot, mapping: Mapping): Promise<Readiness> {
    try {
      const timely = await this.#parts.clock.within(PATIENCE_MILLISECONDS, this.#ready(boot, mapping));
      return timely.kind === 'done' ? timely.value : { kind: 'waiting', reason: this.#progress(boot) };
    } catch (thrown) {
      const error = BootlayerError.from(thrown);
      if (error.code === 'INTERNAL') this.reportFault(`preparing the boot of ${boot.subject.name}`, thrown);
      const kind = mayPass(error) ? 'waiting' : 'refused';
      return { kind, reason: publicMessage(error) };
    }
  }

  async #ready(boot: Boot, { defaults }: Mapping): Promise<Readiness> {
    const wish = wishOf(boot.subject, boot.assignment);
    if (wish === undefined) return { kind: 'refused', reason: ARCHITECTURE_UNKNOWN };
    const image = await this.mapped.resolve(boot.assignment.image, wish);
    const urls = this.#parts.urls.for(boot.subject.facts.sourceAddress);
    const prepared = prepareBoot(boot, image, { defaults: defaults.kernelArgs, urls });
    if (prepared.kind === 'ready') await this.#issuer.issue(prepared.plan);
    return prepared;
  }

  /** What the machine's screen says while its image is not there yet. */
  #progress({ subject, assignment }: Boot): string {
    const wish = wishOf(subject, assignment);
    const seconds = wish === undefined ? undefined : this.#parts.images.askedFor(assignment.image, wish);
    const since = seconds === undefined ? '' : `, asking for ${formatSeconds(seconds)}`;
    return `${formatReference(assignment.image)} is being resolved${since}`;
  }

  #answer({ subject, assignment }: Boot, readiness: Readiness, attempt: number): string {
    const { sourceAddress: address } = subject.facts;
    const image = formatReference(assignment.image);
    const told = { machine: subject.name, address, image };
    switch (readiness.kind) {
      case 'refused':
        return this.#refuse(subject, readiness.reason);
      case 'waiting':
        if (attempt >= MAX_ATTEMPTS) return this.#refuse(subject, `${readiness.reason} (asked ${attempt} times)`);
        this.#parts.events({ event: 'script.waiting', ...told, attempt, reason: readiness.reason });
        return waitingScript(this.#parts.urls.for(address), subject.name, readiness.reason, attempt);
      case 'ready':
        this.#attribution.saw(subject.name, address, readiness.plan.image.manifestDigest);
        this.#prefetch(readiness.plan);
        this.#parts.events({ event: 'script.sent', ...told, assignment: assignment.name, plan: readiness.plan.id });
        return readiness.script;
    }
  }

  #reportContradictions({ name, knownBy, contradictions, facts }: Subject): void {
    if (knownBy === undefined || contradictions.length === 0) return;
    const others = contradictions.map(({ by, machine }) => `${by} of ${machine}`).join(', ');
    const address = facts.sourceAddress;
    this.#parts.events({ event: 'machine.contradicted', machine: name, address, knownBy, others });
  }

  /** The kernel will be asked for in a moment, and the initramfs after it. */
  #prefetch(plan: KernelPlan): void {
    for (const { descriptor } of startOf(plan)) {
      this.#parts.blobs.prefetch(descriptor, this.mapped.sourcesOf(descriptor, plan.image.location));
    }
  }

  #refuse(subject: Subject, reason: string): string {
    const { name: machine, facts } = subject;
    this.#parts.events({ event: 'script.refused', machine, address: facts.sourceAddress, reason });
    return refusalOf(subject, reason);
  }
}
