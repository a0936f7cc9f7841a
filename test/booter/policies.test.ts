import { expect, it } from 'vitest';
import { testBooter } from '../fixtures/booter.js';
import { assignment, MAC, machine } from '../fixtures/mappings.js';
import { ONCE, QUERY } from '../fixtures/policy-site.js';

const [LEASED, OTHER] = ['10.1.0.50', '10.1.0.51'];

it('takes a live lease for evidence of who asks, where no neighbour is seen', async () => {
  const { booter, events } = testBooter({
    assignments: [assignment({ policy: ONCE })],
    machines: [machine()],
    policies: { leaseMacAt: (address) => (address === LEASED ? MAC : undefined) },
  });
  expect(await booter.script(QUERY, OTHER)).not.toContain('\nkernel ');
  expect(events.map(({ event }) => event)).toContain('identity.mismatch');
  expect(await booter.script(QUERY, LEASED)).toContain('\nkernel ');
});
