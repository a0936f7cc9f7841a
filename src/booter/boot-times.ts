import { BOOT_STATES, type Boot, type BootState } from '../boot/boot.js';
import { MILESTONES, type Milestone, milestoneAt } from '../boot/milestone.js';
import type { Metrics } from '../metrics.js';
import { RecentMap } from '../recent-map.js';
import type { StepListener, ToldStep } from './journal.js';

/** At least: of more, the boots are counted no further of those that were not heard of for longest. */
const MACHINES = 25_000;

/** What is known of the boot in which a machine is, in a few bytes. Times: milliseconds since the epoch. */
type Timed = {
  readonly id: string;
  /** Those that are counted, a bit of each. */
  states: number;
  readonly beganAt: number;
  /** How far it has come, as a place in `MILESTONES`, and when. */
  farthest: number;
  cameAt: number;
};

/** Counts how far boots come, and how long each step takes them, step by step as they are told. */
export function bootTimes(metrics: Pick<Metrics, 'boots' | 'bootStepSeconds' | 'bootSeconds'>): StepListener {
  /** By machine: of a boot that is over nobody hears any more. */
  const boots = new RecentMap<string, Timed>(MACHINES);
  for (const state of BOOT_STATES) metrics.boots.inc({ state }, 0);
  return ({ at, event, boot }: ToldStep) => {
    if (boot === undefined) return;
    const known = boots.get(boot.machine);
    const timed = known?.id === boot.id ? known : begun(boot);
    if (timed === undefined) return;
    boots.set(boot.machine, timed);
    const state = bitOf(boot.state);
    if ((timed.states & state) === 0) metrics.boots.inc({ state: boot.state });
    timed.states |= state;
    const milestone = milestoneAt(event, boot);
    if (milestone !== undefined) reach(timed, milestone, at);
  };

  function reach(timed: Timed, step: Milestone, at: number): void {
    const place = MILESTONES.indexOf(step);
    if (place <= timed.farthest) return;
    metrics.bootStepSeconds.observe({ step }, secondsBetween(timed.cameAt, at));
    if (step === 'started' || step === 'done')
      metrics.bootSeconds.observe({ until: step }, secondsBetween(timed.beganAt, at));
    timed.farthest = place;
    timed.cameAt = at;
  }
}

/** Of one that began before the server did nobody knows what was counted. */
function begun({ id, steps, beganAt }: Boot): Timed | undefined {
  return steps > 1 ? undefined : { id, states: 0, beganAt, farthest: -1, cameAt: beganAt };
}

function bitOf(state: BootState): number {
  return 1 << BOOT_STATES.indexOf(state);
}

/** The time of day may be set meanwhile. */
function secondsBetween(from: number, to: number): number {
  return Math.max(0, to - from) / 1_000;
}
