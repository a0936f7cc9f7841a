import { type Kysely, type Migration, sql } from 'kysely';
import type { Schema } from '../schema.js';

/** Where machines stand with their policies, who waits, and entries of the API. */
export const policiesAndEntries: Migration = {
  up: async (database: Kysely<Schema>) => {
    await database.schema.alterTable('boots').addColumn('attempted_at', 'integer').execute();
    await sql`update boots set attempted_at = json_extract(boot, '$.attemptedAt') where json_valid(boot)`.execute(
      database,
    );
    await database.schema.createIndex('boots_by_attempted_at').on('boots').column('attempted_at').execute();
    await database.schema
      .createTable('standings')
      .addColumn('id', 'text', (column) => column.primaryKey())
      .addColumn('standing', 'text', (column) => column.notNull())
      .execute();
    await database.schema
      .createTable('standing_keys')
      .addColumn('key', 'text', (column) => column.primaryKey())
      .addColumn('standing_id', 'text', (column) => column.notNull().references('standings.id').onDelete('cascade'))
      .execute();
    await database.schema.createIndex('standing_keys_by_id').on('standing_keys').column('standing_id').execute();
    await database.schema
      .createTable('capabilities')
      .addColumn('hash', 'text', (column) => column.primaryKey())
      .addColumn('machine', 'text', (column) => column.notNull())
      .addColumn('expires_at', 'integer', (column) => column.notNull())
      .addColumn('capability', 'text', (column) => column.notNull())
      .execute();
    await database.schema.createIndex('capabilities_by_machine').on('capabilities').column('machine').execute();
    await database.schema.createIndex('capabilities_by_end').on('capabilities').column('expires_at').execute();
    await database.schema
      .createTable('enrolled')
      .addColumn('name', 'text', (column) => column.primaryKey())
      .addColumn('first_at', 'integer', (column) => column.notNull())
      .addColumn('last_at', 'integer', (column) => column.notNull())
      .addColumn('facts', 'text', (column) => column.notNull())
      .execute();
    await database.schema.createIndex('enrolled_by_last_at').on('enrolled').column('last_at').execute();
    await database.schema
      .createTable('meta')
      .ifNotExists()
      .addColumn('key', 'text', (column) => column.primaryKey())
      .addColumn('value', 'text', (column) => column.notNull())
      .execute();
    await database.schema
      .alterTable('boots')
      .addColumn('is_stranger', 'integer', (column) => column.notNull().defaultTo(0))
      .execute();
    await database.schema
      .createIndex('boots_of_strangers')
      .on('boots')
      .columns(['is_stranger', 'began_at', 'id'])
      .execute();
    await database.schema.createIndex('boots_by_state').on('boots').columns(['state', 'began_at', 'id']).execute();
    await database.schema
      .createTable('entries')
      .addColumn('kind', 'text', (column) => column.notNull())
      .addColumn('name', 'text', (column) => column.notNull())
      .addColumn('revision', 'text', (column) => column.notNull())
      .addColumn('document', 'text', (column) => column.notNull())
      .addPrimaryKeyConstraint('entries_key', ['kind', 'name'])
      .execute();
  },
};
