import { expect, it } from 'vitest';
import { LeaseWriter } from '../../src/booter/lease-writer.js';
import { lease, stranger } from '../fixtures/leases.js';

const one = (number: number, until = 0) => lease(`10.0.0.${number}`, stranger(number), { until });

/** A store whose writes end when they are told to. */
function writer(limits = {}) {
  const writes: { what: string; end: (error?: Error) => void }[] = [];
  const write = (what: string) =>
    new Promise<void>((resolve, reject) => {
      writes.push({ what, end: (error) => (error === undefined ? resolve() : reject(error)) });
    });
  const store = {
    saveLeases: (leases: readonly { address: string; until: number }[]) =>
      write(leases.map(({ address, until }) => `${address} ${until}`).join(', ')),
    removeLeases: (addresses: readonly string[]) => write(`no ${addresses.join()}`),
  };
  const made = new LeaseWriter({ store, limits });
  const begun = (count: number) => expect.poll(() => writes.length).toBe(count);
  return { made, writes, begun, told: () => writes.map(({ what }) => what) };
}

it('keeps all that comes meanwhile at once, each address as it was said last', async () => {
  const { made, writes, begun, told } = writer();
  const done: string[] = [];
  const save = (...leases: Parameters<LeaseWriter['save']>[0]) =>
    made.save(leases).then(() => done.push(leases.map(({ until }) => until).join()));
  const first = [save(one(1, 1)), save(one(2, 2))];
  await begun(1);
  const second = [save(one(1, 3), one(3, 4)), save(one(1, 5))];
  expect(done).toEqual([]);
  writes[0]?.end();
  await Promise.all(first);
  expect(done).toEqual(['1', '2']);
  await begun(2);
  writes[1]?.end();
  await Promise.all([...second, made.settled()]);
  expect(done).toEqual(['1', '2', '3,4', '5']);
  expect(told()).toEqual(['10.0.0.1 1, 10.0.0.2 2', '10.0.0.1 5, 10.0.0.3 4']);
});

it('removes what was to be saved, and saves what was to be removed', async () => {
  const { made, writes, begun, told } = writer();
  const all = [made.save([one(1, 1)]), made.remove([one(1).address, one(2).address]), made.save([one(2, 2)])];
  await begun(1);
  writes[0]?.end();
  await begun(2);
  writes[1]?.end();
  await Promise.all(all);
  expect(told()).toEqual(['10.0.0.2 2', 'no 10.0.0.1']);
});

it('tells those of a write that fails, and goes on with the next', async () => {
  const { made, writes, begun } = writer();
  const failed = expect(made.save([one(1)])).rejects.toThrow('no room');
  await begun(1);
  const next = made.save([one(2)]);
  writes[0]?.end(new Error('no room'));
  await failed;
  await begun(2);
  writes[1]?.end();
  await next;
});

it('writes so many at once, and lets no more wait', async () => {
  const { made, writes, begun, told } = writer({ mostAtOnce: 2, mostWaiting: 3 });
  const all = [1, 2, 3].map((number) => made.save([one(number)]));
  await expect(made.save([one(4)])).rejects.toMatchObject({ code: 'RATE_LIMITED' });
  await begun(1);
  all.push(made.save([one(5)]));
  for (const place of [0, 1]) {
    await begun(place + 1);
    writes[place]?.end();
  }
  await Promise.all(all);
  expect(told()).toEqual(['10.0.0.1 0, 10.0.0.2 0', '10.0.0.3 0, 10.0.0.5 0']);
});

it('has nothing to do for nothing', async () => {
  const { made, writes } = writer();
  await made.save([]);
  await made.settled();
  expect(writes).toEqual([]);
});
