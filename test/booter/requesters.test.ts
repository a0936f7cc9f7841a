import { expect, it } from 'vitest';
import { RelayWords } from '../../src/booter/relay-words.js';
import { Requesters } from '../../src/booter/requesters.js';
import type { Subject } from '../../src/machine/inventory.js';
import { type IpAddress, parseSubnet } from '../../src/net/ip.js';
import { facts, MAC, machine, OTHER_MAC } from '../fixtures/mappings.js';
import { neighbours } from '../fixtures/policies.js';

const [HERE, ROUTED] = ['192.168.77.20', '10.1.0.20' as IpAddress];
const RELAY = '10.1.0.1';

function subject(more: Partial<Subject> = {}, sourceAddress = HERE): Subject {
  const known = machine();
  return {
    name: 'node-01',
    machine: known,
    contradictions: [],
    mayBeKnown: false,
    facts: facts({ sourceAddress }),
    ...more,
  };
}

function site({ verify = true, now = (): number => 0 } = {}) {
  const trusted = [parseSubnet('10.1.0.0/30')].flatMap((one) => one ?? []);
  const words = new RelayWords({ now, trusted: () => trusted, ownNetworks: [] });
  const requesters = new Requesters({
    neighbours: neighbours({ [HERE]: MAC }),
    relayed: (address) => words.macAt(address),
    verifies: () => verify,
  });
  return { words, requesters };
}

it('is the machine whose card answers there', async () => {
  const { requesters } = site();
  expect(await requesters.asking(subject())).toEqual({ kind: 'shown' });
  const other = machine({ name: 'node-02', macs: [OTHER_MAC] });
  expect(await requesters.asking(subject({ name: 'node-02', machine: other }))).toMatchObject({
    kind: 'doubted',
    isOther: true,
  });
});

it('is not shown by what it says of itself', async () => {
  const { requesters } = site();
  const withoutMac = machine({ macs: [], serial: '7XK2' });
  expect(await requesters.asking(subject({ machine: withoutMac }))).toMatchObject({
    kind: 'doubted',
    reason: 'no MAC of node-01 is known, by which it could be: say its mac',
  });
});

it('is a stranger by the MAC that it goes by', async () => {
  const { requesters } = site();
  const { machine: _known, ...stranger } = subject({ name: MAC });
  expect(await requesters.asking(stranger)).toEqual({ kind: 'shown' });
  const several = facts({ macs: [OTHER_MAC, MAC], sourceAddress: HERE });
  expect(await requesters.asking({ ...stranger, facts: several })).toMatchObject({ kind: 'doubted' });
  expect(await requesters.asking({ ...stranger, facts: facts({ macs: [], sourceAddress: HERE }) })).toMatchObject({
    kind: 'doubted',
  });
});

it('takes the word of trusted relays, for an hour', async () => {
  let now = 0;
  const { requesters, words } = site({ now: () => now });
  const asking = () => requesters.asking(subject({}, ROUTED));
  expect(await asking()).toMatchObject({ kind: 'doubted' });
  const word = { kind: 'asks', mac: MAC, address: ROUTED } as const;
  words.heard({ ...word, relay: '10.1.0.9', from: RELAY });
  words.heard({ ...word, relay: RELAY, from: '10.1.0.9' });
  expect(await asking()).toMatchObject({ kind: 'doubted' });
  words.heard({ ...word, relay: RELAY, from: '10.1.0.2' });
  expect(await asking()).toEqual({ kind: 'shown' });
  now = 3_600_000;
  expect(await asking()).toMatchObject({ kind: 'doubted' });
});

it('says so where it cannot be found out at all', async () => {
  const requesters = new Requesters({
    neighbours: { find: async () => undefined, trouble: () => 'ip (iproute2) is not installed' },
    relayed: () => undefined,
    verifies: () => true,
  });
  expect(await requesters.asking(subject({}, 'fd77::20'))).toEqual({
    kind: 'doubted',
    reason: 'which card has fd77::20 cannot be found out: ip (iproute2) is not installed',
  });
});

it('believes anybody where that is wished', async () => {
  const { requesters } = site({ verify: false });
  expect(await requesters.asking(subject({}, '10.9.9.9'))).toEqual({ kind: 'shown' });
});

it.each([
  [HERE, `the card at ${HERE} is ${MAC}: if node-02 has that one too, add it to its mac`],
  [
    ROUTED,
    `no network of this host has ${ROUTED}, and no trusted relay named it: if a DHCP relay serves it, name that in identity.trustedRelays`,
  ],
  [
    '127.0.0.1',
    '127.0.0.1 is this host itself, where no card answers: boot it over a network, or for a trial set identity.verify to false',
  ],
])('says what may be done for a machine at %s', async (address, reason) => {
  const other = machine({ name: 'node-02', macs: [OTHER_MAC] });
  expect(await site().requesters.asking(subject({ name: 'node-02', machine: other }, address))).toMatchObject({
    reason,
  });
});
