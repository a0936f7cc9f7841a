import type { Kysely, Migration } from 'kysely';
import type { Schema } from '../schema.js';

/** Who has which address. */
export const leases: Migration = {
  up: async (database: Kysely<Schema>) => {
    await database.schema
      .createTable('leases')
      .addColumn('address', 'text', (column) => column.primaryKey())
      .addColumn('until', 'integer', (column) => column.notNull())
      .addColumn('lease', 'text', (column) => column.notNull())
      .execute();
  },
};
