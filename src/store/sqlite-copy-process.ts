/**
 * The thread that copies the SQLite file beside the one that writes it: readers of a write-ahead log hold up no writer
 * (SQLite, wal.html), and what is copied is the state as it was when the copy began.
 */
import { parentPort, workerData } from 'node:worker_threads';
import Database from 'libsql';
import { sqliteFailure } from './sqlite-problem.js';
import type { CopyReply, CopyWorkerData } from './worker-protocol.js';

const BUSY_MILLISECONDS = 5_000;

function copyTo({ file, copy, now }: CopyWorkerData): void {
  const database = new Database(file, { timeout: BUSY_MILLISECONDS });
  try {
    database.prepare('VACUUM INTO ?').run([copy]);
  } finally {
    database.close();
  }
  const copied = new Database(copy);
  try {
    markCopy(copied, now);
  } finally {
    copied.close();
  }
}

/** Says in the copy that it is one, and of when, in milliseconds since the epoch. */
function markCopy(database: Database.Database, now: number): void {
  database.exec('create table if not exists meta (key text primary key, value text not null)');
  database.prepare("insert or replace into meta (key, value) values ('copied_at', ?)").run([String(now)]);
}

function replyOf(work: () => void): CopyReply {
  try {
    work();
    return { kind: 'copied' };
  } catch (thrown) {
    return { kind: 'error', ...sqliteFailure(thrown) };
  }
}

if (parentPort !== null) parentPort.postMessage(replyOf(() => copyTo(workerData as CopyWorkerData)));
