import { expect, it } from 'vitest';
import { EntryDoubts } from '../../src/booter/entry-doubts.js';
import type { ImageDesk } from '../../src/booter/image-desk.js';
import { createMapping } from '../../src/booter/mapping.js';
import { BootlayerError } from '../../src/errors.js';
import type { IpAddress } from '../../src/net/ip.js';
import { TestClock } from '../fixtures/booter.js';
import { leaseDesk } from '../fixtures/lease-desk.js';
import { assignment, machine } from '../fixtures/mappings.js';

const IMAGE = 'registry.lab:5000/os/debian:12';
const HAD = { reference: IMAGE, assignments: [], assignmentCount: 0, resolutions: [], problems: [] };

function doubts(resolve: ImageDesk['resolve'] = async () => HAD, { verifies = true } = {}) {
  const clock = new TestClock();
  const policy = { mode: 'once', doneWhen: 'started' } as const;
  const mapping = createMapping({
    machines: [machine(), machine({ name: 'nameless', macs: [], serial: '7' })],
    assignments: [assignment({ policy }), assignment({ name: 'untold', policy: { ...policy, doneWhen: 'reported' } })],
    defaults: { kernelArgs: {} },
  });
  return {
    clock,
    of: new EntryDoubts({ desk: { resolve }, mapping: () => mapping, verifies: () => verifies, clock }),
  };
}

it('has none of an image that can be had', async () => {
  expect(await doubts().of.ofEntry('assignment', 'all')).toEqual([]);
  expect(await doubts().of.ofEntry('assignment', 'gone')).toEqual([]);
});

it('says that nobody would ever be done', async () => {
  expect(await doubts().of.ofEntry('assignment', 'untold')).toEqual([
    expect.stringMatching(/^assignment "untold" boots once, .*: append \{done\.url\} to its kernel arguments/),
  ]);
});

it('says why an image cannot be had, for nobody or for some', async () => {
  const missing = new BootlayerError('IMAGE_NOT_FOUND', 'there is no tag 12', { remedy: 'push it' });
  expect(await doubts(() => Promise.reject(missing)).of.ofEntry('assignment', 'all')).toEqual([
    `${IMAGE} cannot be had now: there is no tag 12; push it`,
  ]);
  const problems = [{ code: 'IMAGE_NO_PLATFORM', message: 'not for arm64' }] as const;
  expect(await doubts(async () => ({ ...HAD, problems })).of.ofImage(IMAGE)).toEqual([
    `${IMAGE} cannot be had now: not for arm64`,
  ]);
});

it('waits for no source without end', async () => {
  const { of, clock } = doubts(() => new Promise(() => undefined));
  clock.late = true;
  expect(await of.ofImage(IMAGE)).toEqual([
    `whether ${IMAGE} can be had is not known: its source has not answered within 5 s`,
  ]);
});

it('says that nobody can be shown to be a machine without a MAC', async () => {
  expect(await doubts().of.ofEntry('machine', 'nameless')).toEqual([
    'nameless will not be booted, since its policy wants to know who asks, which only a MAC shows: say its mac',
  ]);
  expect(await doubts().of.ofEntry('machine', 'node-01')).toEqual([]);
  expect(await doubts(undefined, { verifies: false }).of.ofEntry('machine', 'nameless')).toEqual([]);
});

it('says why a machine will not be given its address', async () => {
  const mapping = createMapping({
    machines: [machine({ ip: '10.9.0.1' as IpAddress })],
    assignments: [],
    defaults: { kernelArgs: {} },
  });
  const of = new EntryDoubts({
    ...{ desk: { resolve: async () => HAD }, mapping: () => mapping, verifies: () => true, clock: new TestClock() },
    leases: leaseDesk().desk.register,
  });
  expect(await of.ofEntry('machine', 'node-01')).toEqual([
    'no subnet of dhcp.subnets (192.168.77.0/24) holds 10.9.0.1: node-01 is not given it',
  ]);
});
