/** One event of a stream: its name, and what its data says. */
export type StreamedEvent = { readonly name: string; readonly data: unknown };

/** No event of ours has as many. */
const MOST_CHARACTERS = 4 * 1024 * 1024;

/**
 * The events of a stream of them (HTML standard, server-sent events), as far as ours are written; undefined where a sign of life
 * came. Throws at what is none.
 */
export async function* eventsIn(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<StreamedEvent | undefined> {
  const decoder = new TextDecoder();
  let rest = '';
  for await (const chunk of chunks) {
    const text = decoder.decode(chunk, { stream: true });
    // A long event comes in many pieces: only the last of them is looked at.
    const isOver = (rest.slice(-1) + text).includes('\n\n');
    rest += text;
    if (rest.length > MOST_CHARACTERS) throw new RangeError('an event has no end');
    if (!isOver) continue;
    const blocks = rest.split('\n\n');
    rest = blocks.pop() ?? '';
    for (const block of blocks) yield eventIn(block);
  }
}

function eventIn(block: string): StreamedEvent | undefined {
  const lines = block.split('\n');
  const valuesOf = (field: string) =>
    lines.flatMap((line) => (line.startsWith(`${field}: `) ? [line.slice(field.length + 2)] : []));
  const data = valuesOf('data');
  if (data.length === 0) return undefined;
  return { name: valuesOf('event')[0] ?? 'message', data: JSON.parse(data.join('\n')) as unknown };
}
