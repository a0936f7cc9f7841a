import fc from 'fast-check';
import { expect, it } from 'vitest';
import { eventsIn, type StreamedEvent } from '../../src/cli/event-lines.js';

const EVENTS = [
  { at: '2026-01-01T00:00:00.000Z', machine: 'node-01', text: 'gets the script' },
  { at: '2026-01-01T00:00:01.000Z', machine: 'nöde-02', text: 'line\nend' },
];

const STREAM = Buffer.from(
  [
    ':\n\n',
    ...EVENTS.map((event) => `event: script.sent\ndata: ${JSON.stringify(event)}\n\n`),
    ':\n\n',
    'event: cut',
  ].join(''),
);

async function* inPieces(cuts: readonly number[]): AsyncGenerator<Uint8Array> {
  let from = 0;
  for (const to of [...cuts.toSorted((a, b) => a - b), STREAM.length]) {
    yield STREAM.subarray(from, to);
    from = to;
  }
}

it('reads events, however they arrive', async () => {
  const cuts = fc.array(fc.nat(STREAM.length), { maxLength: 20 });
  await fc.assert(
    fc.asyncProperty(cuts, async (places) => {
      const found: (StreamedEvent | undefined)[] = [];
      for await (const event of eventsIn(inPieces(places))) found.push(event);
      const named = EVENTS.map((data) => ({ name: 'script.sent', data }));
      expect(found).toEqual([undefined, ...named, undefined]);
    }),
  );
});

it('does not wait for an event without an end', async () => {
  async function* endless(): AsyncGenerator<Uint8Array> {
    for (;;) yield Buffer.alloc(64 * 1024, 'x');
  }
  await expect(eventsIn(endless()).next()).rejects.toThrow('no end');
});
