import type { MachineFacts } from '../machine/facts.js';
import type { Digest } from '../oci/digest.js';
import type { Standing } from './standing.js';

/** What policies need of durable state, as `ports.ts` is for boots; `store/` implements it. */

/** A standing, and whose it is: all names and facts by which the machine is known (`standingKeys`), each of one machine alone. */
export type KeptStanding = {
  readonly id: string;
  readonly keys: readonly string[];
  /** What the machine reported beside them: several may have reported the same. */
  readonly also?: readonly string[];
  /** Something of the same machine was damaged, and nobody has said since whether it is done. */
  readonly isDamaged?: true;
  readonly standing: Standing;
};

/** Somebody has damaged the row of a machine: only its keys are left. */
export type UnreadableStanding = Pick<KeptStanding, 'id' | 'keys'>;

export type LoadedStandings = {
  readonly standings: readonly KeptStanding[];
  readonly unreadable: readonly UnreadableStanding[];
  /** Since when the state is there in place of another one, or without its newest changes. */
  readonly doubtedSince: number | undefined;
  /** The newest time that the state holds, but for those that were taken for wrong; 0 for none. */
  readonly newest: number;
};

/** Where machines stand with their policies. */
export interface StandingStore {
  /** Everything that is kept. Throws DATA_UNUSABLE. */
  loadStandings(): Promise<LoadedStandings>;
  /** In place of those under the `replaced` ids. Durable when it resolves. */
  saveStanding(kept: KeptStanding, replaced: readonly string[]): Promise<void>;
  /** Forgets them, whatever they say. Durable when it resolves. */
  removeStandings(ids: readonly string[]): Promise<void>;
  /** What the state says counts from now on, whatever it lacks; its times say nothing of the clock. */
  trust(): Promise<void>;
}

/**
 * Whoever has a capability may say that the boot is done, or, where it `handsOut` something, fetch that and nothing else. It is not kept
 * itself, only its digest.
 */
export type KeptCapability = {
  /** SHA-256 in hex. */
  readonly hash: string;
  readonly machine: string;
  readonly boot: string;
  readonly beganAt: number;
  /** Milliseconds since the epoch. */
  readonly expiresAt: number;
  /** By which the machine is known (`standingKeys`). */
  readonly keys: readonly string[];
  /** What it reported beside that. */
  readonly also?: readonly string[];
  readonly handsOut?: HandedOut;
};

/** Whose configuration it is. */
export type HandedOut = {
  readonly assignment: string;
  /** From which the machine asked: nobody else is handed anything. */
  readonly address: string;
  /** What it reported. */
  readonly facts: MachineFacts;
  /** What it was given to boot. */
  readonly image: { readonly reference: string; readonly digest: Digest };
  /** The machine has begun another boot since. */
  readonly isSuperseded?: true;
  /** Documents that are handed out once in its boot, and were. */
  readonly spent?: readonly string[];
};

export interface CapabilityStore {
  /** Durable when it resolves. */
  saveCapability(capability: KeptCapability): Promise<void>;
  findCapability(hash: string): Promise<KeptCapability | undefined>;
  /**
   * By what the machine's other boots were given, nothing is handed out any more; of what is saved later it says nothing. Durable when
   * it resolves; nothing is written where there is nothing of the kind.
   */
  supersede(machine: string, boot: string): Promise<void>;
  /** Whether the document was not handed out yet in the boot that it is of; it is then, for good. Durable when it resolves. */
  spend(hash: string, document: string): Promise<boolean>;
  pruneCapabilities(now: number): Promise<number>;
}

/** A machine that nothing is mapped to, as it reported itself. */
export type EnrolledMachine = {
  /** Its MAC, else its UUID, else its address. */
  readonly name: string;
  readonly facts: MachineFacts;
  /** Milliseconds since the epoch. */
  readonly firstAt: number;
  readonly lastAt: number;
  /** Whether it was shown to be itself; who was not may be made up by anybody. */
  readonly isShown: boolean;
};

export interface EnrolmentStore {
  /** `firstAt` of one that is there stays. */
  saveEnrolled(machine: EnrolledMachine): Promise<void>;
  /** By name, after that one. */
  findEnrolled(query: { readonly after?: string; readonly limit: number }): Promise<readonly EnrolledMachine[]>;
  /** Whether it was there. */
  removeEnrolled(name: string): Promise<boolean>;
  /** Those that were heard of last before then (milliseconds since the epoch); answers how many. */
  pruneEnrolled(since: number): Promise<number>;
}
