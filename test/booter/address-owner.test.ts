import { expect, it } from 'vitest';
import { MemoryLeases } from '../fakes/leases.js';
import { testBooter } from '../fixtures/booter.js';
import { ip } from '../fixtures/leases.js';
import { facts, MAC, OTHER_MAC } from '../fixtures/mappings.js';
import { neighbours } from '../fixtures/policies.js';

const ASKED = { mac: MAC, client: 'x86 BIOS by PXE', firmware: 'bios', step: 'offer' } as const;
const TOLD = { answer: 'undionly.kpxe by TFTP', loader: 'undionly.kpxe', xid: 1 } as const;
const WHOLE = { size: 1, sent: () => 1 };
const [HERE, ELSEWHERE] = ['192.168.77.20', '192.168.77.21'];

/** Of the machine whose card answers at HERE, after so many minutes. */
function loaderFrom(address: string, { asks = true, minutes = 0 } = {}) {
  const { booter, events, clock } = testBooter({
    neighbours: neighbours({ [HERE]: MAC, [ELSEWHERE]: OTHER_MAC }),
  });
  const { dhcp } = booter;
  if (asks) dhcp.answered(dhcp.invite(facts({ sourceAddress: '0.0.0.0' })), ASKED, TOLD);
  clock.milliseconds += minutes * 60_000;
  booter.transferEvents.loader({ address, protocol: 'tftp', file: 'undionly.kpxe' }, WHOLE)({ kind: 'sent', bytes: 1 });
  const told = events.at(-1);
  return told !== undefined && 'machine' in told ? told.machine : undefined;
}

it('is the machine whose card answers there and has asked how to boot', () => {
  expect(loaderFrom(HERE)).toBe('node-01');
  expect(loaderFrom(HERE, { asks: false })).toBeUndefined();
  expect(loaderFrom(HERE, { minutes: 11 })).toBeUndefined();
  expect(loaderFrom(ELSEWHERE)).toBeUndefined();
  expect(loaderFrom('192.168.77.22')).toBeUndefined();
});

it('is whoever was seen there rather than the card that answers', async () => {
  const { booter, events } = testBooter({ neighbours: neighbours(() => MAC) });
  booter.dhcp.answered(booter.dhcp.invite(facts({ sourceAddress: '0.0.0.0' })), ASKED, TOLD);
  await booter.script({ mac: OTHER_MAC, buildarch: 'x86_64' }, HERE);
  booter.transferEvents.greeting({ address: HERE, protocol: 'http', file: 'boot.ipxe' });
  expect(events.at(-1)).toMatchObject({ machine: OTHER_MAC });
});

it('is whoever has the lease where two were seen one after the other', async () => {
  const lease = { address: ip(HERE), client: { mac: OTHER_MAC }, since: 0, until: 1 } as const;
  const leases = new MemoryLeases([{ ...lease, state: 'bound' }]);
  leases.machineOf = ({ mac }) => (mac === MAC ? 'node-01' : undefined);
  const { booter, events } = testBooter({ leases });
  const fetches = () => booter.transferEvents.greeting({ address: HERE, protocol: 'http', file: 'boot.ipxe' });
  for (const mac of [OTHER_MAC, MAC]) await booter.script({ mac, buildarch: 'x86_64' }, HERE);
  fetches();
  expect(events.at(-1)).toMatchObject({ machine: OTHER_MAC });
  leases.told.set(lease.address, { ...lease, client: { mac: MAC }, machine: 'node-01', state: 'bound' });
  fetches();
  expect(events.at(-1)).toMatchObject({ machine: 'node-01' });
  leases.told.set(lease.address, { ...lease, state: 'expired' });
  fetches();
  expect(events.at(-1)).not.toHaveProperty('machine');
});
