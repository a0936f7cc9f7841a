import { setImmediate } from 'node:timers/promises';
import type {
  EntryChanged,
  EntryDocument,
  EntryKind,
  EntryPage,
  EntryQuery,
  EntryWish,
  ShownEntry,
} from './boot/entry.js';
import { formatSource, unknownEntry } from './boot/entry.js';
import type { EventSink } from './boot/event.js';
import type { EntryStore } from './boot/ports.js';
import { type KnownDoubtsParts, knownDoubts } from './booter/known-doubts.js';
import { createMapping, type Mapping, type MappingInput } from './booter/mapping.js';
import { type BootDifference, bootDifferences } from './booter/preview.js';
import { type ApiEntry, problemsOf, revisionOf, type Verdict } from './config/api-entry.js';
import { FileEntries } from './config/file-entries.js';
import { JoinedEntries } from './config/joined-entries.js';
import { listEntries } from './config/list-entries.js';
import type { Config } from './config/schema.js';
import { BootlayerError } from './errors.js';
import { fewOf } from './format.js';
import { requestInvalid } from './http/asked.js';
import type { EntryPreview } from './http/routes/entries.js';
import { Turns } from './turns.js';

export type EntriesParts = KnownDoubtsParts & {
  /** As they were joined at the start. */
  readonly joined: JoinedEntries;
  readonly store: EntryStore;
  /** The mapping in force. */
  readonly mapping: () => Mapping;
  /** Makes another one the one in force; so many entries of the API do not count. */
  readonly apply: (mapping: MappingInput, disregarded: number) => void;
  readonly events: EventSink;
};

/** How many machines a preview names. */
const MOST_BOOTS = 200;
/** How many machines are looked at before packets have their turn. */
const AT_ONCE = 250;
const MOST_NAMES = 8;
/** May wait at a time. */
const MOST_CHANGES = 1_000;
const MOST_PREVIEWS = 16;

/** What is to become of an entry. */
type Plan =
  | { readonly kind: 'put'; readonly entry: ApiEntry; readonly before: ApiEntry | undefined }
  | { readonly kind: 'delete'; readonly before: ApiEntry };

/**
 * The machines and assignments of files and of the API together. Whatever changes them, files read anew or the API, does so in
 * turn; a change that cannot be kept changes nothing.
 */
export class Entries {
  readonly #parts: EntriesParts;
  readonly #turns = new Turns({ what: 'changes', most: MOST_CHANGES });
  /** Each looks at all machines, and whoever may only read can ask for them: changes do not wait for them. */
  readonly #previews = new Turns({ what: 'previews', most: MOST_PREVIEWS });
  #joined: JoinedEntries;
  readonly #sorted = new Map<EntryKind, readonly string[]>();

  constructor(parts: EntriesParts) {
    this.#parts = parts;
    this.#joined = parts.joined;
  }

  find(kind: EntryKind, name: string): ShownEntry | undefined {
    return this.#joined.find(kind, name)?.shown();
  }

  list(kind: EntryKind, query: EntryQuery): Promise<EntryPage> {
    return listEntries(this.#joined, { kind, names: this.#names(kind) }, query);
  }

  /** Sorted when somebody asks for the first time. */
  #names(kind: EntryKind): readonly string[] {
    const names = this.#sorted.get(kind) ?? [...this.#joined.names(kind)].sort();
    this.#sorted.set(kind, names);
    return names;
  }

  /**
   * Durable, and in force, when it resolves. Throws REQUEST_INVALID with all that is wrong, CONFLICT when it cannot be beside
   * another entry, READ_ONLY_ENTRY of one that a file has, RATE_LIMITED, and what the store throws; nothing has changed then.
   */
  change(wish: EntryWish): Promise<EntryChanged> {
    return this.#turns.take(async () => {
      const plan = this.#plan(wish);
      if (plan.kind === 'put' && isSame(plan)) return { kind: 'put', isNew: false, entry: this.#shown(wish) };
      await this.#keep(wish, plan);
      const { kind, name } = wish;
      const revived = plan.kind === 'put' ? this.#joined.set(plan.entry) : this.#joined.delete(kind, name);
      this.#apply();
      const change = plan.kind === 'delete' ? 'deleted' : plan.before === undefined ? 'created' : 'replaced';
      this.#parts.events({ event: 'entry.changed', kind, name, change });
      this.#tellRevived(revived);
      if (plan.kind === 'delete') return { kind: 'deleted' };
      return { kind: 'put', isNew: plan.before === undefined, entry: this.#shown(wish) };
    });
  }

  /** What the change would do. Throws the same, but for the store; RATE_LIMITED when too many ask. */
  preview(wish: EntryWish): Promise<EntryPreview> {
    return this.#previews.take(() => this.#preview(wish));
  }

  async #preview(wish: EntryWish): Promise<EntryPreview> {
    const plan = this.#plan(wish);
    const { kind, name } = wish;
    const value = plan.kind === 'put' && plan.entry.verdict.kind === 'sound' ? plan.entry.verdict.value : undefined;
    const before = this.#parts.mapping();
    const input = { ...this.#joined.candidate(kind, name, value), defaults: before.defaults };
    const after = createMapping(input, before);
    const { boots, more } = await differencesOf(before, after);
    const warnings = await knownDoubts(wish, after, this.#parts);
    const [machines, assignments] = (['machine', 'assignment'] as const).map((one) =>
      namesIn(one === kind ? plan : undefined, name),
    ) as [EntryPreview['machines'], EntryPreview['assignments']];
    const preview = { dryRun: true, machines, assignments, boots, ...(more > 0 && { more }) } as const;
    return warnings.length === 0 ? preview : { ...preview, warnings };
  }

  #plan({ kind, name, edit }: EntryWish): Plan {
    const before = this.#joined.entry(kind, name);
    const ofFile = this.#joined.files.find(kind, name);
    if (ofFile !== undefined && before === undefined) throw readOnly(kind, name, formatSource(ofFile.source));
    const document = edit(before && this.#joined.shownOf(before));
    if (document === undefined) return this.#planDeletion(kind, name, before);
    if (ofFile !== undefined) throw readOnly(kind, name, formatSource(ofFile.source));
    const written = { name, ...document };
    const wanted = { kind, name, document: written, revision: revisionOf(JSON.stringify(written)) };
    const verdict = this.#joined.judge(wanted);
    if (verdict.kind !== 'sound') throw refusalOf({ kind, name }, verdict);
    return { kind: 'put', entry: { ...wanted, verdict }, before };
  }

  #planDeletion(kind: EntryKind, name: string, before: ApiEntry | undefined): Plan {
    if (before === undefined) throw unknownEntry(kind, name);
    const isStillThere = this.#joined.files.has(kind, name);
    const naming = kind === 'machine' && !isStillThere ? this.#joined.naming(name) : [];
    if (naming.length === 0) return { kind: 'delete', before };
    throw new BootlayerError(
      'CONFLICT',
      `the machine ${name} is named by ${fewOf(naming, MOST_NAMES, ', ')} of the API`,
      {
        remedy: 'take it out of these assignments first',
      },
    );
  }

  async #keep({ kind, name }: EntryWish, plan: Plan): Promise<void> {
    if (plan.kind === 'delete') return this.#parts.store.changeEntries([{ change: 'delete', kind, name }]);
    const { document, revision } = plan.entry;
    await this.#parts.store.changeEntries([
      { change: 'put', kind, name, revision, document: document as EntryDocument },
    ]);
  }

  #shown({ kind, name }: EntryWish): ShownEntry {
    const entry = this.find(kind, name);
    if (entry === undefined) throw unknownEntry(kind, name);
    return entry;
  }

  /**
   * The files were read anew: from now on this counts, with what the API has. `also`: what is to be done with it; what that
   * throws refuses both. Throws CONFIG_INVALID when an entry of the API that counts would not any more.
   */
  refile(config: Config, also: () => void = () => undefined): Promise<void> {
    return this.#turns.take(async () => {
      const before = this.#joined;
      const joined = await JoinedEntries.join(await FileEntries.of(config), [...before.all()], before);
      const all = [...joined.all()];
      const wasSound = ({ kind, name }: ApiEntry) => before.entry(kind, name)?.verdict.kind === 'sound';
      const refused = all.filter((entry) => entry.verdict.kind !== 'sound' && wasSound(entry));
      if (refused.length > 0) throw collisionsOf(config.file, refused);
      also();
      this.#joined = joined;
      this.#apply();
      this.#tellRevived(all.filter((entry) => entry.verdict.kind === 'sound' && !wasSound(entry)));
    });
  }

  #apply(): void {
    this.#sorted.clear();
    const { lists, files } = this.#joined;
    this.#parts.apply({ ...lists, defaults: files.config.defaults }, this.#joined.disregarded());
  }

  #tellRevived(entries: readonly ApiEntry[]): void {
    for (const { kind, name } of entries) this.#parts.events({ event: 'entry.changed', kind, name, change: 'revived' });
  }
}

function isSame({ entry, before }: Plan & { readonly kind: 'put' }): boolean {
  return before?.verdict.kind === 'sound' && before.revision === entry.revision;
}

function namesIn(plan: Plan | undefined, name: string): EntryPreview['machines'] {
  const isNew = plan?.kind === 'put' && plan.before?.verdict.kind !== 'sound';
  const isChanged = plan?.kind === 'put' && !isNew && !isSame(plan);
  const names = (isMeant: boolean) => (isMeant ? [name] : []);
  return { added: names(isNew), removed: names(plan?.kind === 'delete'), changed: names(isChanged) };
}

/** Packets have their turn in between. */
async function differencesOf(
  before: Mapping,
  after: Mapping,
): Promise<{ readonly boots: readonly BootDifference[]; readonly more: number }> {
  const boots: BootDifference[] = [];
  let [looked, more] = [0, 0];
  for (const difference of bootDifferences(before, after)) {
    if (difference !== undefined && boots.length < MOST_BOOTS) boots.push(difference);
    else if (difference !== undefined) more += 1;
    looked += 1;
    if (looked % AT_ONCE === 0) await setImmediate();
  }
  return { boots, more };
}

function readOnly(kind: EntryKind, name: string, where: string): BootlayerError {
  return new BootlayerError('READ_ONLY_ENTRY', `the ${kind} ${name} is written in ${where}`, {
    remedy: 'change it there: the server reads its files anew by itself',
  });
}

function refusalOf(
  { kind, name }: Pick<EntryWish, 'kind' | 'name'>,
  { kind: why, problems }: Verdict & { readonly kind: 'wrong' | 'clashing' },
): BootlayerError {
  const inBody = problems.map((problem) => ({ in: 'body', ...problem }) as const);
  if (why === 'wrong') return requestInvalid(inBody);
  const messages = problems.map(({ message }) => message).join('; ');
  return new BootlayerError('CONFLICT', `the ${kind} ${name} cannot be beside others: ${messages}`, {
    details: { problems: inBody },
  });
}

const MOST_LINES = 50;

function collisionsOf(file: string, entries: readonly ApiEntry[]): BootlayerError {
  const lines = entries.flatMap((entry) =>
    problemsOf(entry).map((problem) => `the ${entry.kind} ${entry.name} of the API: ${problem}`),
  );
  const shown =
    lines.length > MOST_LINES ? [...lines.slice(0, MOST_LINES), `and ${lines.length - MOST_LINES} more`] : lines;
  return new BootlayerError('CONFIG_INVALID', [`${file} and the API do not fit together:`, ...shown].join('\n  '), {
    remedy: 'change the file, or the entry by the API',
  });
}
