import { Worker } from 'node:worker_threads';
import { threadModule } from '../disk-own-files.js';
import type { BootlayerError } from '../errors.js';
import { sqliteProblem, unusable } from './sqlite-problem.js';
import { OPENED, type WorkerData, type WorkerReply, type WorkerRequest } from './worker-protocol.js';

const WORKER = threadModule('store/sqlite-worker-process.js');

export type Rows = { readonly rows: readonly unknown[]; readonly changes: number };

type Pending = { readonly resolve: (rows: Rows) => void; readonly reject: (error: BootlayerError) => void };

type NewRequest =
  | { readonly kind: 'query'; readonly sql: string; readonly parameters: readonly unknown[] }
  | { readonly kind: 'close' };

/** A SQLite file, reached through its worker. */
export class WorkerDatabase {
  readonly #worker: Worker;
  readonly #file: string;
  readonly #pending = new Map<number, Pending>();
  /** undefined when it was closed, the reason when it ended by itself. */
  readonly ended: Promise<Error | undefined>;
  #lastId = OPENED;
  #closing = false;
  #closed: Promise<void> | undefined;
  #dead: BootlayerError | undefined;

  private constructor(file: string, script: URL) {
    this.#file = file;
    this.#worker = new Worker(script, { workerData: { file } satisfies WorkerData });
    this.#worker.on('message', (reply: WorkerReply) => this.#settle(reply));
    let cause: unknown;
    this.#worker.on('error', (error) => {
      cause = error;
    });
    this.ended = new Promise((resolve) => {
      this.#worker.once('exit', () => resolve(this.#end(cause)));
    });
  }

  /** Throws DATA_UNUSABLE when the file cannot be opened, is no database, or belongs to another server. */
  static async open(file: string, script: URL = WORKER): Promise<WorkerDatabase> {
    const database = new WorkerDatabase(file, script);
    await new Promise<Rows>((resolve, reject) => database.#pending.set(OPENED, { resolve, reject })).catch(
      async (thrown: unknown) => {
        database.#closing = true;
        await database.#worker.terminate();
        throw thrown;
      },
    );
    return database;
  }

  /** Throws DISK_FULL, DATA_UNUSABLE. */
  query(sql: string, parameters: readonly unknown[]): Promise<Rows> {
    return this.#request({ kind: 'query', sql, parameters });
  }

  /** After what was asked before. */
  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async #close(): Promise<void> {
    this.#closing = true;
    const closed = this.#request({ kind: 'close' });
    // A thread that is ended in the middle of a query takes the whole process with it (libsql 0.5, neon's assertions).
    this.#dead ??= unusable(this.#file, 'the database is closed', 'start the server again');
    await closed.catch(() => undefined);
    await this.#worker.terminate();
  }

  #request(request: NewRequest): Promise<Rows> {
    if (this.#dead !== undefined) return Promise.reject(this.#dead);
    this.#lastId += 1;
    const id = this.#lastId;
    return new Promise((resolve, reject) => {
      // First, since it throws on what cannot be cloned; the reply comes in a later turn of the event loop.
      this.#worker.postMessage({ id, ...request } satisfies WorkerRequest);
      this.#pending.set(id, { resolve, reject });
    });
  }

  #settle(reply: WorkerReply): void {
    const pending = this.#pending.get(reply.id);
    this.#pending.delete(reply.id);
    if (reply.kind === 'rows') pending?.resolve(reply);
    else pending?.reject(sqliteProblem(this.#file, reply));
  }

  #end(cause: unknown): Error | undefined {
    const reason = cause instanceof Error ? cause.message : 'its thread ended';
    const dead = unusable(this.#file, `the database ended (${reason})`, 'start the server again');
    this.#dead ??= dead;
    for (const { reject } of this.#pending.values()) reject(dead);
    this.#pending.clear();
    return this.#closing ? undefined : dead;
  }
}
