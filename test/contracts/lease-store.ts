import { describe, expect, it } from 'vitest';
import type { ClientKey } from '../../src/lease/client.js';
import type { Lease } from '../../src/lease/lease.js';
import type { LeaseStore } from '../../src/lease/ports.js';
import { ip4Of } from '../../src/net/ip4-number.js';
import type { MacAddress } from '../../src/net/mac.js';

/** That of the number-th machine. */
export function lease(number: number, more: Partial<Lease> = {}): Lease {
  const mac = `52:54:00:00:00:${(number % 256).toString(16).padStart(2, '0')}` as MacAddress;
  const address = ip4Of(0x0a000000 + number);
  return {
    address,
    key: `mac ${mac}` as ClientKey,
    client: { mac },
    state: 'bound',
    since: 1_000,
    until: 2_000,
    ...more,
  };
}

/** What every store of leases does. `open` gives an empty one. */
export function leaseStoreContract(open: () => Promise<LeaseStore>): void {
  describe('as a store of leases', () => {
    const sorted = (leases: readonly Lease[]) =>
      leases.toSorted((one, other) => (one.address < other.address ? -1 : 1));
    const keptIn = async (store: LeaseStore) => sorted((await store.loadLeases()).leases);

    it('gives back what it was given', async () => {
      const store = await open();
      expect(await store.loadLeases()).toEqual({ leases: [], damaged: [] });
      const hostname = 'é\u0000\u2028"\\\n\ud800';
      const named = lease(2, { machine: "o'neill", client: { clientId: 'ff01', hostname } });
      const { key: _key, ...nobodys } = lease(3, { client: {}, state: 'conflict' });
      await store.saveLeases([lease(1), named, nobodys]);
      expect(await keptIn(store)).toEqual([lease(1), named, nobodys]);
    });

    it('has one of each address, the last', async () => {
      const store = await open();
      await store.saveLeases([lease(1), lease(2), lease(1, { until: 3_000 })]);
      await store.saveLeases([lease(2, { state: 'released', until: 4_000 })]);
      expect(await keptIn(store)).toEqual([lease(1, { until: 3_000 }), lease(2, { state: 'released', until: 4_000 })]);
    });

    it('keeps them in the order in which they come', async () => {
      const store = await open();
      const all = Array.from({ length: 100 }, (_, until) => lease(1, { until }));
      await Promise.all(all.map((one) => store.saveLeases([one])));
      expect(await keptIn(store)).toEqual(all.slice(-1));
    });

    it('keeps very many', async () => {
      const store = await open();
      const all = Array.from({ length: 25_000 }, (_, number) => lease(number));
      await store.saveLeases(all);
      expect((await keptIn(store)).length).toBe(all.length);
    });

    it('forgets', async () => {
      const store = await open();
      await store.saveLeases([lease(1), lease(2), lease(3)]);
      await store.removeLeases([lease(1).address, lease(3).address, lease(4).address]);
      expect(await keptIn(store)).toEqual([lease(2)]);
    });

    it('does nothing for none', async () => {
      const store = await open();
      await store.saveLeases([lease(1)]);
      await store.saveLeases([]);
      await store.removeLeases([]);
      expect(await keptIn(store)).toEqual([lease(1)]);
    });

    it('keeps its clock', async () => {
      const store = await open();
      expect(await store.loadLeaseClock()).toBeUndefined();
      const kept = { boot: 'b1', offset: 1_700_000_000_000.25, at: 1_700_000_001_000, ahead: 5 };
      await store.saveLeaseClock({ ...kept, boot: 'b0' });
      await store.saveLeaseClock(kept);
      expect(await store.loadLeaseClock()).toEqual(kept);
    });
  });
}
