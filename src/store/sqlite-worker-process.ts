/**
 * The thread that owns the SQLite file: its engine is synchronous, and nothing on a packet's way may wait for a disk.
 * Requests are done in the order they come.
 */
import { closeSync, openSync, readSync, rmSync } from 'node:fs';
import { parentPort, workerData } from 'node:worker_threads';
import Database from 'libsql';
import { sqliteFailure } from './sqlite-problem.js';
import { OPENED, type WorkerData, type WorkerReply, type WorkerRequest } from './worker-protocol.js';

/** A server that is just ending may still hold the file. */
const BUSY_MILLISECONDS = 2_000;
/** Of the write-ahead log, once what is in it is in the file. */
const MOST_LOG_BYTES = 64 * 1024 * 1024;

type Opened = {
  readonly database: Database.Database;
  /** Held for as long as it is open. */
  readonly lock: Database.Database;
};

/**
 * One server per file, for as long as it lives; the kernel frees the lock of one that was killed. It is the lock of a file
 * beside it, so that others may read the state while it is written: a copy is made that way.
 */
function lockFile(file: string): Database.Database {
  const lock = new Database(`${file}.lock`, { timeout: BUSY_MILLISECONDS });
  lock.exec('PRAGMA journal_mode=MEMORY; BEGIN EXCLUSIVE');
  return lock;
}

/**
 * A copy was put in the place of a state whose server was killed: the log that lies there is of the state before, and SQLite
 * would write what is in it into the copy. It knows a log by its name alone (wal.html, "The WAL File Format"); but a file with
 * a log of its own says so in bytes 18 and 19 (fileformat2.html), and copies, which have none, do not.
 */
function forgetForeignLog(file: string): void {
  if (journalVersions(file) === '1 1') for (const end of ['-wal', '-shm']) rmSync(`${file}${end}`, { force: true });
}

/** Of writing and of reading; undefined where there is no file, or an empty one. */
function journalVersions(file: string): string | undefined {
  const versions = Buffer.alloc(2);
  let handle: number | undefined;
  try {
    handle = openSync(file, 'r');
    return readSync(handle, versions, 0, 2, 18) === 2 ? versions.join(' ') : undefined;
  } catch {
    return undefined;
  } finally {
    if (handle !== undefined) closeSync(handle);
  }
}

function openFile(file: string): Opened {
  const lock = lockFile(file);
  forgetForeignLog(file);
  const database = new Database(file, { timeout: BUSY_MILLISECONDS });
  database.exec('PRAGMA journal_mode=WAL');
  // What was acknowledged survives a power cut.
  database.exec('PRAGMA synchronous=FULL');
  database.exec('PRAGMA foreign_keys=ON');
  // It grows while a copy is made.
  database.exec(`PRAGMA journal_size_limit=${MOST_LOG_BYTES}`);
  // A disk that takes no writes is told of now.
  database.exec('BEGIN IMMEDIATE; PRAGMA user_version=0; COMMIT');
  const [first] = database.prepare('PRAGMA quick_check(1)').all() as { readonly quick_check?: unknown }[];
  if (first?.quick_check === 'ok') return { database, lock };
  throw Object.assign(new Error(String(first?.quick_check)), { code: 'SQLITE_CORRUPT' });
}

function answer(database: Database.Database, { id, sql, parameters }: WorkerRequest & { kind: 'query' }): WorkerReply {
  const statement = database.prepare(sql);
  if (statement.reader) return { id, kind: 'rows', rows: statement.all(parameters), changes: 0 };
  return { id, kind: 'rows', rows: [], changes: statement.run(parameters).changes };
}

function failure(id: number, thrown: unknown): WorkerReply {
  return { id, kind: 'error', ...sqliteFailure(thrown) };
}

function serve(port: NonNullable<typeof parentPort>, file: string): void {
  let opened: Opened;
  try {
    opened = openFile(file);
    port.postMessage({ id: OPENED, kind: 'rows', rows: [], changes: 0 } satisfies WorkerReply);
  } catch (thrown) {
    port.postMessage(failure(OPENED, thrown));
    return;
  }
  const { database, lock } = opened;
  port.on('message', (request: WorkerRequest) => {
    try {
      if (request.kind === 'close') {
        database.close();
        lock.close();
        port.postMessage({ id: request.id, kind: 'rows', rows: [], changes: 0 } satisfies WorkerReply);
        port.close();
      } else {
        port.postMessage(answer(database, request));
      }
    } catch (thrown) {
      port.postMessage(failure(request.id, thrown));
    }
  });
}

if (parentPort !== null) serve(parentPort, (workerData as WorkerData).file);
