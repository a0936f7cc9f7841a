import { expect, it } from 'vitest';
import { HostNeighbours } from '../../src/net/host-neighbours.js';
import { MAC, OTHER_MAC } from '../fixtures/mappings.js';
import { neighbours } from '../fixtures/policies.js';

it('asks by the family of the address, which a socket for both may hide', async () => {
  const ip6 = { ...neighbours(() => OTHER_MAC), trouble: () => 'none' };
  const host = new HostNeighbours({ ip4: neighbours(() => MAC), ip6 });
  for (const at of ['10.0.0.7', '::ffff:10.0.0.7'])
    expect([await host.find(at), host.macAt(at), host.trouble(at)]).toEqual([MAC, MAC, undefined]);
  for (const at of ['fd77::7', 'fe80::7%br0'])
    expect([await host.find(at), host.macAt(at), host.trouble(at)]).toEqual([OTHER_MAC, OTHER_MAC, 'none']);
});
