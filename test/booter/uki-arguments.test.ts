import { expect, it } from 'vitest';
import type { AssignmentCheck, TargetCheck } from '../../src/booter/check-report.js';
import { createMapping, type MappingInput } from '../../src/booter/mapping.js';
import { findLostArguments, LOST_ARGUMENTS, wantsArguments } from '../../src/booter/uki-arguments.js';
import type { Client } from '../../src/image/clients.js';
import { digestOf } from '../../src/oci/digest.js';
import { assignment, facts, machine } from '../fixtures/mappings.js';

const QUIET = { append: ['quiet'] };
const NOTHING = { append: [], remove: [], replace: {} };
const ALL: readonly Client[] = ['ipxe-bios', 'ipxe-uefi', 'uefi-http'];

const boots = (hasUki: boolean, clients = ALL): TargetCheck => ({
  ...{ kind: 'boots', architecture: 'amd64', digest: digestOf(Buffer.from('m')), clients, hasUki, blobs: [] },
});

/** Of assignments whose image has a UKI, unless their targets are said. */
function lost(input: Partial<MappingInput>, targets: readonly TargetCheck[] = [boots(true)]) {
  const mapping = createMapping({ machines: [], assignments: [], defaults: { kernelArgs: {} }, ...input });
  const checks = mapping.assignments.map(({ name }): AssignmentCheck => ({ assignment: name, image: 'i', targets }));
  return findLostArguments(mapping, checks);
}

const TOLD = `: where UEFI HTTP Boot starts a UKI, ${LOST_ARGUMENTS}: build them into the UKI`;

it('tells whose kernel arguments a UKI is not given', () => {
  const assignments = [
    assignment({ name: 'a', match: { machine: ['node-01'] }, kernelArgs: [NOTHING, QUIET] }),
    assignment({ name: 'b', kernelArgs: [NOTHING] }),
  ];
  const machines = [machine({ kernelArgs: QUIET }), machine({ name: 'node-02', macs: [], serial: 'S2' })];
  expect(lost({ assignments, machines, defaults: { kernelArgs: QUIET } })).toEqual([
    expect.stringContaining(`defaults.kernelArgs, by a, b${TOLD}`),
    expect.stringContaining(`assignment "a"${TOLD}`),
    expect.stringContaining(`machines[].kernelArgs, of node-01${TOLD}`),
  ]);
  expect(lost({ assignments: assignments.slice(1), machines: machines.slice(1) })).toEqual([]);
});

it('has nothing to say where UEFI HTTP Boot starts no UKI', () => {
  const assignments = [assignment({ kernelArgs: [QUIET] })];
  const defaults = { kernelArgs: QUIET };
  expect(lost({ assignments, defaults })).toHaveLength(2);
  expect(lost({ assignments, defaults }, [boots(false)])).toEqual([]);
  // Such firmware does not boot by HTTP.
  expect(lost({ assignments, defaults }, [boots(true, ['ipxe-bios', 'ipxe-uefi'])])).toEqual([]);
  expect(lost({ assignments, defaults }, [{ kind: 'skipped' }, { kind: 'refused', reason: 'gone' }])).toEqual([]);
  expect(lost({ assignments, defaults }, [boots(false), boots(true)])).toHaveLength(2);
});

it('minds for which firmware an assignment is', () => {
  const about = (firmware: readonly ('bios' | 'uefi' | 'uefi-http')[]) =>
    lost({ assignments: [assignment({ match: { firmware }, kernelArgs: [QUIET] })] }).length;
  expect([about(['bios', 'uefi']), about(['uefi', 'uefi-http'])]).toEqual([0, 1]);
});

it('knows what changes something', () => {
  const subject = { name: 'node-01', contradictions: [], mayBeKnown: false, facts: facts() };
  const wants = (more: Partial<Parameters<typeof wantsArguments>[0]>) =>
    wantsArguments({ subject, assignment: assignment({ kernelArgs: [NOTHING] }), defaults: NOTHING, ...more });
  expect([
    wants({}),
    wants({ defaults: { remove: ['quiet'] } }),
    wants({ assignment: assignment({ kernelArgs: [{ replace: { root: 'x' } }] }) }),
    wants({ subject: { ...subject, machine: machine({ kernelArgs: QUIET }) } }),
  ]).toEqual([false, true, true, true]);
});
