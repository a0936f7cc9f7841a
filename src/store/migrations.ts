import { type Kysely, type Migration, Migrator, sql } from 'kysely';
import { BootlayerError } from '../errors.js';
import type { Schema } from './schema.js';

/** Each step once, in the order of the names; a step that was released never changes. */
const STEPS: Readonly<Record<string, Migration>> = {
  '001-plans-and-resolutions': {
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
  },
  '002-boots': {
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
      await database.schema
        .createIndex('boots_by_machine')
        .on('boots')
        .columns(['machine', 'began_at', 'id'])
        .execute();
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
  },
  '003-policies-and-entries': {
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
  },
};

/** Brings the file to this version. Throws DATA_UNUSABLE when a newer version wrote it. */
export async function migrate(database: Kysely<Schema>, file: string): Promise<void> {
  const migrator = new Migrator({ db: database, provider: { getMigrations: async () => STEPS } });
  const { error } = await migrator.migrateToLatest();
  if (error === undefined) return;
  if (error instanceof BootlayerError) throw error;
  const newer = error instanceof Error && error.message.includes('previously executed migration');
  throw new BootlayerError(
    'DATA_UNUSABLE',
    `${file} cannot be used: ${newer ? 'a newer version wrote it' : String(error)}`,
    {
      remedy: newer
        ? 'run that version, or set "data" to another folder'
        : 'move the file away: the state is made anew',
      cause: error,
    },
  );
}
