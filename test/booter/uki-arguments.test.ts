import { expect, it } from 'vitest';
import { UNMET_TEXTS } from '../../src/boot/choose-way.js';
import type { AssignmentCheck, TargetCheck } from '../../src/booter/check-report.js';
import { createMapping, type MappingInput } from '../../src/booter/mapping.js';
import { findLostArguments } from '../../src/booter/uki-arguments.js';
import { digestOf } from '../../src/oci/digest.js';
import { assignment, machine } from '../fixtures/mappings.js';

const QUIET = { append: ['quiet'] };
const NOTHING = { append: [], remove: [], replace: {} };

const boots = (losesArguments: boolean): TargetCheck => ({
  ...{ kind: 'boots', architecture: 'amd64', digest: digestOf(Buffer.from('m')), clients: ['uefi-http'], refused: [] },
  ...{ losesArguments, blobs: [] },
});

/** Of assignments whose image has a UKI, unless their targets are said. */
function lost(input: Partial<MappingInput>, targets: readonly TargetCheck[] = [boots(true)]) {
  const mapping = createMapping({ machines: [], assignments: [], defaults: { kernelArgs: {} }, ...input });
  const checks = mapping.assignments.map(({ name }): AssignmentCheck => ({ assignment: name, image: 'i', targets }));
  return findLostArguments(mapping, checks);
}

const TOLD = `: where a UKI is started as it is, ${UNMET_TEXTS.arguments}: build them into the UKI`;

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

it('has nothing to say where no UKI is started as it is', () => {
  const assignments = [assignment({ kernelArgs: [QUIET] })];
  const defaults = { kernelArgs: QUIET };
  expect(lost({ assignments, defaults })).toHaveLength(2);
  expect(lost({ assignments, defaults }, [boots(false)])).toEqual([]);
  expect(lost({ assignments, defaults }, [{ kind: 'skipped' }, { kind: 'refused', reason: 'gone' }])).toEqual([]);
  expect(lost({ assignments, defaults }, [boots(false), boots(true)])).toHaveLength(2);
});
