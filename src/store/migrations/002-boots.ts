import type { Kysely, Migration } from 'kysely';
import type { Schema } from '../schema.js';

/** Boots and their steps. */
export const boots: Migration = {
  up: async (database: Kysely<Schema>) => {
    await database.schema
      .createTable('boots')
      .addColumn('id', 'text', (column) => column.primaryKey())
      .addColumn('machine', 'text', (column) => column.notNull())
      .addColumn('began_at', 'integer', (column) => column.notNull())
      .addColumn('last_at', 'integer', (column) => column.notNull())
      .addColumn('state', 'text', (column) => column.notNull())
      .addColumn('boot', 'text', (column) => column.notNull())
      .execute();
    await database.schema.createIndex('boots_by_began_at').on('boots').columns(['began_at', 'id']).execute();
    await database.schema.createIndex('boots_by_machine').on('boots').columns(['machine', 'began_at', 'id']).execute();
    await database.schema.createIndex('boots_by_last_at').on('boots').column('last_at').execute();
    await database.schema
      .createTable('boot_steps')
      .addColumn('boot_id', 'text', (column) => column.notNull().references('boots.id').onDelete('cascade'))
      .addColumn('number', 'integer', (column) => column.notNull())
      .addColumn('at', 'integer', (column) => column.notNull())
      .addColumn('event', 'text', (column) => column.notNull())
      .addPrimaryKeyConstraint('boot_steps_key', ['boot_id', 'number'])
      .execute();
  },
};
