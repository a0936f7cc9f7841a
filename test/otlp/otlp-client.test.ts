import type { ServerResponse } from 'node:http';
import { expect, it } from 'vitest';
import { after } from '../../src/clock.js';
import { OtlpClient, type OtlpLimits } from '../../src/otlp/otlp-client.js';
import type { Span } from '../../src/otlp/span.js';
import { startCollector } from '../fixtures/collector.js';
import { freePort } from '../setup/free-port.js';

const SPAN: Span = {
  ...{ trace: '0af7651916cd43dd8448eb211c80319c', id: 'b7ad6b7169203331', name: 'boot' },
  ...{ start: 1_700_000_000_123, end: 1_700_000_001_456, isFailed: true },
  attributes: { words: 'x'.repeat(300), whole: 5_000_000_000, half: 0.5, yes: true, none: undefined },
  events: [{ at: 1_700_000_000_500, name: 'finding', attributes: { finding: 'image-missing' } }],
};
const some = (count: number) => Array.from({ length: count }, () => SPAN);

/** `pauses`: how long it was to wait, each time. */
function client(endpoint: string, limits: Partial<OtlpLimits> = {}) {
  const warnings: string[] = [];
  const pauses: number[] = [];
  const time = { now: 0 };
  const told = { sent: 0, dropped: 0 };
  const made = new OtlpClient({
    endpoint,
    sender: { name: 'bootlayer', version: '0.1.0', instance: 'a' },
    warn: (text) => warnings.push(text),
    told: (outcome, spans) => {
      told[outcome] += spans;
    },
    ticks: () => time.now,
    after: (milliseconds, run) => {
      pauses.push(milliseconds);
      return after(milliseconds > 5_000 ? 1 : milliseconds, run);
    },
    limits: { gather: 1, firstPause: 1, longestPause: 5, ...limits },
  });
  return { client: made, warnings, told, pauses, time };
}

it('sends what collectors read: numbers and times as text, identifiers in hex', async () => {
  const collector = await startCollector();
  const { client: made, told } = client(collector.url);
  made.add([SPAN]);
  await expect.poll(() => told.sent).toBe(1);
  expect(collector.paths).toEqual(['POST /v1/traces application/json']);
  expect(collector.bodies).toEqual([
    {
      resourceSpans: [
        {
          resource: {
            attributes: [
              { key: 'service.name', value: { stringValue: 'bootlayer' } },
              { key: 'service.version', value: { stringValue: '0.1.0' } },
              { key: 'service.instance.id', value: { stringValue: 'a' } },
            ],
          },
          scopeSpans: [
            {
              scope: { name: 'bootlayer', version: '0.1.0' },
              spans: [
                {
                  ...{ traceId: SPAN.trace, spanId: SPAN.id, name: 'boot', kind: 1 },
                  ...{ startTimeUnixNano: '1700000000123000000', endTimeUnixNano: '1700000001456000000' },
                  attributes: [
                    { key: 'words', value: { stringValue: 'x'.repeat(256) } },
                    { key: 'whole', value: { intValue: '5000000000' } },
                    { key: 'half', value: { doubleValue: 0.5 } },
                    { key: 'yes', value: { boolValue: true } },
                  ],
                  events: [
                    {
                      ...{ timeUnixNano: '1700000000500000000', name: 'finding' },
                      attributes: [{ key: 'finding', value: { stringValue: 'image-missing' } }],
                    },
                  ],
                  status: { code: 2 },
                },
              ],
            },
          ],
        },
      ],
    },
  ]);
});

it('sends many in several requests, one after another', async () => {
  const collector = await startCollector();
  const { client: made } = client(collector.url, { batch: 100 });
  made.add(some(250));
  await made.close();
  expect(collector.bodies).toHaveLength(3);
  expect(collector.spans()).toHaveLength(250);
});

it.each([429, 503])('sends again what is answered by %d, and says so once', async (status) => {
  let answers = 0;
  const collector = await startCollector((response) => {
    answers += 1;
    response.writeHead(answers > 2 ? 200 : status).end();
  });
  const { client: made, warnings, told } = client(collector.url);
  made.add([SPAN]);
  await expect.poll(() => told).toEqual({ sent: 1, dropped: 0 });
  expect(collector.spans()).toHaveLength(3);
  expect(warnings).toEqual([`traces.otlp: ${collector.url} does not take traces: it answered ${status}`]);
});

it('waits for as long as it is asked to, within reason', async () => {
  const asked = ['20', '9'.repeat(30), 'tomorrow', undefined];
  const collector = await startCollector((response) => {
    const after = asked.shift();
    response.writeHead(asked.length === 0 ? 200 : 429, after === undefined ? {} : { 'retry-after': after }).end();
  });
  const { client: made, told, pauses } = client(collector.url, { gather: 1 });
  made.add([SPAN]);
  await expect.poll(() => told.sent).toBe(1);
  expect(pauses).toEqual([1, 20_000, 600_000, 4]);
  await made.close();
});

it('says once in ten minutes that every second request is refused', async () => {
  let answers = 0;
  const collector = await startCollector((response) => void response.writeHead(++answers % 2 === 0 ? 400 : 200).end());
  const { client: made, warnings, told, time } = client(collector.url, { batch: 1 });
  made.add(some(40));
  await expect.poll(() => told).toEqual({ sent: 20, dropped: 20 });
  expect(warnings).toHaveLength(1);
  time.now = 600_000;
  made.add(some(10));
  await expect.poll(() => told).toEqual({ sent: 25, dropped: 25 });
  expect(warnings).toHaveLength(2);
});

it.each([400, 302])('does not send again what is answered by %d', async (status) => {
  const collector = await startCollector((response) => void response.writeHead(status, { location: '/' }).end());
  const { client: made, warnings, told } = client(collector.url);
  made.add([SPAN]);
  await expect.poll(() => told).toEqual({ sent: 0, dropped: 1 });
  expect([collector.bodies.length, warnings.length]).toEqual([1, 1]);
});

it('keeps so many while nobody answers, drops the others, and ends all the same', async () => {
  const { client: made, warnings, told } = client(`http://127.0.0.1:${await freePort()}`, { queue: 10 });
  made.add(some(15));
  await expect.poll(() => warnings.length).toBe(1);
  made.add(some(5));
  await made.close();
  expect(told).toEqual({ sent: 0, dropped: 20 });
  expect(warnings).toHaveLength(1);
});

const HOSTILE: readonly (readonly [string, (response: ServerResponse) => void])[] = [
  ['never answers', () => undefined],
  ['answers without an end', (response) => void response.writeHead(503).write('x'.repeat(1_000_000))],
];

it.each(HOSTILE)('does not wait at its end for a collector that %s', async (_name, answer) => {
  const collector = await startCollector(answer);
  const { client: made, told } = client(collector.url, { end: 50 });
  made.add([SPAN]);
  await expect.poll(() => collector.bodies.length).toBeGreaterThan(0);
  await made.close();
  expect(told).toEqual({ sent: 0, dropped: 1 });
});
