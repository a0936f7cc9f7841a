import { expect, it } from 'vitest';
import { newBoot, type StepOfMachine, withStep } from '../../src/boot/boot.js';
import { bootTimes } from '../../src/booter/boot-times.js';
import { createMetrics } from '../../src/metrics.js';
import { BOOT_STEPS } from '../fixtures/boot-steps.js';

const { discover, loader, script, kernelStarted, kernelSent, initramfsStarted, initramfsSent, uki, ukiSent } =
  BOOT_STEPS;
const { machine } = discover;
const provided = { event: 'provision.sent', machine, address: '10.0.0.7', document: 'user-data', bytes: 1 } as const;
const done = { event: 'boot.done', machine, boot: 'boot-1', by: 'report' } as const;

function watched() {
  const metrics = createMetrics();
  const take = bootTimes(metrics);
  /** `steps`: with the second at which each is. `heard`: how many were told before. */
  const boot = (steps: readonly (readonly [number, StepOfMachine])[], { id = 'boot-1', heard = 0 } = {}) => {
    let now = { ...newBoot(id, machine, 0), steps: heard };
    for (const [second, event] of steps) {
      const at = second * 1_000;
      now = withStep(now, { at, event });
      take({ at, event, boot: now });
    }
  };
  const series = async (name: string) =>
    (await metrics.text()).split('\n').filter((line) => line.startsWith(name) && !line.endsWith(' 0'));
  return { boot, series };
}

it('says how long each step of a boot took, once', async () => {
  const { boot, series } = watched();
  boot([
    [0, discover],
    [2, loader],
    [3, loader],
    [10, script],
    [10, kernelStarted],
    [14, kernelSent],
    [14, initramfsStarted],
    [30, initramfsSent],
    [31, initramfsSent],
    [50, provided],
    [350, done],
  ]);
  expect(await series('bootlayer_boot_step_seconds_sum')).toEqual(
    [
      ['loader', 2],
      ['script', 8],
      ['kernel', 4],
      ['started', 16],
      ['configuration', 20],
      ['done', 300],
    ].map(([step, seconds]) => `bootlayer_boot_step_seconds_sum{step="${step}"} ${seconds}`),
  );
  expect(await series('bootlayer_boot_seconds_sum')).toEqual([
    'bootlayer_boot_seconds_sum{until="started"} 30',
    'bootlayer_boot_seconds_sum{until="done"} 350',
  ]);
  expect(await series('bootlayer_boots_total')).toEqual(
    ['offered', 'loading', 'planned', 'fetching', 'started', 'done'].map(
      (state) => `bootlayer_boots_total{state="${state}"} 1`,
    ),
  );
});

it('knows of no kernel where all is one program', async () => {
  const { boot, series } = watched();
  boot([
    [0, uki],
    [5, ukiSent],
  ]);
  expect(await series('bootlayer_boot_step_seconds_sum')).toEqual([
    'bootlayer_boot_step_seconds_sum{step="started"} 5',
  ]);
});

it('counts nothing of a boot that began before it was heard of', async () => {
  const { boot, series } = watched();
  boot([[5, script]], { heard: 3 });
  expect(await series('bootlayer_boots_total')).toEqual([]);
  expect(await series('bootlayer_boot_step_seconds_count')).toEqual([]);
});

it('counts the next boot of a machine anew, and nothing more of the one before', async () => {
  const { boot, series } = watched();
  boot([[0, discover]]);
  boot(
    [
      [0, discover],
      [7, loader],
    ],
    { id: 'boot-2' },
  );
  boot([[9, loader]], { heard: 1 });
  boot([[9, script]], { id: 'boot-2', heard: 2 });
  expect(await series('bootlayer_boot_step_seconds_sum')).toEqual([
    'bootlayer_boot_step_seconds_sum{step="loader"} 7',
    'bootlayer_boot_step_seconds_sum{step="script"} 2',
  ]);
  expect(await series('bootlayer_boots_total')).toEqual([
    'bootlayer_boots_total{state="offered"} 2',
    'bootlayer_boots_total{state="loading"} 1',
    'bootlayer_boots_total{state="planned"} 1',
  ]);
});
