import type { Kysely, Transaction } from 'kysely';
import { artifactsOf, type BootPlan, fetchesOf } from '../boot/plan.js';
import type { LocatedArtifact, PlannedPart, PlanStore } from '../boot/ports.js';
import { startedPart, wholeLayer } from '../boot/started-part.js';
import type { FilePart } from '../image/range-reader.js';
import { ROLES } from '../image/role.js';
import { type Digest, isDigest } from '../oci/digest.js';
import type { Schema } from './schema.js';
import { inSlices, type WriteBatches } from './write-batches.js';

/** A rack of a thousand machines that boots all day stays far below; the oldest go first. */
const MAX_PLANS = 100_000;
/** Room is made for this share of the limit at once: counting at every insertion would cost more than the insertion. */
const TRIMMED_SHARE = 0.01;
/** The first that can be read has all parts of a layer that machines start: more are for rows that somebody changed. */
const PLANS_READ_FOR_PARTS = 4;

/** Issued plans in SQL, with their artifacts indexed by digest; at most `maxPlans`, the oldest go first. */
export class SqlPlanStore implements PlanStore {
  readonly #database: Kysely<Schema>;
  readonly #writes: WriteBatches;
  readonly #maxPlans: number;
  /** How many more fit before the next look; not known when the server starts. */
  #room = 0;

  constructor(database: Kysely<Schema>, writes: WriteBatches, maxPlans = MAX_PLANS) {
    this.#database = database;
    this.#writes = writes;
    this.#maxPlans = maxPlans;
  }

  savePlan(plan: BootPlan, now: number): Promise<void> {
    return this.#writes.add(async (transaction) => {
      if (await renewPlan(transaction, plan, now)) return;
      await this.#makeRoom(transaction);
      await insertPlan(transaction, plan, now);
    });
  }

  async findPlan(id: Digest): Promise<BootPlan | undefined> {
    const row = await this.#database.selectFrom('plans').select('plan').where('id', '=', id).executeTakeFirst();
    return row === undefined ? undefined : readPlan(row.plan, id);
  }

  findPlannedArtifact(digest: Digest, since: number): Promise<LocatedArtifact | undefined>;
  findPlannedArtifact(digest: Digest, since: number, part: FilePart): Promise<PlannedPart | undefined>;
  findPlannedArtifact(digest: Digest, since: number, part?: FilePart): Promise<LocatedArtifact | undefined> {
    return part === undefined ? this.#findLayer(digest, since) : this.#findPart(digest, since, part);
  }

  async #findLayer(digest: Digest, since: number): Promise<LocatedArtifact | undefined> {
    const row = await this.#database
      .selectFrom('plan_artifacts')
      .select(['role', 'media_type', 'size', 'location'])
      .where('digest', '=', digest)
      .where('issued_at', '>', since)
      .orderBy('issued_at', 'desc')
      .limit(1)
      .executeTakeFirst();
    const role = ROLES.find((name) => name === row?.role);
    if (row === undefined || role === undefined) return undefined;
    const descriptor = { mediaType: row.media_type, digest, size: row.size };
    return { ...wholeLayer({ role, descriptor }), location: row.location };
  }

  async #findPart(digest: Digest, since: number, part: FilePart): Promise<PlannedPart | undefined> {
    const rows = await this.#database
      .selectFrom('plan_artifacts')
      .innerJoin('plans', 'plans.id', 'plan_artifacts.plan_id')
      .select(['plans.id', 'plans.plan'])
      .where('plan_artifacts.digest', '=', digest)
      .where('plan_artifacts.issued_at', '>', since)
      // Whoever starts parts of a layer starts its kernel; who starts all of it, as most may, knows no parts.
      .where('plan_artifacts.role', '=', 'kernel')
      .orderBy('plan_artifacts.issued_at', 'desc')
      .limit(PLANS_READ_FOR_PARTS)
      .execute();
    for (const { id, plan } of rows) {
      const found = partOfPlan(readPlan(plan, id), digest, part);
      if (found !== undefined) return found;
    }
    return undefined;
  }

  async plannedDigests(since: number): Promise<readonly Digest[]> {
    const rows = await this.#database
      .selectFrom('plan_artifacts')
      .select('digest')
      .distinct()
      .where('issued_at', '>', since)
      .execute();
    return rows.flatMap(({ digest }) => (isDigest(digest) ? [digest] : []));
  }

  prunePlans(before: number): Promise<number> {
    return inSlices(this.#writes, async (transaction, most) => {
      const old = transaction.selectFrom('plans').select('id').where('issued_at', '<', before).limit(most);
      return (await transaction.deleteFrom('plans').where('id', 'in', old).executeTakeFirst()).numDeletedRows;
    });
  }

  /** The oldest go, so that another plan fits. */
  async #makeRoom(transaction: Transaction<Schema>): Promise<void> {
    if (this.#room > 0) {
      this.#room -= 1;
      return;
    }
    const room = Math.max(1, Math.floor(this.#maxPlans * TRIMMED_SHARE));
    await transaction
      .deleteFrom('plans')
      .where('id', 'in', (query) =>
        query
          .selectFrom('plans')
          .select('id')
          .orderBy('issued_at', 'desc')
          .limit(-1)
          .offset(this.#maxPlans - room),
      )
      .execute();
    this.#room = room - 1;
  }
}

/** Whether it was there. The text is written again, which heals a row that somebody changed. */
async function renewPlan(transaction: Transaction<Schema>, plan: BootPlan, now: number): Promise<boolean> {
  const { numUpdatedRows } = await transaction
    .updateTable('plans')
    .set({ issued_at: now, plan: JSON.stringify(plan) })
    .where('id', '=', plan.id)
    .executeTakeFirst();
  if (numUpdatedRows === 0n) return false;
  await transaction.updateTable('plan_artifacts').set({ issued_at: now }).where('plan_id', '=', plan.id).execute();
  return true;
}

async function insertPlan(transaction: Transaction<Schema>, plan: BootPlan, now: number): Promise<void> {
  const { id, machine, image } = plan;
  const row = { id, machine, issued_at: now, plan: JSON.stringify(plan) };
  await transaction.insertInto('plans').values(row).execute();
  // Of a UKI, several parts may be one initramfs.
  const named = new Map(artifactsOf(plan).map((one) => [`${one.descriptor.digest} ${one.role}`, one]));
  const artifacts = [...named.values()].map(({ role, descriptor }) => ({
    digest: descriptor.digest,
    plan_id: id,
    role,
    media_type: descriptor.mediaType,
    size: descriptor.size,
    location: image.location,
    issued_at: now,
  }));
  await transaction.insertInto('plan_artifacts').values(artifacts).execute();
}

function partOfPlan(plan: BootPlan | undefined, digest: Digest, part: FilePart): PlannedPart | undefined {
  if (plan === undefined) return undefined;
  const started = startedPart(fetchesOf(plan), digest, part);
  return started && { ...started, location: plan.image.location };
}

/** We wrote it, or a version that knew no kinds and one initramfs alone; a row that somebody changed is as good as missing. */
function readPlan(text: string, id: string): BootPlan | undefined {
  try {
    const stored = { kind: 'kernel', ...(JSON.parse(text) as object) } as BootPlan;
    const plan = stored.kind === 'kernel' ? { ...stored, initramfs: [stored.initramfs].flat() } : stored;
    return plan.id === id && artifactsOf(plan).every(({ descriptor }) => isDigest(descriptor.digest))
      ? plan
      : undefined;
  } catch {
    return undefined;
  }
}
