import type { BootEvent, DhcpQuestion, EventSink, ToldNothing } from '../boot/event.js';
import type { MachineFacts } from '../machine/facts.js';
import type { MacAddress } from '../net/mac.js';
import type { Neighbours } from '../net/neighbours.js';
import type { Writable } from '../writable.js';
import type { Attribution } from './attribution.js';
import type { DhcpMemory } from './dhcp-memory.js';
import type { Expectations } from './expectations.js';
import { type Invitation, inviteBy } from './invitation.js';
import type { Mapping } from './mapping.js';
import { forNext, nobodys } from './next-boot.js';
import type { PolicyStep } from './policy-step.js';

export type DhcpStepParts = {
  /** The one in force. */
  readonly mapping: () => Mapping;
  readonly memory: DhcpMemory;
  readonly attribution: Pick<Attribution, 'saw'>;
  readonly expectations: Expectations;
  readonly policies: Pick<PolicyStep, 'foresee'>;
  /** Whether machines that nothing matches wait for an assignment. */
  readonly enrols: () => boolean;
  readonly isDraining: () => boolean;
  readonly neighbours: Pick<Neighbours, 'find'>;
  readonly events: EventSink;
};

type DhcpAnswered = Extract<BootEvent, { readonly event: 'dhcp.answered' }>;

/** Who asked by DHCP, before it is known which machine that is. */
export type DhcpAsked = Omit<DhcpQuestion, 'machine' | 'mac'> & { readonly mac?: MacAddress };

/** What it was told to load. */
export type DhcpTold = {
  /** `snponly.efi by TFTP from 192.168.77.1` */
  readonly answer: string;
  /** A file, or the URL of UEFI HTTP Boot, whatever is started there; missing for an iPXE that is told the script. */
  readonly loader?: string;
  /** The number of the exchange, by which firmware repeats what is not answered. */
  readonly xid: number;
};

/** Of another server: `taken` is the address that the machine says it takes there. */
export type TakenOffer = { readonly server: string; readonly taken?: string };

const WHY_NOTHING: Readonly<Record<Invitation['kind'], ToldNothing>> = {
  ...{ unmapped: 'unassigned', local: 'local', draining: 'draining' },
  ...{ sure: 'no-loader', open: 'no-loader', unknown: 'no-loader' },
};

/** The first step of a boot: a machine asks by DHCP. */
export class DhcpStep {
  readonly #parts: DhcpStepParts;

  constructor(parts: DhcpStepParts) {
    this.#parts = parts;
  }

  /** Whether the machine is to be booted, as far as it shows. */
  invite(facts: MachineFacts): Invitation {
    const { mapping, memory, isDraining } = this.#parts;
    const invitation = inviteBy(mapping(), memory.withFirmware(facts));
    return isDraining() ? { kind: 'draining', subject: invitation.subject } : this.#byPolicy(invitation);
  }

  /** What its policy will say, as far as it can be foreseen. */
  #byPolicy(invitation: Invitation): Invitation {
    const { policies, enrols } = this.#parts;
    const { kind, subject } = invitation;
    if (kind !== 'sure' && kind !== 'unmapped') return invitation;
    const assignment = kind === 'sure' ? invitation.assignment : undefined;
    const verdict = policies.foresee(subject, assignment);
    if (verdict.kind === 'next') {
      return { kind: 'sure', subject, assignment: forNext(assignment ?? nobodys(subject.name), verdict.next) };
    }
    if (kind === 'unmapped') return enrols() ? { kind: 'unknown', subject } : invitation;
    return verdict.kind === 'local' ? { ...invitation, kind: 'local', reason: verdict.reason } : invitation;
  }

  /** It was told to load something. */
  answered(invitation: Invitation, asked: DhcpAsked, told: DhcpTold): void {
    const { memory, attribution, expectations, events } = this.#parts;
    const { name: machine } = invitation.subject;
    const { answer, loader, xid } = told;
    const { mac, client, firmware, platform, relay, circuitId, remoteId, step } = asked;
    const event: Writable<DhcpAnswered> = { event: 'dhcp.answered', machine, client, step, answer };
    if (mac !== undefined) event.mac = mac;
    if (relay !== undefined) event.relay = relay;
    if (firmware !== undefined) event.firmware = firmware;
    if (platform !== undefined) event.platform = platform;
    if (circuitId !== undefined) event.circuitId = circuitId;
    if (remoteId !== undefined) event.remoteId = remoteId;
    if (invitation.kind === 'sure') {
      expectations.expect(invitation.subject, invitation.assignment);
      event.assignment = invitation.assignment.name;
    } else if (invitation.kind === 'local') event.assignment = invitation.assignment.name;
    // The boot server's port is asked with an address, which the loader is fetched from.
    if (step === 'ack' && relay === undefined) attribution.saw(machine, invitation.subject.facts.sourceAddress);
    events(event);
    // An iPXE that is told the script is not in a loop; one that is told to load another may be, as firmware may.
    if (mac === undefined || loader === undefined || step === 'ack') return;
    const loop = memory.told(mac, { firmware, loader, xid });
    if (loop !== undefined) events({ event: 'loader.repeated', machine, mac, ...loop });
  }

  /** It has an address by our word, from which it loads what it was told to. */
  acknowledged({ subject: { name } }: Invitation, address: string): void {
    this.#parts.attribution.saw(name, address);
  }

  /** It takes its address from another server, and what to load with it. */
  tookOther({ subject: { name: machine } }: Invitation, mac: MacAddress | undefined, other: TakenOffer): void {
    this.#parts.events({ event: 'dhcp.elsewhere', machine, ...(mac !== undefined && { mac }), ...other });
  }

  /** Another server gives addresses there; `by`: how it shows. */
  heardOther(server: string, at: string, by: string): void {
    const { neighbours, events } = this.#parts;
    void neighbours.find(server).then((mac) => {
      events({ event: 'dhcp.other', server, ...(mac !== undefined && { mac }), interface: at, by });
    });
  }

  /** It goes on to its next boot device. */
  unanswered({ subject, kind }: Invitation, asked: DhcpAsked, reason: string): void {
    this.#parts.events({ event: 'dhcp.unanswered', machine: subject.name, ...asked, reason, why: WHY_NOTHING[kind] });
  }

  /** It was not for us, or is no packet of DHCP. */
  dropped(address: string, reason: string): void {
    this.#parts.events({ event: 'dhcp.dropped', address, reason });
  }
}
