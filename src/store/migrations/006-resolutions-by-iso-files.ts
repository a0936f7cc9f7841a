import { type Kysely, type Migration, sql } from 'kysely';
import type { Schema } from '../schema.js';

/**
 * What assignments want started of an ISO is part of the key: a resolution has what was read of the ISO for that alone. SQLite
 * changes no key but in a new table.
 */
export const resolutionsByIsoFiles: Migration = {
  up: async (database: Kysely<Schema>) => {
    await database.schema.alterTable('resolutions').renameTo('resolutions_before').execute();
    await database.schema
      .createTable('resolutions')
      .addColumn('reference', 'text', (column) => column.notNull())
      .addColumn('os', 'text', (column) => column.notNull())
      .addColumn('architecture', 'text', (column) => column.notNull())
      .addColumn('variant', 'text', (column) => column.notNull())
      .addColumn('iso_files', 'text', (column) => column.notNull())
      .addColumn('resolved_at', 'integer', (column) => column.notNull())
      .addColumn('image', 'text', (column) => column.notNull())
      .addPrimaryKeyConstraint('resolutions_key', ['reference', 'os', 'architecture', 'variant', 'iso_files'])
      .execute();
    await sql`insert into resolutions (reference, os, architecture, variant, iso_files, resolved_at, image) select reference, os, architecture, variant, '', resolved_at, image from resolutions_before`.execute(
      database,
    );
    await database.schema.dropTable('resolutions_before').execute();
  },
};
