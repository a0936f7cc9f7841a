import { expect, it } from 'vitest';
import { createMapping } from '../../src/booter/mapping.js';
import { findNotDone } from '../../src/booter/not-done.js';
import { Standings } from '../../src/booter/standings.js';
import { assignment, machine } from '../fixtures/mappings.js';
import { MemoryStandings } from '../fixtures/policies.js';

it('names the machines under once that are not known as done, a thousand of them', async () => {
  const standings = await Standings.open({ store: new MemoryStandings(), newId: () => 'id' });
  const names = Array.from({ length: 1_003 }, (_, index) => `node-${index}`);
  const machines = [...names, 'free'].map((name) =>
    machine({ name, macs: [], labels: { free: String(name === 'free') } }),
  );
  const once = { mode: 'once', doneWhen: 'reported' } as const;
  const mapping = createMapping({
    machines,
    assignments: [
      assignment({ policy: once, match: { labels: { free: ['false'] } } }),
      assignment({ name: 'always', match: { labels: { free: ['true'] } } }),
    ],
    defaults: { kernelArgs: {} },
  });
  await standings.change({ machine: 'node-0', keys: ['name node-0'], also: [] }, (standing) => ({
    ...standing,
    done: { at: 5, by: 'operator' },
  }));
  const { count, machines: named } = await findNotDone(mapping, { standings, now: 10 });
  expect([count, named.length, named[0]]).toEqual([1_002, 1_000, 'node-1']);
});
