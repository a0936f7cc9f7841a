import { describe, expect, it } from 'vitest';
import type { AssignmentCheck } from '../../src/booter/check-report.js';
import { findMappingWarnings, findRoomWarnings } from '../../src/booter/check-warnings.js';
import { createMapping, type MappingInput } from '../../src/booter/mapping.js';
import type { Selector } from '../../src/machine/selector.js';
import { digestOf } from '../../src/oci/digest.js';
import { assignment, MAC, machine } from '../fixtures/mappings.js';

function warnings(input: Partial<MappingInput>, seesDhcp = false): readonly string[] {
  return findMappingWarnings(
    createMapping({ machines: [machine()], assignments: [], defaults: { kernelArgs: {} }, ...input }),
    { seesDhcp },
  );
}

/** Of one assignment beside one that takes the rest. */
const warningsOf = (match: Selector) =>
  warnings({ assignments: [assignment({ name: 'one', match }), assignment({ name: 'rest' })] });

describe('findRoomWarnings', () => {
  const blob = (name: string, size: number) => ({ digest: digestOf(Buffer.from(name)), size });
  const check = (...blobs: readonly ReturnType<typeof blob>[]): AssignmentCheck => ({
    assignment: 'a',
    image: 'i',
    targets: [
      { kind: 'boots', digest: digestOf(Buffer.from('m')), clients: [], refused: [], blobs },
      { kind: 'skipped' },
    ],
  });

  it('tells when not all that is mapped fits, each blob counted once', () => {
    const checks = [check(blob('a', 1024), blob('b', 1024)), check(blob('b', 1024))];
    expect(findRoomWarnings(checks, 2048)).toEqual([]);
    expect(findRoomWarnings(checks, undefined)).toEqual([]);
    expect(findRoomWarnings(checks, 2047)).toEqual([
      expect.stringMatching(/^what is mapped has 2\.0 KiB, and cache\.maxSize is 2\.0 KiB: not all/),
    ]);
  });
});

describe('findMappingWarnings', () => {
  it('has nothing to say where all is well', () => {
    expect(warnings({ assignments: [assignment({ match: { mac: [MAC] } })] })).toEqual([]);
  });

  it('lets a server that answers DHCP tell the two ways of UEFI apart', () => {
    const both = [assignment({ name: 'one', match: { firmware: ['uefi-http'] } }), assignment({ name: 'rest' })];
    expect(warnings({ assignments: both }, true)).toEqual([]);
    expect(warnings({ assignments: both })).toHaveLength(1);
  });

  it('tells whose kernel arguments are never given, since its machines boot their disks', () => {
    const kernelArgs = [{ append: ['quiet'] }];
    expect(warnings({ assignments: [assignment({ boot: 'local', kernelArgs })] })).toEqual([
      'assignment "all": its kernelArgs are never given, since boot: local starts no kernel of ours: leave one of the two out',
    ]);
    expect(warnings({ assignments: [assignment({ boot: 'local', iso: { kernelArgs: 'x' } })] })).toEqual([
      'assignment "all": what its iso names is never started, since boot: local starts no kernel of ours: leave one of the two out',
    ]);
    expect(warnings({ assignments: [assignment({ boot: 'local', kernelArgs: [{}] })] })).toEqual([]);
    expect(warnings({ assignments: [assignment({ kernelArgs })] })).toEqual([]);
  });

  it('tells what can never win', () => {
    expect(
      warnings({
        assignments: [
          assignment({ name: 'first', match: { asset: ['A', 'B'] } }),
          assignment({ name: 'second', match: { asset: ['A'], arch: ['amd64'] } }),
          assignment({ name: 'rest' }),
        ],
      }),
    ).toEqual(['assignment "second" can never win: "first" stands before it and matches whenever it does']);
  });

  it.each<[Selector, string]>([
    [
      { firmware: ['bios', 'uefi'] },
      'by its firmware uefi: iPXE does not tell it from the other, so name both uefi and uefi-http',
    ],
    [{ firmware: ['uefi-http'] }, 'by its firmware uefi-http'],
    [{ firmware: ['bios'], arch: ['arm64', 'riscv64'] }, 'nothing but x86 has a bios, and it names arm64, riscv64'],
    [{ labels: { rack: ['r9', 'r8'] } }, 'matches nobody: no machine has the label rack=r9 or rack=r8'],
  ])('tells that %j matches nobody', (match, text) => {
    expect(warningsOf(match)).toEqual([expect.stringContaining(text)]);
  });

  it.each<Selector>([
    { firmware: ['uefi', 'uefi-http'] },
    { firmware: ['bios'] },
    { firmware: ['bios'], arch: ['arm64', 'amd64'] },
    { firmware: ['bios', 'uefi', 'uefi-http'], arch: ['arm64'] },
    { labels: { rack: ['r9', 'r1'] } },
  ])('finds nothing odd in %j', (match) => {
    expect(
      warnings({
        machines: [machine({ labels: { rack: 'r1' } })],
        assignments: [assignment({ name: 'one', match }), assignment({ name: 'rest' })],
      }),
    ).toEqual([]);
  });

  it('tells which labels no machine has together', () => {
    const machines = [
      machine({ labels: { rack: 'r1', role: 'worker' } }),
      machine({ name: 'node-02', macs: [], serial: 'S2', labels: { rack: 'r2', 'x=y': 'z' } }),
    ];
    const about = (match: Selector) =>
      warnings({ machines, assignments: [assignment({ name: 'one', match }), assignment({ name: 'rest' })] });
    expect(about({ labels: { rack: ['r2'], role: ['worker'] } })).toEqual([
      'assignment "one" matches nobody: no machine has all of its labels',
    ]);
    expect(about({ machine: ['node-02'], labels: { rack: ['r1'] } })).toEqual([
      'assignment "one" matches nobody: none of the machines it names has all of its labels',
    ]);
    expect(about({ labels: { x: ['y=z'] } })).toHaveLength(1);
    expect(about({ machine: ['node-01'], labels: { rack: ['r1'], role: ['db', 'worker'] } })).toEqual([]);
  });

  it('names a few of the machines that are left out, and of those that cannot be recognised', () => {
    const machines = Array.from({ length: 7 }, (_, number) => machine({ name: `node-${number}`, macs: [] }));
    expect(warnings({ machines, assignments: [assignment({ match: { machine: ['node-0'] } })] })).toEqual([
      'no assignment matches node-1, node-2, node-3, node-4, node-5 and 1 more',
      'no machine will be recognised as node-0, node-1, node-2, node-3, node-4 and 2 more: say its mac, uuid or serial',
    ]);
    expect(
      warnings({ machines: [machine({ macs: [], serial: 'S1' })], assignments: [assignment({ match: {} })] }),
    ).toEqual([]);
  });
});
