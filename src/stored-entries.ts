import type { EventSink } from './boot/event.js';
import type { EntryStore } from './boot/ports.js';
import { problemsOf } from './config/api-entry.js';
import { FileEntries } from './config/file-entries.js';
import { JoinedEntries } from './config/joined-entries.js';
import type { Config } from './config/schema.js';

/** How many are named in the log, each in a line. */
const MOST_NAMED = 20;

/**
 * What the API had when the server ended, beside what the files say by now. An entry that cannot be beside them is out of force,
 * which is told, and keeps nobody from booting: files may have changed in the meantime. Throws what the store throws.
 */
export async function joinStored(
  config: Config,
  {
    store,
    events,
    warn,
  }: { readonly store: EntryStore; readonly events: EventSink; readonly warn: (text: string) => void },
): Promise<JoinedEntries> {
  const joined = await JoinedEntries.join(await FileEntries.of(config), await store.allEntries());
  const disregarded = [...joined.all()].filter(({ verdict }) => verdict.kind !== 'sound');
  for (const entry of disregarded.slice(0, MOST_NAMED)) {
    const { kind, name } = entry;
    events({ event: 'entry.disregarded', kind, name, reason: problemsOf(entry).join('; ') });
  }
  if (disregarded.length > MOST_NAMED) {
    warn(
      `of what the API has, ${disregarded.length} entries are out of force: machine ls and assignment ls show which`,
    );
  }
  return joined;
}
