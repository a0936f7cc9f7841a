import type { Artifact, ImageWish, ResolvedImage } from '../image/image.js';
import { isoFilesName } from '../image/iso-files.js';
import type { FilePart } from '../image/range-reader.js';
import type { Digest } from '../oci/digest.js';
import type { Boot, BootState, BootStep } from './boot.js';
import type { EntryDocument, EntryKind } from './entry.js';
import type { BootPlan } from './plan.js';
import type { SliceKind, StartedPart } from './started-part.js';

/**
 * What the booter needs of durable state; `store/` implements it. Everything is asynchronous, so that a database
 * server fits behind it as well as a file.
 */
export interface PlanStore {
  /** Durable when it resolves. Saving the same plan again only renews it. `now` is milliseconds since the epoch. */
  savePlan(plan: BootPlan, now: number): Promise<void>;
  findPlan(id: Digest): Promise<BootPlan | undefined>;
  /** A whole layer that a plan issued after `since` leads to, with the location it can be fetched from. */
  findPlannedArtifact(digest: Digest, since: number): Promise<LocatedArtifact | undefined>;
  /** Exactly that part of it, as one of the newest of those plans that start parts of it names it. */
  findPlannedArtifact(digest: Digest, since: number, part: FilePart): Promise<PlannedPart | undefined>;
  /** Of all artifacts of plans issued after `since`. */
  plannedDigests(since: number): Promise<readonly Digest[]>;
  /** Forgets plans issued before `before`; answers how many. */
  prunePlans(before: number): Promise<number>;
}

/** The last good resolution of every mapped reference: a machine boots with the registry down and after a restart. */
export interface ResolutionStore {
  /** Durable when it resolves. */
  saveResolution(key: ResolutionKey, image: ResolvedImage, now: number): Promise<void>;
  findResolution(key: ResolutionKey): Promise<ResolvedImage | undefined>;
  /** Those for which a reference, by its canonical text, was resolved under Linux. */
  findArchitectures(reference: string): Promise<readonly string[]>;
}

/** A reference's canonical text and what was wished of it. */
export type ResolutionKey = { readonly reference: string; readonly wish: ImageWish };

/** The same as one text, for maps. */
export function resolutionName({ reference, wish }: ResolutionKey): string {
  return JSON.stringify([reference, wish.os, wish.architecture, wish.variant, isoFilesName(wish.isoFiles)]);
}

export type LocatedArtifact = Artifact & {
  readonly location: string;
  /** Missing for a whole layer. */
  readonly slice?: SliceKind;
};

export type PlannedPart = StartedPart & { readonly location: string };

/** What is new of a boot. */
export type BootChange = {
  readonly boot: Boot;
  /** Those that came last, in their order. */
  readonly steps: readonly BootStep[];
};

/** Which boots are asked for: the newest first. */
export type BootQuery = {
  readonly machine?: string;
  readonly state?: BootState;
  /** Only those that began then or later. */
  readonly since?: number;
  /** Only those that began before this one, by its time and id: where the page before ended. */
  readonly before?: Pick<Boot, 'beganAt' | 'id'>;
  readonly limit: number;
};

/** The boots of all machines, with their steps. */
export interface BootStore {
  /** All of them or none; durable when it resolves. */
  saveBoots(changes: readonly BootChange[]): Promise<void>;
  findBoots(query: BootQuery): Promise<readonly Boot[]>;
  findBoot(id: string): Promise<BootWithSteps | undefined>;
  /** The ids that begin so, so many at most. */
  findBootIds(prefix: string, most: number): Promise<readonly string[]>;
  /**
   * Those whose last step came at that time or later, each machine's last one: what goes on after a restart. So many of the newest
   * of those in a state that anybody can bring about, and so many of the others; the oldest of each first.
   */
  lastBoots(since: number, most: number): Promise<readonly Boot[]>;
  /** Those that count as attempts since then. */
  attemptsSince(since: number): Promise<readonly Attempt[]>;
  /** Answers how many were forgotten. */
  pruneBoots(kept: KeptBoots): Promise<number>;
}

/** That a machine fetched what it starts, in one boot; `at`: milliseconds since the epoch. */
export type Attempt = { readonly machine: string; readonly boot: string; readonly at: number };

export type BootWithSteps = { readonly boot: Boot; readonly steps: readonly BootStep[] };

/** The boots that are not forgotten. */
export type KeptBoots = {
  /** Their last step came then or later. */
  readonly since: number;
  /** So many of the newest. */
  readonly most: number;
  /** So many of the newest in each state that anybody can bring about. */
  readonly mostDoubtful: number;
  /** So many of the newest of machines that no entry names. */
  readonly mostStrangers: number;
};

/** A machine or an assignment as somebody wrote it by the API, with its name. */
export type StoredEntry = {
  readonly kind: EntryKind;
  readonly name: string;
  /** Another with every other document. */
  readonly revision: string;
  /** undefined when it cannot be read any more. */
  readonly document: EntryDocument | undefined;
};

export type EntryChange =
  | (StoredEntry & { readonly change: 'put'; readonly document: EntryDocument })
  | (Pick<StoredEntry, 'kind' | 'name'> & { readonly change: 'delete' });

/** The machines and assignments that were written by the API. */
export interface EntryStore {
  /** By kind and name. */
  allEntries(): Promise<readonly StoredEntry[]>;
  /** All of them or none, in their order; durable when it resolves. */
  changeEntries(changes: readonly EntryChange[]): Promise<void>;
}
