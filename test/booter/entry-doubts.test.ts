import { expect, it } from 'vitest';
import { BootUrls } from '../../src/booter/boot-urls.js';
import { EntryDoubts, type EntryDoubtsParts } from '../../src/booter/entry-doubts.js';
import type { ImageDesk } from '../../src/booter/image-desk.js';
import { createMapping } from '../../src/booter/mapping.js';
import { BootlayerError } from '../../src/errors.js';
import type { IpAddress } from '../../src/net/ip.js';
import { TestClock } from '../fixtures/booter.js';
import { leaseDesk } from '../fixtures/lease-desk.js';
import { assignment, machine } from '../fixtures/mappings.js';
import { resolvedImage } from '../fixtures/plans.js';

const IMAGE = 'registry.lab:5000/os/debian:12';
const HAD = { reference: IMAGE, assignments: [], assignmentCount: 0, resolutions: [], problems: [] };
/** What mapped images are known to be. */
const known = (resolutions: ReturnType<EntryDoubtsParts['known']['mapped']['resolutions']> = []) => ({
  mapped: { resolutions: () => resolutions },
  urls: new BootUrls(() => 'http://10.0.2.2:8080'),
  seesDhcp: true,
});

function doubts(resolve: ImageDesk['resolve'] = async () => HAD, { verifies = true, image = resolvedImage() } = {}) {
  const clock = new TestClock();
  const policy = { mode: 'once', doneWhen: 'started' } as const;
  const mapping = createMapping({
    machines: [machine(), machine({ name: 'nameless', macs: [], serial: '7' })],
    assignments: [assignment({ policy }), assignment({ name: 'untold', policy: { ...policy, doneWhen: 'reported' } })],
    defaults: { kernelArgs: {} },
  });
  return {
    clock,
    of: new EntryDoubts({
      ...{ desk: { resolve }, mapping: () => mapping, verifies: () => verifies, clock },
      known: known([
        { key: { reference: IMAGE, wish: { os: 'linux', architecture: 'amd64', variant: 'metal' } }, image },
      ]),
    }),
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
  // That does not pass.
  const message = `${IMAGE} has no image for linux/arm64; it has linux/amd64`;
  const problems = [{ code: 'IMAGE_NO_PLATFORM', message }] as const;
  expect(await doubts(async () => ({ ...HAD, problems })).of.ofImage(IMAGE)).toEqual([message]);
  const none = new BootlayerError('IMAGE_NO_PLATFORM', message, { remedy: 'map another' });
  expect(await doubts(() => Promise.reject(none)).of.ofImage(IMAGE)).toEqual([`${message}; map another`]);
});

it('says who does not boot what its image is known to be, also where it cannot be had now', async () => {
  const image = resolvedImage(['uki']);
  const noBios = expect.stringMatching(
    /^assignment "all": its image for amd64 does not boot .* as ipxe-bios: .* what its UKI holds /,
  ) as string;
  expect(await doubts(undefined, { image }).of.ofEntry('assignment', 'all')).toEqual([noBios]);
  const missing = new BootlayerError('REGISTRY_UNREACHABLE', 'it is down');
  const gone = doubts(() => Promise.reject(missing), { image });
  expect(await gone.of.ofEntry('assignment', 'all')).toEqual([`${IMAGE} cannot be had now: it is down`, noBios]);
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
    known: known(),
    leases: leaseDesk().desk.register,
  });
  expect(await of.ofEntry('machine', 'node-01')).toEqual([
    'no subnet of dhcp.subnets (192.168.77.0/24) holds 10.9.0.1: node-01 is not given it',
  ]);
});
