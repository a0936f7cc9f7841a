import type { Artifact, ImageWish, ResolvedImage } from '../image/image.js';
import type { Digest } from '../oci/digest.js';
import type { BootPlan } from './plan.js';

/**
 * What the booter needs of durable state; `store/` implements it. Everything is asynchronous, so that a database
 * server fits behind it as well as a file.
 */
export interface PlanStore {
  /** Durable when it resolves. Saving the same plan again only renews it. `now` is milliseconds since the epoch. */
  savePlan(plan: BootPlan, now: number): Promise<void>;
  findPlan(id: Digest): Promise<BootPlan | undefined>;
  /** An artifact that a plan issued after `since` leads to, with the location it can be fetched from. */
  findPlannedArtifact(digest: Digest, since: number): Promise<LocatedArtifact | undefined>;
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
  return JSON.stringify([reference, wish.os, wish.architecture, wish.variant]);
}

export type LocatedArtifact = Artifact & { readonly location: string };
