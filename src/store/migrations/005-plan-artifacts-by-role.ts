import type { Kysely, Migration } from 'kysely';
import type { Schema } from '../schema.js';

/** Which plans start the kernel that a layer holds: thousands that start all of it are not gone through to find that none does. */
export const planArtifactsByRole: Migration = {
  up: async (database: Kysely<Schema>) => {
    await database.schema
      .createIndex('plan_artifacts_by_role')
      .on('plan_artifacts')
      .columns(['digest', 'role', 'issued_at'])
      .execute();
  },
};
