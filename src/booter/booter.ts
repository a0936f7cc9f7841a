import type { EventSink } from '../boot/event.js';
import type { PlanStore } from '../boot/ports.js';
import { recordWith } from '../boot/standing-keys.js';
import { after, type Clock } from '../clock.js';
import { BootlayerError } from '../errors.js';
import type { Subject } from '../machine/inventory.js';
import type { Machine } from '../machine/machine.js';
import { parseMac } from '../net/mac.js';
import type { Neighbours } from '../net/neighbours.js';
import { parseUuid } from '../net/uuid.js';
import { type Documents, NO_DOCUMENTS } from '../provision/documents.js';
import { AddressOwner } from './address-owner.js';
import { ArtifactStep } from './artifact-step.js';
import { Attribution } from './attribution.js';
import type { Blobs } from './blobs.js';
import { autoexecScript, greetingScript } from './boot-script.js';
import type { BootUrls } from './boot-urls.js';
import { DhcpMemory } from './dhcp-memory.js';
import { DhcpStep } from './dhcp-step.js';
import { DiscReads } from './disc-reads.js';
import type { DoneReports } from './done-reports.js';
import { Expectations } from './expectations.js';
import { FirmwareStep } from './firmware-step.js';
import { leaseHolder } from './lease-holder.js';
import type { Leases } from './leases.js';
import { type Images, MappedImages } from './mapped-images.js';
import { createMapping, type Mapping, type MappingInput, withWishes } from './mapping.js';
import { PlanIssuer } from './plan-issuer.js';
import type { Policies } from './policies.js';
import { Provisioning } from './provisioning.js';
import type { RelayWord } from './relay-word.js';
import type { ScriptQuery } from './report.js';
import { ScriptStep } from './script-step.js';
import { TransferEvents } from './transfer-events.js';
import { VerifiedContents } from './verified-contents.js';

export type BooterParts = {
  readonly mapping: MappingInput;
  readonly images: Images;
  readonly blobs: Blobs;
  readonly plans: PlanStore;
  readonly urls: BootUrls;
  readonly events: EventSink;
  readonly clock: Clock;
  readonly neighbours: Neighbours;
  readonly policies: Policies;
  /** What the mapping's assignments hand out; nothing where nobody has read it. */
  readonly documents?: Documents;
  /** Where this server gives addresses. */
  readonly leases?: Leases;
};

/** What the front ends ask: who is this, what does it boot, where are the bytes; and what happened, told as events. */
export class Booter {
  readonly #parts: BooterParts;
  /** What the mapping leads to now. */
  readonly mapped: MappedImages;
  /** What is sent to machines is told here. */
  readonly transferEvents: TransferEvents;
  /** What machines fetch of their images. */
  readonly artifacts: ArtifactStep;
  readonly #attribution: Attribution;
  readonly #issuer: PlanIssuer;
  readonly #memory: DhcpMemory;
  /** What machines ask by DHCP. */
  readonly dhcp: DhcpStep;
  /** What firmware fetches by itself. */
  readonly firmware: FirmwareStep;
  readonly #script: ScriptStep;
  /** Machines that report that they are done. */
  readonly doneReports: DoneReports;
  /** Machines that fetch their configuration. */
  readonly provisioning: Provisioning;
  #documents: Documents;
  #mapping: Mapping;
  #draining = false;

  constructor(parts: BooterParts) {
    this.#parts = parts;
    const { step: policies, capabilities, doneReports, enrolments, enrols, standings, requesters } = parts.policies;
    this.#mapping = withWishes(createMapping(parts.mapping), standings.wishes());
    this.doneReports = doneReports;
    this.#documents = parts.documents ?? NO_DOCUMENTS;
    this.mapped = new MappedImages({ ...parts, mapping: () => this.#mapping });
    const mapping = () => this.#mapping;
    this.#attribution = new Attribution(
      () => parts.clock.ticks(),
      (address) => leaseHolder(parts.leases?.register, address),
    );
    this.#issuer = new PlanIssuer(parts);
    this.#memory = new DhcpMemory(() => parts.clock.ticks());
    const [mapped, attribution, issuer, memory] = [this.mapped, this.#attribution, this.#issuer, this.#memory];
    const owner = new AddressOwner({ ...parts, attribution, memory, mapping });
    this.transferEvents = new TransferEvents({ ...parts, owner });
    const { blobs } = parts;
    const { transferEvents } = this;
    const discs = new DiscReads({ transferEvents, clock: parts.clock, after });
    this.artifacts = new ArtifactStep({ blobs, mapped, attribution, transferEvents, discs, after });
    const prefetch = blobs.prefetch.bind(blobs);
    const expectations = new Expectations({ ...parts, mapping, mapped, prefetch });
    const isDraining = () => this.#draining;
    this.dhcp = new DhcpStep({ ...parts, mapping, memory, attribution, expectations, isDraining, policies, enrols });
    const reportFault = this.reportFault.bind(this);
    const contradicted = (subject: Subject) => this.#reportContradictions(subject);
    const shared = {
      ...parts,
      mapping,
      mapped,
      attribution,
      issuer,
      isDraining,
      reportFault,
      contradicted,
      policies,
      enrols,
    };
    const contents = new VerifiedContents((artifact) => this.artifacts.open(artifact));
    this.firmware = new FirmwareStep({ ...shared, contents, begins: (artifact) => this.artifacts.begins(artifact) });
    const documents = () => this.#documents;
    const handing = { mapping, documents, attribution, capabilities, standings, requesters };
    this.provisioning = new Provisioning({ ...parts, ...handing });
    const { provisioning } = this;
    this.#script = new ScriptStep({ ...shared, memory, prefetch, capabilities, enrolments, contents, provisioning });
  }

  /** Who has which address, where this server gives them. */
  get leases(): Leases | undefined {
    return this.#parts.leases;
  }

  /** The one in force. */
  get mapping(): Mapping {
    return this.#mapping;
  }

  /** From now on machines boot by this mapping. Boots under way keep their plans, and what those name stays served. */
  remap(mapping: MappingInput): void {
    this.#mapping = withWishes(createMapping(mapping, this.#mapping), this.#parts.policies.standings.wishes());
    this.mapped.remapped();
  }

  /** From now on this is handed out. */
  redocument(documents: Documents): void {
    this.#documents = documents;
  }

  /** Wishes for next boots have changed: what they name is served, and fetched beforehand. */
  wished(): void {
    this.#mapping = withWishes(this.#mapping, this.#parts.policies.standings.wishes());
    this.mapped.remapped();
  }

  /** Whom a name means: a known machine, else a stranger by its MAC or UUID; undefined where it can be neither. */
  named(name: string): Subject | undefined {
    const { inventory } = this.#mapping;
    const machine = inventory.named(name);
    if (machine !== undefined) {
      const { macs } = machine;
      return { name, machine, contradictions: [], mayBeKnown: false, facts: { macs, sourceAddress: '' } };
    }
    const [mac, uuid] = [parseMac(name), parseUuid(name)];
    if (mac === undefined && uuid === undefined) return undefined;
    const facts = { macs: mac === undefined ? [] : [mac], ...(uuid !== undefined && { uuid }), sourceAddress: '' };
    return inventory.identify(facts);
  }

  /** What a relay says of machines behind it. */
  heard(word: RelayWord): void {
    if (this.leases?.gives(word.address) === true) return;
    const reason = this.#parts.policies.relayWords.heard(word);
    const { relay, from: address, mac } = word;
    if (reason !== undefined) this.#parts.events({ event: 'relay.refused', address, relay, mac, reason });
  }

  /** Whether an entry names the machine. */
  knows(machine: string): boolean {
    return this.#mapping.inventory.named(machine) !== undefined;
  }

  /** The record in force that has such a key of standings. */
  recordOf(key: string): Machine | undefined {
    return recordWith(this.#mapping.inventory, key);
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
  script(query: ScriptQuery, address: string): Promise<string> {
    return this.#script.script(query, address);
  }

  /** Something of ours broke while this was done. */
  reportFault(doing: string, thrown: unknown): void {
    const error = BootlayerError.from(thrown);
    const { stack = '' } = error.cause instanceof Error ? error.cause : error;
    this.#parts.events({ event: 'fault', doing, reason: error.message, stack });
  }

  #reportContradictions({ name, knownBy, contradictions, facts }: Subject): void {
    if (knownBy === undefined || contradictions.length === 0) return;
    const others = contradictions.map(({ by, machine }) => `${by} of ${machine}`).join(', ');
    const address = facts.sourceAddress;
    this.#parts.events({ event: 'machine.contradicted', machine: name, address, knownBy, others });
  }
}
