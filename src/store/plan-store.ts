import type { Kysely, Transaction } from 'kysely';
import type { BootPlan } from '../boot/plan.js';
import type { LocatedArtifact, PlanStore } from '../boot/ports.js';
import { ROLES } from '../image/role.js';
import { type Digest, isDigest } from '../oci/digest.js';
import type { Schema } from './schema.js';
import type { WriteBatches } from './write-batches.js';

/** A rack of a thousand machines that boots all day stays far below; the oldest go first. */
const MAX_PLANS = 100_000;

/** Issued plans in SQL, with their artifacts indexed by digest. */
export class SqlPlanStore implements PlanStore {
  readonly #database: Kysely<Schema>;
  readonly #writes: WriteBatches;

  constructor(database: Kysely<Schema>, writes: WriteBatches) {
    this.#database = database;
    this.#writes = writes;
  }

  savePlan(plan: BootPlan, now: number): Promise<void> {
    return this.#writes.add(async (transaction) => {
      const { numUpdatedRows } = await transaction
        .updateTable('plans')
        .set({ issued_at: now })
        .where('id', '=', plan.id)
        .executeTakeFirst();
      if (numUpdatedRows === 0n) await insertPlan(transaction, plan, now);
    });
  }

  async findPlan(id: Digest): Promise<BootPlan | undefined> {
    const row = await this.#database.selectFrom('plans').select('plan').where('id', '=', id).executeTakeFirst();
    return row === undefined ? undefined : readPlan(row.plan);
  }

  async findPlannedArtifact(digest: Digest, since: number): Promise<LocatedArtifact | undefined> {
    const row = await this.#database
      .selectFrom('plan_artifacts')
      .innerJoin('plans', 'plans.id', 'plan_artifacts.plan_id')
      .select(['plan_artifacts.role', 'plan_artifacts.media_type', 'plan_artifacts.size', 'plan_artifacts.location'])
      .where('plan_artifacts.digest', '=', digest)
      .where('plans.issued_at', '>', since)
      .orderBy('plans.issued_at', 'desc')
      .limit(1)
      .executeTakeFirst();
    const role = ROLES.find((name) => name === row?.role);
    if (row === undefined || role === undefined) return undefined;
    return { role, descriptor: { mediaType: row.media_type, digest, size: row.size }, location: row.location };
  }

  async prunePlans(before: number): Promise<number> {
    let pruned = 0n;
    await this.#writes.add(async (transaction) => {
      const old = await transaction.deleteFrom('plans').where('issued_at', '<', before).executeTakeFirst();
      const surplus = await transaction
        .deleteFrom('plans')
        .where('id', 'in', (query) =>
          query.selectFrom('plans').select('id').orderBy('issued_at', 'desc').limit(-1).offset(MAX_PLANS),
        )
        .executeTakeFirst();
      pruned = old.numDeletedRows + surplus.numDeletedRows;
    });
    return Number(pruned);
  }
}

async function insertPlan(transaction: Transaction<Schema>, plan: BootPlan, now: number): Promise<void> {
  const { id, machine, image } = plan;
  const row = { id, machine, issued_at: now, plan: JSON.stringify(plan) };
  await transaction.insertInto('plans').values(row).execute();
  const artifacts = [plan.kernel, plan.initramfs, ...plan.extras].map(({ role, descriptor }) => ({
    digest: descriptor.digest,
    plan_id: id,
    role,
    media_type: descriptor.mediaType,
    size: descriptor.size,
    location: image.location,
  }));
  await transaction.insertInto('plan_artifacts').values(artifacts).execute();
}

/** We wrote it; a row that somebody changed is as good as missing. */
function readPlan(text: string): BootPlan | undefined {
  try {
    const plan = JSON.parse(text) as BootPlan;
    return isDigest(plan.id) && isDigest(plan.kernel.descriptor.digest) ? plan : undefined;
  } catch {
    return undefined;
  }
}
