import { open } from 'node:fs/promises';
import { dirname } from 'node:path';
import { Kysely } from 'kysely';
import type { CapabilityStore, EnrolmentStore, StandingStore } from '../boot/policy-ports.js';
import type { BootStore, EntryStore, PlanStore, ResolutionStore } from '../boot/ports.js';
import { makeFolder } from '../disk-access.js';
import { BootlayerError, isDiskFull, systemErrorCode } from '../errors.js';
import type { LeaseStore } from '../lease/ports.js';
import { SqlBootStore } from './boot-store.js';
import { SqlCapabilityStore } from './capability-store.js';
import { StateCopies, type StateCopy } from './copy-database.js';
import { StateMark, witnessOf } from './disk-state-mark.js';
import { SqlEnrolmentStore } from './enrolment-store.js';
import { SqlEntryStore } from './entry-store.js';
import { SqlLeaseStore } from './lease-store.js';
import { migrate } from './migrations.js';
import { SqlPlanStore } from './plan-store.js';
import { SqlResolutionStore } from './resolution-store.js';
import type { Schema } from './schema.js';
import { workerDialect } from './sqlite-dialect.js';
import { SqlStandingStore } from './standing-store.js';
import { type StateSizes, sizesOf } from './state-sizes.js';
import { WorkerDatabase } from './worker-database.js';
import { WriteBatches } from './write-batches.js';

/** Durable state: what was acknowledged is there after a power cut. */
export type Database = {
  readonly plans: PlanStore;
  readonly resolutions: ResolutionStore;
  readonly boots: BootStore;
  readonly entries: EntryStore;
  readonly standings: StandingStore;
  readonly capabilities: CapabilityStore;
  readonly enrolments: EnrolmentStore;
  readonly leases: LeaseStore;
  /** Throws DATA_UNUSABLE. */
  sizes(): Promise<StateSizes>;
  /** One of now, in milliseconds since the epoch, for whoever keeps it elsewhere (`StateCopies.make`). */
  copy(now: number): Promise<StateCopy>;
  /** undefined after `close`, the reason when it ended by itself. */
  readonly ended: Promise<Error | undefined>;
  /** Writes that are under way are finished first. */
  close(): Promise<void>;
};

/** Beside the other. */
const COPY_WORKER = './sqlite-copy-process.js';

/** Opens the file, making it and its folder when they are missing. Throws DATA_UNUSABLE, DISK_FULL. */
export async function openDatabase(file: string, script?: URL): Promise<Database> {
  await makeHome(dirname(file));
  await proveOurs(file);
  const worker = await WorkerDatabase.open(file, script);
  const copies = new StateCopies(file, { script: script && new URL(COPY_WORKER, script) });
  const database = new Kysely<Schema>({ dialect: workerDialect(worker) });
  const writes = new WriteBatches(database);
  try {
    // Now that nobody else has it.
    await copies.tidy();
    await migrate(database, file);
    const mark = await StateMark.open({ database, writes, file: witnessOf(file), now: Date.now });
    return opened(database, { writes, worker, mark, copies });
  } catch (thrown) {
    await worker.close();
    throw thrown;
  }
}

type OpenedParts = {
  readonly writes: WriteBatches;
  readonly worker: WorkerDatabase;
  readonly mark: StateMark;
  readonly copies: StateCopies;
};

function opened(database: Kysely<Schema>, { writes, worker, mark, copies }: OpenedParts): Database {
  return {
    plans: new SqlPlanStore(database, writes),
    resolutions: new SqlResolutionStore(database, writes),
    boots: new SqlBootStore(database, writes),
    entries: new SqlEntryStore(database, writes),
    standings: new SqlStandingStore({ database, writes, mark }),
    capabilities: new SqlCapabilityStore(database, writes),
    enrolments: new SqlEnrolmentStore(database, writes),
    leases: new SqlLeaseStore(database, writes),
    sizes: () => sizesOf(database),
    copy: (now) => copies.make(now),
    ended: worker.ended,
    close: async () => {
      await copies.settled();
      await writes.drained();
      await worker.close();
    },
  };
}

async function makeHome(folder: string): Promise<void> {
  try {
    await makeFolder(folder);
  } catch (cause) {
    throw unusable(`${folder} cannot be made`, 'set "data" to a folder this user may write to', cause);
  }
}

/** SQLite calls a file of somebody else a disk I/O error. */
async function proveOurs(file: string): Promise<void> {
  try {
    // What is in it is for nobody else.
    await (await open(file, 'a+', 0o600)).close();
  } catch (cause) {
    const remedy = 'see that this user may read and write it, and everything else in its folder';
    throw unusable(`${file} cannot be opened`, remedy, cause);
  }
}

function unusable(what: string, remedy: string, cause: unknown): BootlayerError {
  const code = isDiskFull(cause) ? 'DISK_FULL' : 'DATA_UNUSABLE';
  return new BootlayerError(code, `${what} (${systemErrorCode(cause) ?? String(cause)})`, { remedy, cause });
}
