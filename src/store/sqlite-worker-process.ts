/**
 * The thread that owns the SQLite file: its engine is synchronous, and nothing on a packet's way may wait for a disk.
 * Requests are done in the order they come.
 */
import { parentPort, workerData } from 'node:worker_threads';
import Database from 'libsql';
import { OPENED, type WorkerData, type WorkerReply, type WorkerRequest } from './worker-protocol.js';

/** A server that is just ending may still hold the file. */
const BUSY_MILLISECONDS = 2_000;

function openFile(file: string): Database.Database {
  const database = new Database(file, { timeout: BUSY_MILLISECONDS });
  // One server per file, for as long as it lives; the kernel frees the lock of one that was killed.
  database.exec('PRAGMA locking_mode=EXCLUSIVE');
  database.exec('PRAGMA journal_mode=WAL');
  // What was acknowledged survives a power cut.
  database.exec('PRAGMA synchronous=FULL');
  database.exec('PRAGMA foreign_keys=ON');
  // An exclusive lock is only taken with the first write.
  database.exec('BEGIN IMMEDIATE; PRAGMA user_version=0; COMMIT');
  const [first] = database.prepare('PRAGMA quick_check(1)').all() as { readonly quick_check?: unknown }[];
  if (first?.quick_check === 'ok') return database;
  throw Object.assign(new Error(String(first?.quick_check)), { code: 'SQLITE_CORRUPT' });
}

function answer(database: Database.Database, { id, sql, parameters }: WorkerRequest & { kind: 'query' }): WorkerReply {
  const statement = database.prepare(sql);
  if (statement.reader) return { id, kind: 'rows', rows: statement.all(parameters), changes: 0 };
  return { id, kind: 'rows', rows: [], changes: statement.run(parameters).changes };
}

function failure(id: number, thrown: unknown): WorkerReply {
  const error = thrown instanceof Error ? thrown : new Error(String(thrown));
  const code = 'code' in error && typeof error.code === 'string' && error.code !== '' ? error.code : 'SQLITE_ERROR';
  return { id, kind: 'error', code, message: error.message };
}

function serve(port: NonNullable<typeof parentPort>, file: string): void {
  let database: Database.Database;
  try {
    database = openFile(file);
    port.postMessage({ id: OPENED, kind: 'rows', rows: [], changes: 0 } satisfies WorkerReply);
  } catch (thrown) {
    port.postMessage(failure(OPENED, thrown));
    return;
  }
  port.on('message', (request: WorkerRequest) => {
    try {
      if (request.kind === 'close') {
        database.close();
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
