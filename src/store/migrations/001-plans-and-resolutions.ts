import type { Kysely, Migration } from 'kysely';
import type { Schema } from '../schema.js';

/** Issued plans, and what references meant last. */
export const plansAndResolutions: Migration = {
  up: async (database: Kysely<Schema>) => {
    await database.schema
      .createTable('plans')
      .addColumn('id', 'text', (column) => column.primaryKey())
      .addColumn('machine', 'text', (column) => column.notNull())
      .addColumn('issued_at', 'integer', (column) => column.notNull())
      .addColumn('plan', 'text', (column) => column.notNull())
      .execute();
    await database.schema.createIndex('plans_by_issued_at').on('plans').column('issued_at').execute();
    await database.schema
      .createTable('plan_artifacts')
      .addColumn('digest', 'text', (column) => column.notNull())
      .addColumn('plan_id', 'text', (column) => column.notNull().references('plans.id').onDelete('cascade'))
      .addColumn('role', 'text', (column) => column.notNull())
      .addColumn('media_type', 'text', (column) => column.notNull())
      .addColumn('size', 'integer', (column) => column.notNull())
      .addColumn('location', 'text', (column) => column.notNull())
      .addColumn('issued_at', 'integer', (column) => column.notNull())
      .addPrimaryKeyConstraint('plan_artifacts_key', ['digest', 'plan_id', 'role'])
      .execute();
    await database.schema.createIndex('plan_artifacts_by_plan').on('plan_artifacts').column('plan_id').execute();
    await database.schema
      .createIndex('plan_artifacts_by_issued_at')
      .on('plan_artifacts')
      .columns(['digest', 'issued_at'])
      .execute();
    await database.schema
      .createTable('resolutions')
      .addColumn('reference', 'text', (column) => column.notNull())
      .addColumn('os', 'text', (column) => column.notNull())
      .addColumn('architecture', 'text', (column) => column.notNull())
      .addColumn('variant', 'text', (column) => column.notNull())
      .addColumn('resolved_at', 'integer', (column) => column.notNull())
      .addColumn('image', 'text', (column) => column.notNull())
      .addPrimaryKeyConstraint('resolutions_key', ['reference', 'os', 'architecture', 'variant'])
      .execute();
  },
};
