import { join } from 'node:path';
import { expect, it } from 'vitest';
import { attributeOf, startCollector } from '../fixtures/collector.js';
import { writeConfiguration } from '../fixtures/configuration.js';
import { temporaryFolder } from '../fixtures/folder.js';
import { buildTestImage } from '../fixtures/program.js';
import { kernelIn, scriptFrom, serve } from '../fixtures/serving.js';
import { freePort } from '../setup/free-port.js';

async function site(traces: readonly string[]) {
  const folder = await temporaryFolder();
  await buildTestImage(`oci:${join(folder, 'image')}:1`, ['amd64']);
  const config = await writeConfiguration(folder, {
    // The kernel is downloaded in the boot.
    more: ['cache: { prefetch: false }', ...traces],
    assignments: ['{ name: all, match: {}, image: "oci:image:1", kernelArgs: { append: [password=hidden] } }'],
  });
  return serve(config);
}

it('sends a boot as one trace, with all that it was sent', async () => {
  const collector = await startCollector();
  const { server } = await site([`traces: { otlp: "${collector.url}" }`]);
  await kernelIn(await scriptFrom(server));
  // What is not over yet is sent when the server ends.
  await server.stop();
  const spans = collector.spans();
  const root = spans.find(({ name }) => name === 'boot');
  expect(root && attributeOf(root, 'bootlayer.machine')).toBe('52:54:00:00:00:01');
  expect(root && attributeOf(root, 'bootlayer.assignment')).toBe('all');
  expect(spans.map(({ name }) => name)).toEqual(expect.arrayContaining(['boot', 'script', 'fill', 'kernel']));
  for (const { traceId, spanId, parentSpanId, startTimeUnixNano, endTimeUnixNano } of spans) {
    expect(traceId).toMatch(/^[\da-f]{32}$/);
    expect(spanId).toMatch(/^[\da-f]{16}$/);
    expect([traceId, parentSpanId]).toEqual([root?.traceId, spanId === root?.spanId ? undefined : root?.spanId]);
    expect(BigInt(endTimeUnixNano)).toBeGreaterThanOrEqual(BigInt(startTimeUnixNano));
  }
  const sent = JSON.stringify(collector.bodies);
  for (const secret of ['hidden', '/blobs/', '/provision/']) expect(sent).not.toContain(secret);
});

it('boots machines, and ends, while there is no collector', async () => {
  const { server, log } = await site([`traces: { otlp: "http://127.0.0.1:${await freePort()}" }`]);
  expect((await kernelIn(await scriptFrom(server))).length).toBeGreaterThan(1_000);
  await server.stop();
  expect(log.filter(({ event }) => event === 'traces.warning')).toHaveLength(1);
});

it('has nothing to do with traces where none are wanted', async () => {
  const { server } = await site([]);
  await kernelIn(await scriptFrom(server));
  const metrics = await (await fetch(`http://${server.api}/metrics`)).text();
  expect(metrics).not.toContain('bootlayer_trace_spans_total{');
});
