import { expect, it } from 'vitest';
import {
  entryIn,
  matchOf,
  pairIn,
  withIso,
  withKernelArgs,
  withLabels,
  withPolicy,
  withValues,
  writtenOf,
} from '../../src/cli/entry-edits.js';

it('takes what the server says of an entry from what is written', () => {
  const said = { revision: '1', source: { kind: 'api' }, inForce: false, problems: ['x'], standing: {} } as const;
  expect(writtenOf({ name: 'a', serial: '7', ...said })).toEqual({ name: 'a', serial: '7' });
  expect(writtenOf(undefined)).toEqual({});
});

it('replaces what is named, and takes out what is empty', () => {
  const document = { name: 'a', serial: '7', mac: ['x'], hostname: '' };
  expect(withValues(document, { serial: '', mac: ['y', 'z'] })).toEqual({ name: 'a', mac: ['y', 'z'], hostname: '' });
  expect(withValues(document, { mac: [''] })).toEqual({ name: 'a', serial: '7', hostname: '' });
});

it('adds labels one by one, and takes them out by name', () => {
  const document = { name: 'a', labels: { rack: 'r1', role: 'db' } };
  expect(withLabels(document, [['role', 'web']], ['rack'])).toEqual({ name: 'a', labels: { role: 'web' } });
  expect(withLabels(document, [], ['rack', 'role'])).toEqual({ name: 'a' });
  expect(withLabels({ name: 'a' }, [['x', '']], [])).toEqual({ name: 'a', labels: { x: '' } });
});

it('puts kernel arguments in the place of those that were appended', () => {
  const document = { name: 'a', kernelArgs: { append: ['x'], remove: ['quiet'] } };
  expect(withKernelArgs(document, ['y'])).toEqual({ name: 'a', kernelArgs: { append: ['y'], remove: ['quiet'] } });
  expect(withKernelArgs({ name: 'a', kernelArgs: { append: ['x'] } }, [''])).toEqual({ name: 'a' });
  expect(withKernelArgs(document, undefined)).toBe(document);
});

it('changes what is named of an ISO, and takes it out with the last of it', () => {
  const none = { kernel: undefined, initramfs: undefined, kernelArgs: undefined };
  const document = { name: 'a', iso: { kernel: '/k', initramfs: '/i', kernelArgs: ['x'] } };
  expect(withIso(document, none)).toBe(document);
  expect(withIso({ name: 'a' }, { ...none, kernel: '/k', initramfs: ['/a', '/b'] })).toEqual({
    name: 'a',
    iso: { kernel: '/k', initramfs: ['/a', '/b'] },
  });
  expect(withIso(document, { ...none, initramfs: [''] })).toEqual({
    name: 'a',
    iso: { kernel: '/k', kernelArgs: ['x'] },
  });
  // Whoever takes the kernel out alone is told that an initramfs is nothing without it.
  expect(withIso(document, { ...none, kernel: '' })).toEqual({
    name: 'a',
    iso: { initramfs: '/i', kernelArgs: ['x'] },
  });
  expect(withIso(document, { ...none, kernel: '', initramfs: [''] })).toEqual({
    name: 'a',
    iso: { kernelArgs: ['x'] },
  });
  expect(withIso(document, { kernel: '', initramfs: [''], kernelArgs: [''] })).toEqual({ name: 'a' });
});

it('makes lists of keys that are there again', () => {
  const pairs = ['labels.rack=r1', 'label.rack=r2', 'arch=amd64', 'machine=a', 'machine=b'].map(pairIn);
  expect(matchOf(pairs)).toEqual({ labels: { rack: ['r1', 'r2'] }, arch: 'amd64', machine: ['a', 'b'] });
  expect(() => pairIn('rack')).toThrow('is no key with its value');
});

it('reads one entry in YAML or JSON, and says where it is wrong', () => {
  expect(entryIn('name: a\nmac: "52:54:00:00:00:01"', '-').entry).toEqual({ name: 'a', mac: '52:54:00:00:00:01' });
  expect(entryIn('{"name": "a"}', '-').entry).toEqual({ name: 'a' });
  expect(() => entryIn('a: [1', 'a.yaml')).toThrow(/^a\.yaml:1:\d+: /);
  expect(() => entryIn('- a', 'a.yaml')).toThrow('a.yaml is no mapping');
});

it('changes what is named of a policy, and takes it out with the last of it', () => {
  const none = { mode: undefined, doneWhen: undefined, maxAttempts: undefined, window: undefined };
  const document = { name: 'a', policy: { mode: 'once', doneWhen: 'started' } };
  expect(withPolicy(document, none)).toBe(document);
  expect(withPolicy({ name: 'a' }, { ...none, mode: 'once', maxAttempts: 3 })).toEqual({
    name: 'a',
    policy: { mode: 'once', maxAttempts: 3 },
  });
  expect(withPolicy(document, { ...none, maxAttempts: 3, window: '1h' })).toEqual({
    name: 'a',
    policy: { mode: 'once', doneWhen: 'started', maxAttempts: 3, window: '1h' },
  });
  expect(withPolicy(document, { ...none, mode: 'hold' })).toEqual({ name: 'a', policy: { mode: 'hold' } });
  expect(withPolicy(document, { ...none, mode: '' })).toEqual({ name: 'a' });
});
