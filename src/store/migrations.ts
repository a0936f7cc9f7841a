import { type Kysely, type Migration, Migrator } from 'kysely';
import { BootlayerError } from '../errors.js';
import { plansAndResolutions } from './migrations/001-plans-and-resolutions.js';
import { boots } from './migrations/002-boots.js';
import { policiesAndEntries } from './migrations/003-policies-and-entries.js';
import { leases } from './migrations/004-leases.js';
import { planArtifactsByRole } from './migrations/005-plan-artifacts-by-role.js';
import { resolutionsByIsoFiles } from './migrations/006-resolutions-by-iso-files.js';
import type { Schema } from './schema.js';

/** Each step once, in the order of the names; a step that was released never changes. */
const STEPS: Readonly<Record<string, Migration>> = {
  '001-plans-and-resolutions': plansAndResolutions,
  '002-boots': boots,
  '003-policies-and-entries': policiesAndEntries,
  '004-leases': leases,
  '005-plan-artifacts-by-role': planArtifactsByRole,
  '006-resolutions-by-iso-files': resolutionsByIsoFiles,
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
