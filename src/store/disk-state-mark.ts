import { randomUUID } from 'node:crypto';
import { open, readFile, rename } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import type { Kysely, Transaction } from 'kysely';
import { syncFolder } from '../disk-access.js';
import { BootlayerError, isDiskFull, systemErrorCode } from '../errors.js';
import { newestTimeIn } from './newest-time.js';
import type { Schema } from './schema.js';
import type { WriteBatches } from './write-batches.js';

/** Which state it is, and how many changes of standings it has seen. */
type Mark = { readonly id: string; readonly changes: number };

export type StateMarkParts = {
  readonly database: Kysely<Schema>;
  readonly writes: WriteBatches;
  /** Beside the state, and not part of it. */
  readonly file: string;
  readonly now: () => number;
};

/** Whoever removes `state.db*` is to leave it: it is the only one that knows then that there was a state. */
export function witnessOf(state: string): string {
  return join(dirname(state), `witness-of-${basename(state)}`);
}

/**
 * A witness beside the state, by which a state is noticed that was put in place of another, or is older than it was: a machine that
 * was installed since is not to be installed again.
 */
export class StateMark {
  readonly #parts: StateMarkParts;
  #mark: Mark;
  #doubtedSince: number | undefined;
  /** Changes, with those that are not durable yet. */
  #counted: number;
  /** How many changes the file knows of; -1: it is of another state. */
  #written: number;
  /** The file is what shows that the state is not the right one. */
  #isProof: boolean;
  #writing: Promise<void> | undefined;

  private constructor(parts: StateMarkParts, mark: Mark, doubtedSince: number | undefined, witness: Mark | undefined) {
    this.#parts = parts;
    this.#mark = mark;
    this.#doubtedSince = doubtedSince;
    this.#written = witness?.id === mark.id ? witness.changes : -1;
    this.#isProof = witness !== undefined && doubtedSince !== undefined;
    this.#counted = mark.changes;
  }

  /** Throws DATA_UNUSABLE, DISK_FULL. */
  static async open(parts: StateMarkParts): Promise<StateMark> {
    const rows = await parts.database.selectFrom('meta').select(['key', 'value']).execute();
    const meta = new Map(rows.map(({ key, value }) => [key, value]));
    const own = { id: meta.get('id') ?? randomUUID(), changes: Number(meta.get('changes') ?? 0) };
    const witness = await readWitness(parts.file);
    const known = meta.get('doubted_since');
    const isDoubted = known !== undefined || meta.has('copied_at') || isOther(witness, own);
    // A clock that is not set yet must not make wishes that it holds already those of after.
    const doubtedSince = isDoubted ? Number(known ?? (await timeAfter(parts))) : undefined;
    const mark = new StateMark(parts, own, doubtedSince, witness);
    await mark.#keep({ id: own.id, ...(doubtedSince !== undefined && { doubted_since: String(doubtedSince) }) });
    await mark.written(own.changes);
    return mark;
  }

  get doubtedSince(): number | undefined {
    return this.#doubtedSince;
  }

  /** One change more, in the transaction that makes it; answers how many there are with it. */
  async count(transaction: Transaction<Schema>): Promise<number> {
    this.#counted += 1;
    const changes = this.#counted;
    await setMeta(transaction, 'changes', String(changes));
    return changes;
  }

  /**
   * So many changes are durable: the witness is to know. Never of one that is not, or a state would be taken for an older one;
   * one that lags misses an older state, and nothing else.
   */
  async written(changes: number): Promise<void> {
    this.#mark = { ...this.#mark, changes: Math.max(changes, this.#mark.changes) };
    if (this.#isProof) return;
    while (this.#written < this.#mark.changes) {
      this.#writing ??= this.#write().finally(() => {
        this.#writing = undefined;
      });
      await this.#writing;
    }
  }

  /** From now on the state is whole, whatever it lacks. */
  async trust(): Promise<void> {
    const id = randomUUID();
    await this.#parts.writes.add(async (transaction) => {
      await transaction.deleteFrom('meta').where('key', 'in', ['doubted_since', 'copied_at']).execute();
      await setMeta(transaction, 'id', id);
    });
    this.#mark = { ...this.#mark, id };
    this.#doubtedSince = undefined;
    this.#isProof = false;
    this.#written = -1;
    await this.written(this.#mark.changes);
  }

  #keep(values: Readonly<Record<string, string>>): Promise<void> {
    return this.#parts.writes.add(async (transaction) => {
      for (const [key, value] of Object.entries(values)) await setMeta(transaction, key, value);
    });
  }

  async #write(): Promise<void> {
    const { file } = this.#parts;
    const mark = this.#mark;
    try {
      await replaceFile(file, `${JSON.stringify(mark)}\n`);
    } catch (cause) {
      const code = isDiskFull(cause) ? 'DISK_FULL' : 'DATA_UNUSABLE';
      const why = systemErrorCode(cause) ?? String(cause);
      throw new BootlayerError(code, `${file} cannot be written (${why})`, {
        remedy: 'see that this user may write to its folder, and that there is room',
        cause,
      });
    }
    // Of another state, if it was accepted meanwhile.
    if (mark.id === this.#mark.id) this.#written = mark.changes;
  }
}

/**
 * A state that was never marked is younger than the witness; a state with fewer changes is older; and one with changes that has no
 * witness was brought here without it.
 */
function isOther(witness: Mark | undefined, own: Mark): boolean {
  if (witness === undefined) return own.changes > 0;
  return witness.id !== own.id || witness.changes > own.changes;
}

/** Now, or just after everything that the state tells of. */
async function timeAfter({ database, now }: StateMarkParts): Promise<number> {
  return Math.max(now(), (await newestTimeIn(database)) + 1);
}

async function readWitness(file: string): Promise<Mark | undefined> {
  const text = await readFile(file, 'utf8').catch((thrown: unknown) => {
    if (systemErrorCode(thrown) === 'ENOENT') return undefined;
    throw new BootlayerError('DATA_UNUSABLE', `${file} cannot be read (${systemErrorCode(thrown) ?? String(thrown)})`, {
      remedy: 'see that this user may read it',
      cause: thrown,
    });
  });
  if (text === undefined) return undefined;
  try {
    const { id, changes } = JSON.parse(text) as Partial<Mark>;
    if (typeof id === 'string' && typeof changes === 'number') return { id, changes };
  } catch {
    // As good as another's.
  }
  return { id: '', changes: 0 };
}

/** Whole or not at all, and there after a power cut. */
async function replaceFile(file: string, text: string): Promise<void> {
  const next = `${file}.next`;
  const handle = await open(next, 'w', 0o600);
  try {
    await handle.writeFile(text);
    await handle.sync();
  } finally {
    await handle.close();
  }
  await rename(next, file);
  await syncFolder(dirname(file));
}

/** Something that there is to know of the state itself. */
export async function setMeta(transaction: Transaction<Schema>, key: string, value: string): Promise<void> {
  await transaction
    .insertInto('meta')
    .values({ key, value })
    .onConflict((conflict) => conflict.column('key').doUpdateSet({ value }))
    .execute();
}
