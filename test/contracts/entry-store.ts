import { describe, expect, it } from 'vitest';
import type { EntryDocument, EntryKind } from '../../src/boot/entry.js';
import type { EntryChange, EntryStore } from '../../src/boot/ports.js';

/** What every store of entries does. `open` gives an empty one. */
export function entryStoreContract(open: () => Promise<EntryStore>): void {
  describe('as a store of entries', () => {
    const put = (kind: EntryKind, name: string, document: EntryDocument = { name }): EntryChange => ({
      ...{ change: 'put', kind, name, document },
      revision: `r${JSON.stringify(document).length}`,
    });
    const kept = ({ change: _change, ...entry }: EntryChange) => entry;

    it('gives back what it was given, by kind and name', async () => {
      const store = await open();
      expect(await store.allEntries()).toEqual([]);
      const [b, a, other] = [put('machine', 'b'), put('machine', 'a'), put('assignment', 'b')];
      await store.changeEntries([b, a, other]);
      expect(await store.allEntries()).toEqual([other, a, b].map(kept));
    });

    it('keeps documents as they are written, whatever is in them', async () => {
      const store = await open();
      const document = {
        ...{
          labels: { 'é\u0000\u2028': '"\\\n', constructor: 'x' },
          mac: ['52:54:00:12:34:56'],
          unheard: [null, 1.5, true],
        },
        ...JSON.parse('{"__proto__": {"a": 1}}'),
      } as EntryDocument;
      await store.changeEntries([put('machine', 'a', document)]);
      const [entry] = await store.allEntries();
      expect(JSON.stringify(entry?.document)).toBe(JSON.stringify(document));
    });

    it('replaces and deletes one of a kind and name', async () => {
      const store = await open();
      await store.changeEntries([put('machine', 'a'), put('assignment', 'a'), put('machine', 'b')]);
      const changed = put('machine', 'a', { serial: '1' });
      await store.changeEntries([changed, { change: 'delete', kind: 'machine', name: 'b' }]);
      await store.changeEntries([{ change: 'delete', kind: 'machine', name: 'never there' }]);
      expect(await store.allEntries()).toEqual([put('assignment', 'a'), changed].map(kept));
    });

    it('makes all of a change or nothing of it', async () => {
      const store = await open();
      const circle: Record<string, unknown> = {};
      circle['circle'] = circle;
      const changes = [put('machine', 'a'), { ...put('machine', 'b'), document: circle } as EntryChange];
      await expect(store.changeEntries(changes)).rejects.toThrow();
      expect(await store.allEntries()).toEqual([]);
    });

    it('makes changes in the order in which they came', async () => {
      const store = await open();
      const all = Array.from({ length: 100 }, (_, number) => put('machine', 'a', { number }));
      await Promise.all(all.map((one) => store.changeEntries([one])));
      expect(await store.allEntries()).toEqual(all.slice(-1).map(kept));
    });
  });
}
