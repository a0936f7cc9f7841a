import { EVENT_ID, type Event, getScalarValue } from 'js-yaml';

/** Of each list under a key of the document, the lines in which its entries begin, counted from 1. */
export type EntryLines = ReadonlyMap<string, readonly number[]>;

/** From what the fast parser saw in the text: gone through twice, so that a hundred thousand machines have lines too. Pure. */
export function entryLines(text: string, events: readonly Event[]): EntryLines {
  const found = new Map<string, readonly number[]>();
  // The first event is the document.
  if (events[1]?.type !== EVENT_ID.MAPPING) return found;
  const lineAt = lineCounter(text);
  const parts = [...childrenOf(events, 1)];
  for (let position = 0; position + 1 < parts.length; position += 2) {
    const [key, list] = [events[parts[position] ?? 0], parts[position + 1] ?? 0];
    if (key?.type !== EVENT_ID.SCALAR || events[list]?.type !== EVENT_ID.SEQUENCE) continue;
    const entries = [...childrenOf(events, list)];
    const lines = entries.map((entry) => lineAt(startOf(events[entry])));
    found.set(getScalarValue(text, key), lines);
  }
  return found;
}

/** Where the events are with which what stands right in a collection begins. */
function* childrenOf(events: readonly Event[], collection: number): Generator<number, void> {
  let depth = 0;
  for (let position = collection + 1; position < events.length; position += 1) {
    const event = events[position];
    if (event?.type === EVENT_ID.POP) {
      if (depth === 0) return;
      depth -= 1;
      continue;
    }
    if (depth === 0) yield position;
    if (event?.type === EVENT_ID.MAPPING || event?.type === EVENT_ID.SEQUENCE) depth += 1;
  }
}

function startOf(event: Event | undefined): number {
  if (event?.type === EVENT_ID.SCALAR) return event.valueStart;
  return event !== undefined && 'start' in event ? event.start : -1;
}

/** Places are asked for in their order; what has none, since nothing stands there, is in the line of the one before. */
function lineCounter(text: string): (position: number) => number {
  let line = 1;
  let next = text.indexOf('\n');
  return (position) => {
    while (next !== -1 && next < position) {
      line += 1;
      next = text.indexOf('\n', next + 1);
    }
    return line;
  };
}
