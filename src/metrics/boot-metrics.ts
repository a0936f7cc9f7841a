import { Counter, Histogram, type Registry } from 'prom-client';

/** Of boots as a whole. */
export type BootMetrics = {
  readonly boots: Counter<'state'>;
  readonly bootStepSeconds: Histogram<'step'>;
  readonly bootSeconds: Histogram<'until'>;
};

export function bootMetrics(registers: Registry[]): BootMetrics {
  return {
    boots: new Counter({
      name: 'bootlayer_boots_total',
      help: 'boots that came to each state, once each',
      labelNames: ['state'],
      registers,
    }),
    bootStepSeconds: new Histogram({
      name: 'bootlayer_boot_step_seconds',
      help: 'time from what a boot came to before: to its loader, its script, its kernel, its start, its configuration, and that it is done',
      labelNames: ['step'],
      buckets: [0.1, 0.5, 1, 2, 5, 10, 30, 60, 180, 600, 1800, 3600],
      registers,
    }),
    bootSeconds: new Histogram({
      name: 'bootlayer_boot_seconds',
      help: 'time from the first word of a machine until it has all that it starts, and until it is done',
      labelNames: ['until'],
      buckets: [1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 1800, 3600],
      registers,
    }),
  };
}
