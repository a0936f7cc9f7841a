import { expect, it } from 'vitest';
import type { Assignment } from '../../src/boot/assignment.js';
import { type Boot, newBoot, type StepEvent, withStep } from '../../src/boot/boot.js';
import type { BootEvent } from '../../src/boot/event.js';
import { BootFindings } from '../../src/booter/boot-findings.js';
import type { StepListener, ToldStep } from '../../src/booter/journal.js';
import { digestOf } from '../../src/oci/digest.js';
import { parseReference } from '../../src/oci/reference.js';
import { BOOT_STEPS as STEP } from '../fixtures/boot-steps.js';

function watching(assignment?: Partial<Assignment>, { isDone = false } = {}) {
  let listener: StepListener = () => undefined;
  let look = (): void => undefined;
  let now = 1_000;
  const events: BootEvent[] = [];
  const fetching = new Set<string>();
  const findings = new BootFindings({
    listen: (given) => {
      listener = given;
      return () => {
        listener = () => undefined;
      };
    },
    assignmentNamed: () => assignment as Assignment | undefined,
    isDone: () => isDone,
    isFetching: (machine) => fetching.has(machine),
    events: (event) => events.push(event),
    clock: { now: () => now },
    every: (_milliseconds, run) => {
      look = run;
      return () => {
        look = () => undefined;
      };
    },
  });
  findings.start();
  const boots = new Map<string, Boot>();
  const step = (event: StepEvent & { readonly machine: string }, id = 'b1') => {
    const { machine } = event;
    const boot = withStep(boots.get(id) ?? newBoot(id, machine, now), { at: now, event });
    boots.set(id, boot);
    listener({ at: now, event, boot } satisfies ToldStep);
  };
  const pass = (milliseconds: number) => {
    now += milliseconds;
    look();
  };
  const told = () =>
    events.map((event) => (event.event === 'boot.finding' ? `${event.boot} ${event.finding}` : event.event));
  return { findings, step, pass, told, events, boots, fetching };
}

it('tells why a boot does not go on, once', () => {
  const { step, pass, told, events, findings } = watching();
  const heard: string[] = [];
  const silence = findings.listen(({ event, boot }) => heard.push(`${boot.state}: ${event.finding}`));
  step(STEP.discover);
  step(STEP.loader);
  step(STEP.script);
  pass(29_999);
  expect(told()).toEqual([]);
  pass(1);
  pass(1_000);
  expect(told()).toEqual(['b1 script-without-kernel']);
  expect(events[0]).toMatchObject({
    machine: 'node-01',
    evidence: expect.stringContaining('10.0.0.7 was sent') as string,
  });
  expect(heard).toEqual(['planned: script-without-kernel']);
  silence();
  step(STEP.kernelStarted);
  step(STEP.kernelAborted);
  // Whoever listens hears of the step first.
  expect(told()).toEqual(['b1 script-without-kernel']);
  expect(findings.first({ machine: 'node-01', id: 'b1' })).toBe('download-aborted');
  pass(1_000);
  expect(told()).toEqual(['b1 script-without-kernel', 'b1 download-aborted']);
  expect(heard).toHaveLength(1);
});

it('does not say of a machine that it asks for nothing while its loader is on its way', () => {
  const { step, pass, told, fetching } = watching();
  step(STEP.discover);
  fetching.add('node-01');
  pass(60_000);
  expect(told()).toEqual([]);
  fetching.clear();
  pass(1_000);
  expect(told()).toEqual(['b1 answer-ignored']);
});

it('looks at the last boot of a machine, until it is done', () => {
  const { step, pass, told } = watching();
  step(STEP.script);
  step(STEP.script, 'b2');
  pass(31_000);
  expect(told()).toEqual(['b2 script-without-kernel']);
  step({ event: 'boot.done', machine: 'node-01', boot: 'b2', by: 'report' }, 'b2');
  pass(4 * 3_600_000);
  expect(told()).toEqual(['b2 script-without-kernel']);
});

it('looks at the boot that came farther as well, whoever asks by DHCP in the name of its machine', () => {
  const { step, pass, told } = watching();
  step(STEP.discover);
  step(STEP.script);
  step(STEP.discover, 'b2');
  step(STEP.kernelStarted);
  step(STEP.kernelAborted);
  pass(31_000);
  expect(told().toSorted()).toEqual(['b1 download-aborted', 'b2 answer-ignored']);
  step(STEP.script, 'b3');
  step(STEP.kernelStarted, 'b3');
  step(STEP.kernelAborted, 'b3');
  pass(31_000);
  expect(told().toSorted()).toEqual(['b1 download-aborted', 'b2 answer-ignored', 'b3 download-aborted']);
});

it('looks at known machines, however many strangers come', () => {
  const { step, pass, told, boots } = watching();
  step(STEP.script);
  for (let number = 0; number < 3_000; number += 1) {
    const [id, machine] = [`s${number}`, `stranger-${number}`];
    boots.set(id, { ...newBoot(id, machine, 1_000), isStranger: true });
    step({ ...STEP.script, machine }, id);
    step({ ...STEP.refused, machine: `made-up-${number}` }, `m${number}`);
  }
  pass(31_000);
  for (let times = 0; times < 20; times += 1) pass(1_000);
  expect(told()).toContain('b1 script-without-kernel');
  expect(told()).toHaveLength(1 + 2 * 2_500);
});

it('costs no more to look at, however many layers break off', () => {
  const { step, pass, told, findings, boots } = watching();
  step(STEP.script);
  for (let number = 0; number < 450; number += 1)
    step({ ...STEP.kernelAborted, digest: digestOf(Buffer.from(`layer ${number}`)) });
  pass(1_000);
  expect(told()).toEqual(['b1 download-aborted']);
  const boot = boots.get('b1') as Boot;
  expect(findings.of({ boot, steps: [] })).toEqual([]);
});

it('does not judge a boot of which it has not heard all', () => {
  const { step, pass, told, boots, findings } = watching();
  boots.set('b1', { ...newBoot('b1', 'node-01', 0), steps: 7 });
  step(STEP.script);
  pass(31_000);
  expect(told()).toEqual([]);
  const boot = boots.get('b1') as Boot;
  expect(findings.of({ boot, steps: [{ at: 1_000, event: STEP.script }] })).toMatchObject([
    { finding: 'script-without-kernel', at: 1_000 },
  ]);
});

it('goes by what is assigned in force now', () => {
  const image = parseReference(STEP.script.image);
  const { step, pass, told } = watching({ image, policy: { mode: 'once', doneWhen: 'reported' } });
  for (const event of [STEP.script, STEP.kernelStarted, STEP.kernelSent, STEP.initramfsStarted, STEP.initramfsSent])
    step(event);
  pass(3_600_000);
  expect(told()).toEqual(['b1 done-not-reported']);
});

it('waits for no report of a machine that an operator said to be done', () => {
  const image = parseReference(STEP.script.image);
  const { step, pass, told } = watching({ image, policy: { mode: 'once', doneWhen: 'reported' } }, { isDone: true });
  for (const event of [STEP.script, STEP.kernelStarted, STEP.kernelSent, STEP.initramfsStarted, STEP.initramfsSent])
    step(event);
  pass(3_600_000);
  expect(told()).toEqual([]);
});

it('waits for no report of what is booted once instead', () => {
  const image = parseReference('registry.lab:5000/os/other:1');
  const { step, pass, told } = watching({ image, policy: { mode: 'once', doneWhen: 'reported' } });
  for (const event of [STEP.script, STEP.kernelStarted, STEP.kernelSent, STEP.initramfsStarted, STEP.initramfsSent])
    step(event);
  pass(3_600_000);
  expect(told()).toEqual([]);
});

it('hears nothing any more when it is closed', () => {
  const { step, pass, told, findings } = watching();
  findings.close();
  step(STEP.script);
  pass(60_000);
  expect(told()).toEqual([]);
});
