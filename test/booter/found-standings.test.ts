import { expect, it } from 'vitest';
import { FoundStandings } from '../../src/booter/found-standings.js';

const kept = (id: string, more: object = {}) => ({ id, keys: [`mac ${id}`], standing: { machine: id }, ...more });
const ids = (found: readonly { readonly id: string }[]) => found.map(({ id }) => id);

it('finds standings by their keys, and by what several have reported', () => {
  const found = new FoundStandings();
  for (const id of ['1', '2', '3']) found.put(kept(id, { also: ['uuid 7'] }));
  expect(ids(found.of(['uuid 7', 'mac 2']))).toEqual(['2']);
  expect(ids(found.reporting(['uuid 7', 'mac 2']))).toEqual(['1', '2', '3']);
  found.remove('2');
  expect(ids(found.reporting(['uuid 7']))).toEqual(['1', '3']);
  found.put(kept('1', { keys: ['name a'] }));
  expect(ids(found.reporting(['uuid 7']))).toEqual(['3']);
  found.remove('3');
  expect([ids(found.reporting(['uuid 7', 'mac 1'])), found.size, found.strangers]).toEqual([[], 1, 0]);
});

it('is quick where all report the same', () => {
  const found = new FoundStandings();
  for (let id = 0; id < 100_000; id += 1) found.put(kept(String(id), { also: ['uuid 7'] }));
  expect(found.reporting(['uuid 7'])).toHaveLength(100_000);
});
