import type { Kysely, Transaction } from 'kysely';
import type { EntryDocument, EntryKind } from '../boot/entry.js';
import type { EntryChange, EntryStore, StoredEntry } from '../boot/ports.js';
import type { Schema } from './schema.js';
import type { WriteBatches } from './write-batches.js';

/** Machines and assignments of the API in SQL, each as it was written. */
export class SqlEntryStore implements EntryStore {
  readonly #database: Kysely<Schema>;
  readonly #writes: WriteBatches;

  constructor(database: Kysely<Schema>, writes: WriteBatches) {
    this.#database = database;
    this.#writes = writes;
  }

  async allEntries(): Promise<readonly StoredEntry[]> {
    const rows = await this.#database
      .selectFrom('entries')
      .select(['kind', 'name', 'revision', 'document'])
      .orderBy('kind')
      .orderBy('name')
      .execute();
    return rows.flatMap(({ kind, name, revision, document }) =>
      isKind(kind) ? [{ kind, name, revision, document: readDocument(document) }] : [],
    );
  }

  changeEntries(changes: readonly EntryChange[]): Promise<void> {
    return this.#writes.add(async (transaction) => {
      for (const change of changes) await changeEntry(transaction, change);
    });
  }
}

async function changeEntry(transaction: Transaction<Schema>, entry: EntryChange): Promise<void> {
  const { kind, name } = entry;
  if (entry.change === 'delete') {
    await transaction.deleteFrom('entries').where('kind', '=', kind).where('name', '=', name).execute();
    return;
  }
  const written = { revision: entry.revision, document: JSON.stringify(entry.document) };
  await transaction
    .insertInto('entries')
    .values({ kind, name, ...written })
    .onConflict((conflict) => conflict.columns(['kind', 'name']).doUpdateSet(written))
    .execute();
}

function isKind(kind: string): kind is EntryKind {
  return kind === 'machine' || kind === 'assignment';
}

/** We wrote it; what somebody made of it is shown to the operator, and nothing of it is lost. */
function readDocument(text: string): EntryDocument | undefined {
  try {
    const document: unknown = JSON.parse(text);
    const isObject = typeof document === 'object' && document !== null && !Array.isArray(document);
    return isObject ? (document as EntryDocument) : undefined;
  } catch {
    return undefined;
  }
}
