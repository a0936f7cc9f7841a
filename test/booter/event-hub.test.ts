import { expect, it } from 'vitest';
import type { BootEvent } from '../../src/boot/event.js';
import { EventHub } from '../../src/booter/event-hub.js';

it('tells everybody, from when they came', () => {
  const [first, second]: [BootEvent[], BootEvent[]] = [[], []];
  const hub = new EventHub([(event) => first.push(event)]);
  const events = (['one', 'two'] as const).map((reason) => ({ event: 'mapping.refused', reason }) as const);
  const [one, two] = events;
  if (one !== undefined) hub.tell(one);
  const end = hub.add((event) => second.push(event));
  if (two !== undefined) hub.tell(two);
  end();
  if (one !== undefined) hub.tell(one);
  expect([first, second]).toEqual([[...events, one], [two]]);
});
