/** A step as the API tells it. */
export type ToldEvent = { readonly at: string; readonly machine: string; readonly text: string };

/** No event of ours has as many. */
const MOST_CHARACTERS = 1024 * 1024;

/** The events of a stream of them (HTML standard, server-sent events), as far as ours are written. Throws at what is none. */
export async function* eventsIn(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<ToldEvent> {
  const decoder = new TextDecoder();
  let rest = '';
  for await (const chunk of chunks) {
    rest += decoder.decode(chunk, { stream: true });
    const blocks = rest.split('\n\n');
    rest = blocks.pop() ?? '';
    if (rest.length > MOST_CHARACTERS) throw new RangeError('an event has no end');
    for (const block of blocks) {
      const data = block.split('\n').flatMap((line) => (line.startsWith('data: ') ? [line.slice(6)] : []));
      if (data.length > 0) yield JSON.parse(data.join('\n')) as ToldEvent;
    }
  }
}
