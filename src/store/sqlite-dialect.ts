import {
  type CompiledQuery,
  type DatabaseConnection,
  type Dialect,
  type Driver,
  type QueryResult,
  SqliteAdapter,
  SqliteIntrospector,
  SqliteQueryCompiler,
} from 'kysely';
import { BootlayerError } from '../errors.js';
import type { Rows } from './worker-database.js';

/** What the dialect needs of the worker. */
export interface QueryRunner {
  query(sql: string, parameters: readonly unknown[]): Promise<Rows>;
}

/** More than this at once mean that the disk stands still. */
const MAX_WAITING = 20_000;

/** kysely's SQLite, on an engine that lives in another thread. */
export function workerDialect(runner: QueryRunner): Dialect {
  return {
    createAdapter: () => new TransactionalAdapter(),
    createDriver: () => new WorkerDriver(runner),
    createIntrospector: (database) => new SqliteIntrospector(database),
    createQueryCompiler: () => new SqliteQueryCompiler(),
  };
}

/**
 * kysely runs SQLite's migrations outside a transaction, because `PRAGMA foreign_keys` does nothing inside one. No step
 * here needs that pragma, and a server killed in the middle of a step must find its file as it was before.
 */
class TransactionalAdapter extends SqliteAdapter {
  override get supportsTransactionalDdl(): boolean {
    return true;
  }
}

/** There is one connection, so a transaction keeps everybody else waiting in line. */
class WorkerDriver implements Driver {
  readonly #connection: DatabaseConnection;
  #queue: Promise<void> = Promise.resolve();
  #release: (() => void) | undefined;
  #waiting = 0;

  constructor(runner: QueryRunner) {
    this.#connection = {
      executeQuery: <R>(query: CompiledQuery) => run<R>(runner, query),
      streamQuery: () => {
        throw new Error('nothing here is large enough to be streamed');
      },
    };
  }

  async init(): Promise<void> {}

  /** Throws DATA_UNUSABLE when too many wait already. */
  async acquireConnection(): Promise<DatabaseConnection> {
    if (this.#waiting >= MAX_WAITING) {
      throw new BootlayerError('DATA_UNUSABLE', 'too much waits for the state', { remedy: 'see why its disk is slow' });
    }
    const before = this.#queue;
    let release = (): void => undefined;
    this.#queue = new Promise((resolve) => {
      release = resolve;
    });
    this.#waiting += 1;
    await before;
    this.#waiting -= 1;
    this.#release = release;
    return this.#connection;
  }

  async releaseConnection(): Promise<void> {
    this.#release?.();
  }

  async beginTransaction(): Promise<void> {
    await this.#execute('begin immediate');
  }

  async commitTransaction(): Promise<void> {
    await this.#execute('commit');
  }

  /**
   * Never throws: after a full disk or an I/O error SQLite has rolled back by itself, refuses this one harmlessly
   * (lang_transaction.html, "Response To Errors Within A Transaction"), and that refusal would hide the first error.
   */
  async rollbackTransaction(): Promise<void> {
    await this.#execute('rollback').catch(() => undefined);
  }

  /** The worker belongs to whoever opened it. */
  async destroy(): Promise<void> {}

  async #execute(sql: string): Promise<void> {
    const query: Pick<CompiledQuery, 'sql' | 'parameters'> = { sql, parameters: [] };
    await this.#connection.executeQuery(query as CompiledQuery);
  }
}

async function run<R>(runner: QueryRunner, { sql, parameters }: CompiledQuery): Promise<QueryResult<R>> {
  const { rows, changes } = await runner.query(sql, parameters);
  return { rows: rows as R[], numAffectedRows: BigInt(changes) };
}
