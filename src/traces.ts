import { randomUUID } from 'node:crypto';
import { BootTraces } from './booter/boot-traces.js';
import { version } from './cli/version.js';
import { after, every, systemClock } from './clock.js';
import type { Config } from './config/schema.js';
import type { Lifecycle } from './lifecycle.js';
import type { Logger } from './log.js';
import type { Metrics } from './metrics.js';
import { OtlpClient } from './otlp/otlp-client.js';
import type { ServedBooter } from './served-booter.js';

export type TracesParts = Pick<ServedBooter, 'journal' | 'findings' | 'hub'> & {
  readonly metrics: Pick<Metrics, 'traceSpans'>;
  readonly lifecycle: Lifecycle;
  readonly log: Logger;
};

const LOOK_MILLISECONDS = 5_000;

/** Sends a trace of each boot to a collector. Loaded only where one is configured. */
export function openTraces(
  { otlp: endpoint }: NonNullable<Config['traces']>,
  { journal, findings, hub, metrics, lifecycle, log }: TracesParts,
): void {
  for (const outcome of ['sent', 'dropped']) metrics.traceSpans.inc({ outcome }, 0);
  const client = new OtlpClient({
    endpoint,
    sender: { name: 'bootlayer', version: version(), instance: randomUUID() },
    warn: (text) => log.warn({ event: 'traces.warning' }, text),
    told: (outcome, spans) => metrics.traceSpans.inc({ outcome }, spans),
    ticks: () => systemClock.ticks(),
    after,
  });
  const traces = new BootTraces({ send: (spans) => client.add(spans), clock: systemClock });
  const ends = [
    journal.listen((step) => traces.take(step)),
    findings.listen((told) => traces.found(told)),
    hub.add(traces.heard),
    every(LOOK_MILLISECONDS, () => traces.look()),
  ];
  lifecycle.started('traces', async () => {
    for (const end of ends) end();
    traces.close();
    await client.close();
  });
}
