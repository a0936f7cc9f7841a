import type { Kysely } from 'kysely';
import type { CapabilityStore, KeptCapability } from '../boot/policy-ports.js';
import type { Schema } from './schema.js';
import type { WriteBatches } from './write-batches.js';

/** Capabilities in SQL, by their digests. */
export class SqlCapabilityStore implements CapabilityStore {
  readonly #database: Kysely<Schema>;
  readonly #writes: WriteBatches;

  constructor(database: Kysely<Schema>, writes: WriteBatches) {
    this.#database = database;
    this.#writes = writes;
  }

  saveCapability(capability: KeptCapability): Promise<void> {
    const { hash, expiresAt } = capability;
    return this.#writes.add(async (transaction) => {
      await transaction
        .insertInto('capabilities')
        .values({ hash, expires_at: expiresAt, capability: JSON.stringify(capability) })
        .execute();
    });
  }

  async findCapability(hash: string): Promise<KeptCapability | undefined> {
    const row = await this.#database
      .selectFrom('capabilities')
      .select('capability')
      .where('hash', '=', hash)
      .executeTakeFirst();
    return row === undefined ? undefined : readCapability(row.capability, hash);
  }

  async pruneCapabilities(now: number): Promise<number> {
    let pruned = 0n;
    await this.#writes.add(async (transaction) => {
      const old = await transaction.deleteFrom('capabilities').where('expires_at', '<', now).executeTakeFirst();
      pruned = old.numDeletedRows;
    });
    return Number(pruned);
  }
}

/** A row that somebody changed is as good as missing. */
function readCapability(text: string, hash: string): KeptCapability | undefined {
  try {
    const capability = JSON.parse(text) as KeptCapability;
    return capability.hash === hash && Array.isArray(capability.keys) ? capability : undefined;
  } catch {
    return undefined;
  }
}
