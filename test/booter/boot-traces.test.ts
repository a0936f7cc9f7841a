import { expect, it } from 'vitest';
import { type Boot, newBoot, type StepOfMachine, withStep } from '../../src/boot/boot.js';
import { BootTraces } from '../../src/booter/boot-traces.js';
import { digestOf } from '../../src/oci/digest.js';
import type { Span } from '../../src/otlp/span.js';
import { BOOT_STEPS } from '../fixtures/boot-steps.js';

const STEPS = { ...BOOT_STEPS };
const { machine } = STEPS.discover;
const image = 'registry.lab:5000/os/debian:12';
const SECRET = 'c0ffee00c0ffee00';

function traced() {
  const spans: Span[] = [];
  let now = 0;
  const clock = { now: () => now, ticks: () => now };
  const traces = new BootTraces({ send: (sent) => void spans.push(...sent), clock });
  const boots = new Map<string, Boot>();
  /** `second`: when it is told. */
  const tell = (second: number, event: StepOfMachine, id = 'boot-1') => {
    now = second * 1_000;
    const boot = withStep(boots.get(id) ?? newBoot(id, event.machine, now), { at: now, event });
    boots.set(id, boot);
    traces.take({ at: now, event, boot });
  };
  const until = (second: number) => {
    now = second * 1_000;
    traces.look();
    return spans.splice(0);
  };
  return { traces, tell, until, spans, boot: (id = 'boot-1') => boots.get(id) as Boot };
}

const inShort = ({ name, start, end, isFailed }: Span) => [name, start, end, ...(isFailed ? ['failed'] : [])];

it('makes one trace of a boot, of all that happened in it', () => {
  const { traces, tell, until } = traced();
  tell(1, STEPS.discover);
  tell(3, STEPS.loader);
  tell(4, STEPS.waiting);
  tell(9, STEPS.waiting);
  traces.heard({
    ...{ event: 'image.resolved', reference: image, architecture: 'amd64', digest: digestOf(Buffer.from('index')) },
    ...{ seconds: 5, from: 'source' },
  });
  tell(10, STEPS.script);
  tell(10, STEPS.kernelStarted);
  const { digest } = STEPS.kernelStarted;
  traces.heard({ event: 'fill.finished', digest, bytes: 100, seconds: 2, source: 'registry.lab:5000/os/debian' });
  tell(12, STEPS.kernelSent);
  tell(12, STEPS.initramfsStarted);
  tell(13, STEPS.initramfsSent);
  expect(until(60)).toEqual([]);
  tell(300, { event: 'boot.done', machine, boot: 'boot-1', by: 'report' });
  const spans = until(305);
  expect(spans.map(inShort)).toEqual([
    ['boot', 1_000, 300_000],
    ['dhcp', 1_000, 1_000],
    ['loader', 2_900, 3_000],
    ['resolve', 4_000, 9_000],
    ['script', 4_000, 10_000],
    ['fill', 8_000, 10_000],
    ['kernel', 11_900, 12_000],
    ['initramfs', 12_900, 13_000],
    ['done', 300_000, 300_000],
  ]);
  const [root] = spans;
  expect(root?.attributes).toMatchObject({
    ...{ 'bootlayer.boot': 'boot-1', 'bootlayer.machine': machine, 'bootlayer.outcome': 'done' },
    ...{ 'bootlayer.image': image, 'bootlayer.architecture': 'amd64' },
  });
  expect(new Set(spans.map(({ trace }) => trace))).toEqual(new Set([root?.trace]));
  expect(new Set(spans.slice(1).map(({ parent }) => parent))).toEqual(new Set([root?.id]));
  expect(new Set(spans.map(({ id }) => id)).size).toBe(spans.length);
});

it('tells in the boot why it does not go on', () => {
  const { traces, tell, until, boot } = traced();
  tell(1, STEPS.script);
  tell(1, STEPS.kernelStarted);
  tell(2, STEPS.kernelAborted);
  const finding = { finding: 'download-aborted', evidence: SECRET, remedy: SECRET } as const;
  const event = { event: 'boot.finding', machine, boot: 'boot-1', ...finding } as const;
  traces.found({ at: 3_000, event, boot: boot() });
  const [root, ...parts] = until(200);
  expect(root?.events).toEqual([
    { at: 3_000, name: 'finding', attributes: { 'bootlayer.finding': 'download-aborted' } },
  ]);
  expect(root?.isFailed).toBe(true);
  expect(parts.map(inShort)).toEqual([
    ['script', 1_000, 1_000],
    ['kernel', 1_900, 2_000, 'failed'],
  ]);
});

it('has nothing in it that is said in words', () => {
  const { tell, until } = traced();
  tell(1, { ...STEPS.refused, reason: SECRET });
  tell(2, { event: 'identity.mismatch', machine, address: '10.0.0.7', reason: SECRET });
  tell(2, { ...STEPS.kernelAborted, reason: SECRET });
  const refused = { event: 'provision.refused', machine, address: '10.0.0.7', document: 'user-data' } as const;
  tell(3, { ...refused, why: 'spent', reason: SECRET });
  const spans = until(200);
  expect(spans.length).toBeGreaterThan(2);
  expect(spans[0]?.events.map(({ name }) => name)).toEqual(['identity.mismatch', 'provision.refused']);
  expect(JSON.stringify(spans)).not.toContain(SECRET);
});

it('waits while something is on its way, and for a report of what was started', () => {
  const { tell, until } = traced();
  tell(0, STEPS.script);
  tell(0, STEPS.kernelStarted);
  expect(until(600)).toEqual([]);
  tell(600, STEPS.kernelSent);
  tell(600, STEPS.initramfsSent);
  expect(until(1_400)).toEqual([]);
  expect(until(1_500)).not.toEqual([]);
});

it('sends what comes late to the boot that was sent, and no second one', () => {
  const { tell, until } = traced();
  tell(0, STEPS.script);
  const [root] = until(200);
  tell(201, { event: 'boot.done', machine, boot: 'boot-1', by: 'report' });
  const late = until(300);
  expect(late.map(inShort)).toEqual([['done', 201_000, 201_000]]);
  expect(late[0]).toMatchObject({ trace: root?.trace, parent: root?.id });
});

it('sends few of what anybody can bring about, and all of the others', () => {
  const { tell, until } = traced();
  for (let n = 0; n < 2_000; n += 1) tell(1, { ...STEPS.discover, machine: `m${n}` }, `doubtful-${n}`);
  for (let n = 0; n < 700; n += 1) tell(1, { ...STEPS.script, machine: `m${n}` }, `farther-${n}`);
  const roots = until(200).filter(({ name }) => name === 'boot');
  const byOutcome = (outcome: string) =>
    roots.filter(({ attributes }) => attributes['bootlayer.outcome'] === outcome).length;
  expect([byOutcome('offered'), byOutcome('planned')]).toEqual([600, 700]);
});

it('keeps so many parts of a boot, and says how many it leaves out', () => {
  const { tell, until } = traced();
  tell(0, STEPS.script);
  for (let n = 0; n < 1_000; n += 1) tell(1, STEPS.rootSent);
  const spans = until(400);
  expect(spans).toHaveLength(201);
  expect(spans[0]?.attributes['bootlayer.left_out']).toBe(801);
});

it('sends all when the server ends', () => {
  const { traces, tell, spans } = traced();
  tell(0, STEPS.script);
  traces.close();
  expect(spans.map(({ name }) => name)).toEqual(['boot', 'script']);
});
