import { expect, it } from 'vitest';
import { rowOf } from '../../src/cli/assignment.js';

const ENTRY = {
  name: 'db',
  source: { kind: 'api' },
  inForce: true,
  image: 'lab/os:1',
  match: { arch: ['amd64'] },
} as const;

it.each([
  [{}, ['0', 'arch=amd64', 'auto', 'lab/os:1']],
  [{ boot: 'uki', priority: 5 }, ['5', 'arch=amd64', 'uki', 'lab/os:1']],
  [{ iso: { kernel: '/k' } }, ['0', 'arch=amd64', 'auto, iso', 'lab/os:1']],
  [{ boot: 'local' }, ['0', 'arch=amd64', 'local', 'its local disk']],
  [
    { provision: { ignition: './worker.ign', files: { ca: './ca.pem' }, life: '30m' } },
    ['0', 'arch=amd64', 'auto, ignition, files', 'lab/os:1'],
  ],
  [{ provision: 'worker' }, ['0', 'arch=amd64', 'auto, provision worker', 'lab/os:1']],
])('shows how an assignment boots, and what: %j', (more, row) => {
  expect(rowOf({ ...ENTRY, ...more } as unknown as Parameters<typeof rowOf>[0])).toEqual(row);
});
