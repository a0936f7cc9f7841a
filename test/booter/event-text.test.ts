import { expect, it } from 'vitest';
import type { BootEvent, DhcpQuestion } from '../../src/boot/event.js';
import { describeEvent } from '../../src/booter/event-text.js';
import { digestOf } from '../../src/oci/digest.js';
import { MAC } from '../fixtures/mappings.js';

const unanswered = (more: Partial<DhcpQuestion>): BootEvent => ({
  ...{ event: 'dhcp.unanswered', machine: 'node-01', client: 'x64 UEFI by PXE', step: 'offer', reason: 'none' },
  ...more,
});

it.each<[Partial<DhcpQuestion>, string]>([
  [{}, ''],
  [{ relay: '10.1.0.1' }, ' over the relay 10.1.0.1'],
  [{ relay: '10.1.0.1', circuitId: 'ge-0/0/1' }, ' over the relay 10.1.0.1 (circuit "ge-0/0/1")'],
  [{ relay: '10.1.0.1', remoteId: '0x01' }, ' over the relay 10.1.0.1 (remote "0x01")'],
  [
    { relay: '10.1.0.1', circuitId: 'a") asks', remoteId: 'sw-7' },
    ' over the relay 10.1.0.1 (circuit "a\\") asks", remote "sw-7")',
  ],
])('says over which relay a machine asks, and where it is plugged in: %j', (more, over) =>
  expect(describeEvent(unanswered(more))).toBe(
    `node-01, x64 UEFI by PXE,${over} asks how to boot: told nothing, since none`,
  ),
);

it.each([
  [{}, ''],
  [
    { shortage: { needed: 2 ** 30 + 1, has: 2 ** 30 } },
    '; it needs at least 1025 MiB of memory, and the machine has 1024 MiB',
  ],
])('says of a script that its machine has too little memory: %j', (more, text) =>
  expect(
    describeEvent({
      ...{ event: 'script.sent', machine: 'node-01', address: '10.0.0.7', assignment: 'all', image: 'os:1' },
      ...{ plan: digestOf(Buffer.from('plan')), ...more },
    }),
  ).toBe(`node-01 gets the script for os:1 (assignment all)${text}`),
);

it.each([
  ['bound', 'that node-01 has 10.0.0.9 could not be kept, so that it is not told: no room'],
  [
    'released',
    'that node-01 gives 10.0.0.9 back could not be kept, so that it has it again when this server starts anew: no room',
  ],
  [
    'declined',
    'that somebody else has 10.0.0.9, as node-01 says, could not be kept, so that it is given again when this server starts anew: no room',
  ],
] as const)('says what of an address could not be kept: %s', (state, text) =>
  expect(
    describeEvent({ event: 'lease.unsaved', machine: 'node-01', address: '10.0.0.9', state, reason: 'no room' }),
  ).toBe(text),
);

it('says what to do about those who have addresses by others', () => {
  const conflict = { event: 'lease.conflict', address: '10.0.0.9', seconds: 600 } as const;
  const remedy =
    'if it is to stay there, leave 10.0.0.9 out of the ranges of dhcp.subnets, or make it the ip of its machine';
  expect(describeEvent({ ...conflict, mac: MAC })).toBe(
    `somebody who has no lease (${MAC}) answers at 10.0.0.9: nobody is given it for 10 min; ${remedy}`,
  );
  expect(describeEvent(conflict)).toContain('somebody who has no lease answers at 10.0.0.9: ');
  const other = { event: 'dhcp.other', server: '10.0.0.2', interface: 'br0', by: 'its answer was heard' } as const;
  expect(describeEvent({ ...other, mac: MAC })).toBe(
    `another DHCP server gives addresses on br0: 10.0.0.2, ${MAC} (its answer was heard); end it, or see that its ranges are not those of dhcp.subnets`,
  );
  expect(describeEvent(other)).toContain('on br0: 10.0.0.2 (its answer was heard); ');
});

it.each([
  ['bound', 'node-01 had it, and is not told'],
  ['offered', 'node-01 was offered it'],
  ['released', 'node-01 had it last'],
  ['declined', 'node-01 had declined it'],
] as const)('says who had an address that an operator frees: %s', (state, text) =>
  expect(describeEvent({ event: 'lease.freed', machine: 'node-01', address: '10.0.0.9', state })).toBe(
    `10.0.0.9 is freed by an operator: ${text}`,
  ),
);

it('says what an address was kept for that an operator frees', () =>
  expect(describeEvent({ event: 'lease.freed', address: '10.0.0.9', state: 'conflict' })).toBe(
    '10.0.0.9 is freed by an operator: somebody without a lease answered there',
  ));

it('says for how long an address is given as its lease is written', () => {
  const given = { machine: 'node-01', address: '10.0.0.9' } as const;
  expect([
    describeEvent({ event: 'lease.given', ...given, seconds: 3_600, isExtended: false }),
    describeEvent({ event: 'lease.given', ...given, seconds: 5_400, isExtended: true }),
  ]).toEqual(['node-01 has 10.0.0.9 for 1 h', 'node-01 keeps 10.0.0.9 for 90 min']);
});

it.each([
  [undefined, ''],
  [['arguments'], '; the kernel arguments of the mapping are not given, since a UKI has its own'],
] as const)('says what is wished of a UKI and cannot be done: %j', (unmet, said) => {
  const planned = {
    machine: 'node-01',
    address: '10.0.0.1',
    assignment: 'all',
    image: 'os:1',
    plan: digestOf(Buffer.alloc(0)),
  };
  expect(describeEvent({ event: 'uki.planned', ...planned, ...(unmet && { unmet }) })).toBe(
    `node-01 gets the UKI of os:1 (assignment all)${said}`,
  );
});

it('says that it is an ISO, and what cannot be done by it', () => {
  const planned = { machine: 'node-01', address: '10.0.0.1', assignment: 'all', image: 'os:1' };
  const plan = digestOf(Buffer.alloc(0));
  expect(describeEvent({ event: 'uki.planned', ...planned, plan, isIso: true, unmet: ['iso-arguments'] })).toBe(
    'node-01 gets the ISO of os:1 (assignment all); the kernel arguments of the mapping are not given, since an ISO boots by its own loader',
  );
});
