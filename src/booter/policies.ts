import type { ClockSense } from '../boot/clock-sense.js';
import type { EventSink } from '../boot/event.js';
import type { CapabilityStore, EnrolledMachine, EnrolmentStore } from '../boot/policy-ports.js';
import type { BootStore } from '../boot/ports.js';
import type { RecordOf } from '../boot/present-machines.js';
import type { Clock } from '../clock.js';
import type { Subnet } from '../net/ip.js';
import type { MacAddress } from '../net/mac.js';
import type { Neighbours } from '../net/neighbours.js';
import type { Attempts } from './attempts.js';
import { Capabilities } from './capabilities.js';
import { DoneReports } from './done-reports.js';
import { Enrolments } from './enrolments.js';
import { Outlooks } from './outlooks.js';
import { type BootRecords, PolicyStep } from './policy-step.js';
import { RelayWords, type TrustedRelays } from './relay-words.js';
import { Requesters } from './requesters.js';
import type { Standings } from './standings.js';

export type PoliciesParts = {
  readonly standings: Standings;
  readonly attempts: Attempts;
  readonly capabilities: CapabilityStore;
  readonly enrolments: EnrolmentStore;
  /** What is kept of those already. */
  readonly enrolled: readonly EnrolledMachine[];
  readonly boots: Pick<BootStore, 'findBoot' | 'findBoots'>;
  readonly records: BootRecords;
  readonly recordOf: RecordOf;
  readonly neighbours: Neighbours;
  /** Whose card has a live lease of an address, where this server gives them. */
  readonly leaseMacAt?: (address: string) => MacAddress | undefined;
  /** IPv4 networks of this host: whoever has an address there is behind no relay. */
  readonly ownNetworks: readonly Subnet[];
  /** `identity`, of the configuration in force. */
  readonly identity: () => { readonly verify: boolean; readonly trustedRelays: TrustedRelays };
  /** Whether machines that nothing matches wait for an assignment (`unknown`), by the configuration in force. */
  readonly enrols: () => boolean;
  readonly events: EventSink;
  readonly clock: Clock;
  /** Whether that can be right. */
  readonly senseClock: () => ClockSense;
  /** Of machines without a record so many standings are kept. */
  readonly mostStrangers?: number;
};

/** How often machines boot what, and who they are shown to be. */
export type Policies = {
  readonly step: PolicyStep;
  readonly outlooks: Outlooks;
  readonly standings: Standings;
  readonly attempts: Attempts;
  readonly capabilities: Capabilities;
  readonly doneReports: DoneReports;
  readonly enrolments: Enrolments;
  readonly relayWords: RelayWords;
  readonly requesters: Requesters;
  readonly enrols: () => boolean;
  /** Whether who asks must be shown to be the machine. */
  readonly verifies: () => boolean;
};

export function createPolicies(parts: PoliciesParts): Policies {
  const { standings, records, neighbours, ownNetworks, identity, enrols, events, clock, senseClock } = parts;
  const { leaseMacAt = () => undefined } = parts;
  const relayWords = new RelayWords({
    now: () => clock.ticks(),
    trusted: () => identity().trustedRelays,
    ownNetworks,
  });
  const verifies = () => identity().verify;
  const requesters = new Requesters({
    neighbours,
    relayed: (address) => leaseMacAt(address) ?? relayWords.macAt(address),
    verifies,
  });
  const capabilities = new Capabilities({ store: parts.capabilities, senseClock, clock });
  // Of those that wait the list alone is kept, and not all that they have said.
  const { enrolled, ...others } = parts;
  const step = new PolicyStep({ ...others, requesters, capabilities });
  return {
    step,
    outlooks: new Outlooks({ ...others, step, verifies }),
    standings,
    attempts: parts.attempts,
    capabilities,
    doneReports: new DoneReports({
      capabilities,
      standings,
      recordOf: parts.recordOf,
      recall: (machine, boot) => records.recall(machine, boot),
      events,
      clock,
    }),
    enrolments: new Enrolments({ store: parts.enrolments, enrolled, events, clock }),
    relayWords,
    requesters,
    enrols,
    verifies,
  };
}
