import { type Kysely, sql, type Transaction } from 'kysely';
import type { CapabilityStore, HandedOut, KeptCapability } from '../boot/policy-ports.js';
import type { Schema } from './schema.js';
import { inSlices, type WriteBatches } from './write-batches.js';

/** Of one machine: who boots again and again before it is done reports by one of the last, and each boot has a few. */
const MOST_OF_MACHINE = 32;
const MOST = 100_000;
/** After so many new ones those that are too many are forgotten at once. */
const MOST_NEW = 1_000;
/** The order in which rows came, whatever the clock said then. */
const AGE = sql.ref('rowid');

/** Capabilities in SQL, by their digests: the newest of each machine, and so many in all. */
export class SqlCapabilityStore implements CapabilityStore {
  readonly #database: Kysely<Schema>;
  readonly #writes: WriteBatches;
  readonly #most: number;
  #new = 0;

  /** `most`: are kept, but for the newest thousand. */
  constructor(database: Kysely<Schema>, writes: WriteBatches, most = MOST) {
    this.#database = database;
    this.#writes = writes;
    this.#most = most;
  }

  async saveCapability(capability: KeptCapability): Promise<void> {
    const { hash, machine, expiresAt, handsOut } = capability;
    await this.#writes.add(async (transaction) => {
      // The others of its boot may be forgotten before it is.
      const spent = handsOut === undefined ? [] : await spentIn(transaction, capability);
      const kept = spent.length === 0 ? capability : { ...capability, handsOut: { ...handsOut, spent } };
      await transaction
        .insertInto('capabilities')
        .values({ hash, machine, expires_at: expiresAt, capability: JSON.stringify(kept) })
        .execute();
      await keepNewest(transaction, machine);
    });
    this.#new += 1;
    if (this.#new < MOST_NEW) return;
    this.#new = 0;
    // One that fails is done with the next, or by whoever prunes from time to time.
    this.#pruneOldest().catch(() => undefined);
  }

  findCapability(hash: string): Promise<KeptCapability | undefined> {
    return capabilityIn(this.#database, hash);
  }

  /** In its turn: one that is saved before it is superseded. */
  supersede(machine: string, boot: string): Promise<void> {
    return this.#writes.add(async (transaction) => {
      for (const kept of await handingOut(transaction, machine))
        if (kept.boot !== boot && kept.handsOut?.isSuperseded !== true)
          await change(transaction, kept, { isSuperseded: true });
    });
  }

  async spend(hash: string, document: string): Promise<boolean> {
    let isNew = false;
    await this.#writes.add(async (transaction) => {
      const kept = await capabilityIn(transaction, hash);
      if (kept?.handsOut === undefined) return;
      const spent = await spentIn(transaction, kept);
      isNew = !spent.includes(document);
      if (isNew) await change(transaction, kept, { spent: [...spent, document] });
    });
    return isNew;
  }

  async pruneCapabilities(now: number): Promise<number> {
    let pruned = 0n;
    await this.#writes.add(async (transaction) => {
      const old = await transaction.deleteFrom('capabilities').where('expires_at', '<', now).executeTakeFirst();
      pruned = old.numDeletedRows;
    });
    return Number(pruned) + (await this.#pruneOldest());
  }

  async #pruneOldest(): Promise<number> {
    const first = await this.#database
      .selectFrom('capabilities')
      .select(AGE.as('age'))
      .orderBy(AGE, 'desc')
      .limit(1)
      .offset(this.#most)
      .executeTakeFirst();
    if (first === undefined) return 0;
    return inSlices(this.#writes, async (transaction, most) => {
      const some = transaction.selectFrom('capabilities').select('hash').where(AGE, '<=', first.age).limit(most);
      return (await transaction.deleteFrom('capabilities').where('hash', 'in', some).executeTakeFirst()).numDeletedRows;
    });
  }
}

async function capabilityIn(database: Kysely<Schema>, hash: string): Promise<KeptCapability | undefined> {
  const row = await database
    .selectFrom('capabilities')
    .select('capability')
    .where('hash', '=', hash)
    .executeTakeFirst();
  return row === undefined ? undefined : readCapability(row.capability, hash);
}

/** What was handed out once in the same boot, by whichever capability: a boot that lasts is given several. */
async function spentIn(
  transaction: Transaction<Schema>,
  { machine, boot }: KeptCapability,
): Promise<readonly string[]> {
  const ofBoot = (await handingOut(transaction, machine)).filter((kept) => kept.boot === boot);
  return [...new Set(ofBoot.flatMap(({ handsOut }) => handsOut?.spent ?? []))];
}

/** The machine's capabilities by which something is handed out. */
async function handingOut(transaction: Transaction<Schema>, machine: string): Promise<readonly KeptCapability[]> {
  const rows = await transaction
    .selectFrom('capabilities')
    .select(['hash', 'capability'])
    .where('machine', '=', machine)
    .execute();
  return rows.flatMap(({ hash, capability }) => {
    const kept = readCapability(capability, hash);
    return kept?.handsOut === undefined ? [] : [kept];
  });
}

async function change(
  transaction: Transaction<Schema>,
  kept: KeptCapability,
  changed: Partial<HandedOut>,
): Promise<void> {
  if (kept.handsOut === undefined) return;
  const capability = JSON.stringify({ ...kept, handsOut: { ...kept.handsOut, ...changed } });
  await transaction.updateTable('capabilities').set({ capability }).where('hash', '=', kept.hash).execute();
}

async function keepNewest(transaction: Transaction<Schema>, machine: string): Promise<void> {
  const newest = transaction
    .selectFrom('capabilities')
    .select('hash')
    .where('machine', '=', machine)
    .orderBy(AGE, 'desc')
    .limit(MOST_OF_MACHINE);
  await transaction.deleteFrom('capabilities').where('machine', '=', machine).where('hash', 'not in', newest).execute();
}

/** A row that somebody changed is as good as missing. */
function readCapability(text: string, hash: string): KeptCapability | undefined {
  try {
    const capability = JSON.parse(text) as KeptCapability;
    return capability.hash === hash && Array.isArray(capability.keys) ? capability : undefined;
  } catch {
    return undefined;
  }
}
