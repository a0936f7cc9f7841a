import { describe, expect, it } from 'vitest';
import type { BootEvent } from '../../src/boot/event.js';
import { logSink } from '../../src/booter/log-sink.js';
import { metricsSink } from '../../src/booter/metrics-sink.js';
import { createLog } from '../../src/log.js';
import { createMetrics } from '../../src/metrics.js';
import { digestOf } from '../../src/oci/digest.js';

const digest = digestOf(Buffer.from('x'));
const transfer = { machine: 'node-01', address: '10.0.0.1', protocol: 'http', role: 'kernel', digest } as const;
const result = { bytes: 1024, seconds: 1.5 };

const file = { address: '10.0.0.1', protocol: 'tftp', file: 'snponly.efi' } as const;
const asked = { machine: 'node-01', mac: '52:54:00:12:34:56', client: 'x64 UEFI by PXE' } as const;
const COUNTS = { added: 1, removed: 0, changed: 1 };

const EVENTS: readonly BootEvent[] = [
  { event: 'greeting.sent', ...file },
  { event: 'dhcp.answered', ...asked, step: 'offer', answer: 'snponly.efi by TFTP from 10.0.0.2', assignment: 'all' },
  { event: 'dhcp.unanswered', ...asked, step: 'ack', relay: '10.0.0.9', reason: 'no assignment matches this machine' },
  { event: 'dhcp.dropped', address: '10.0.0.1', reason: 'it is an answer' },
  { event: 'relay.refused', address: '10.0.0.9', relay: '10.1.0.1', mac: asked.mac, reason: 'it is taken' },
  { event: 'loader.repeated', machine: 'node-01', mac: asked.mac, loader: 'snponly.efi', times: 6, seconds: 60 },
  {
    event: 'uki.planned',
    machine: 'node-01',
    address: '10.0.0.1',
    assignment: 'all',
    image: 'os:1',
    plan: digest,
  },
  { event: 'uki.replaced', machine: 'node-01', address: '10.0.0.1', reason: 'slow' },
  { event: 'uki.refused', machine: 'node-01', address: '10.0.0.1', reason: 'none' },
  {
    ...{ event: 'uki.local', machine: 'node-01', address: '10.0.0.1' },
    ...{ assignment: 'all', why: 'assigned', reason: 'its assignment says so (boot: local)' },
  },
  { event: 'script.sent', machine: 'node-01', address: '10.0.0.1', assignment: 'all', image: 'os:1', plan: digest },
  { event: 'script.waiting', machine: 'node-01', address: '10.0.0.1', image: 'os:1', attempt: 2, reason: 'slow' },
  { event: 'script.refused', machine: 'node-01', address: '10.0.0.1', reason: 'nothing' },
  { event: 'image.resolved', reference: 'os:1', architecture: 'amd64', digest, seconds: 0.1, from: 'source' },
  { event: 'image.failed', reference: 'os:1', architecture: 'amd64', code: 'IMAGE_NOT_FOUND', reason: 'gone' },
  { event: 'machine.contradicted', machine: 'node-01', address: '10.0.0.1', knownBy: 'mac', others: 'uuid of node-02' },
  { event: 'next.dropped', machine: 'node-01', boot: 'b1', image: 'os:1' },
  { event: 'standings.full', standings: 100_000 },
  { event: 'plan.unsaved', machine: 'node-01', plan: digest, reason: 'no room' },
  {
    event: 'mapping.reloaded',
    machines: COUNTS,
    assignments: COUNTS,
    documents: COUNTS,
    names: 'machines +a ~b',
    seconds: 0.1,
  },
  { event: 'mapping.refused', reason: 'x.yaml:3:1: no' },
  { event: 'fault', doing: 'testing', reason: 'x is not a function', stack: 'Error: x' },
  { event: 'fill.started', digest, size: 1024, source: 'lab/os' },
  { event: 'fill.resumed', digest, size: 1024, source: 'lab/os', bytes: 512, reason: 'it broke' },
  { event: 'blob.evicted', digest, bytes: 1024, why: 'room' },
  { event: 'blob.damaged', digest, bytes: 1024 },
  { event: 'blob.unreadable', digest, reason: 'EACCES' },
  { event: 'cache.short', bytes: 1024 },
  { event: 'upkeep.failed', doing: 'reading the cache again', reason: 'too many files' },
  { event: 'cache.over', bytes: 1024 },
  { event: 'fill.finished', digest, source: 'lab/os', ...result },
  { event: 'fill.failed', digest, source: 'lab/os', code: 'DISK_FULL', reason: 'full', ...result },
  { event: 'loader.sent', ...file, ...result, blksize: 1_468, windowsize: 4, resends: 1, isConfirmed: true },
  { event: 'loader.aborted', ...file, ...result, reason: 'gone' },
  { event: 'file.refused', ...file, reason: 'there is no such file' },
  { event: 'file.unanswered', ...file },
  { event: 'artifact.started', ...transfer },
  { event: 'artifact.sent', ...transfer, ...result },
  { event: 'artifact.aborted', ...transfer, ...result, range: '0-9', reason: 'gone' },
];

function logged(level: 'debug' | 'info', events: readonly BootEvent[]) {
  const lines: string[] = [];
  const sink = logSink(createLog(level, { write: (line) => void lines.push(line) }), () => 0);
  events.forEach(sink);
  return lines.map((line) => JSON.parse(line) as Record<string, unknown>);
}

describe('logSink', () => {
  it('writes one line for every event, with all its fields and a sentence', () => {
    const lines = logged('debug', EVENTS);
    expect(lines).toHaveLength(EVENTS.length);
    for (const [position, line] of lines.entries()) {
      expect(line).toMatchObject(EVENTS[position] ?? {});
      expect(line['msg']).toMatch(/^[^\n]{10,}$/);
    }
  });

  it('warns of what went wrong and tells milestones at the usual level', () => {
    const levels = logged('info', EVENTS).map(({ event, level }) => `${String(event)} ${String(level)}`);
    expect(levels).toEqual([
      'greeting.sent 30',
      'dhcp.answered 30',
      'dhcp.unanswered 30',
      'relay.refused 40',
      'loader.repeated 40',
      'uki.planned 30',
      'uki.replaced 30',
      'uki.refused 40',
      'uki.local 30',
      'script.sent 30',
      'script.waiting 30',
      'script.refused 40',
      'image.resolved 30',
      'image.failed 40',
      'machine.contradicted 40',
      'next.dropped 40',
      'standings.full 40',
      'plan.unsaved 40',
      'mapping.reloaded 30',
      'mapping.refused 50',
      'fault 50',
      'fill.resumed 40',
      'blob.evicted 30',
      'blob.damaged 40',
      'blob.unreadable 40',
      'cache.short 40',
      'upkeep.failed 40',
      'cache.over 40',
      'fill.finished 30',
      'fill.failed 40',
      'loader.sent 30',
      'loader.aborted 40',
      'file.refused 30',
      'file.unanswered 30',
      'artifact.sent 30',
      'artifact.aborted 40',
    ]);
  });
});

it('lets nothing through that could drive a terminal', () => {
  const [line] = logged('info', [{ event: 'script.refused', machine: 'a', address: '', reason: 'x\x1b[2J\x9b1m\ny' }]);
  expect(line?.['msg']).toBe('a is not booted: x?[2J?1m\ny');
});

it('writes little of what anybody can cause, of each address and of all', () => {
  const lines: string[] = [];
  let now = 0;
  const sink = logSink(createLog('info', { write: (line) => void lines.push(line) }), () => now);
  const refuse = (address: string) => sink({ event: 'file.refused', ...file, address, reason: 'none' });
  for (let times = 0; times < 100; times += 1) refuse('10.0.0.7');
  expect(lines).toHaveLength(10);
  for (let number = 0; number < 1_000; number += 1) refuse(`10.0.1.${number}`);
  expect(lines).toHaveLength(300);
  now = 60_000;
  refuse('10.0.0.7');
  expect(lines).toHaveLength(301);
});

it('tells of a thousand machines that ask at once, and little of one that never stops', () => {
  const lines: string[] = [];
  let now = 0;
  const sink = logSink(createLog('info', { write: (line) => void lines.push(line) }), () => now);
  const ask = (mac: string) =>
    sink({ event: 'dhcp.unanswered', machine: mac, mac, client: 'x', step: 'offer', reason: 'none' });
  for (let times = 0; times < 100; times += 1) ask('one');
  expect(lines).toHaveLength(20);
  for (let times = 0; times < 4; times += 1)
    for (let machine = 0; machine < 1_000; machine += 1) ask(`rack ${machine}`);
  expect(lines).toHaveLength(4_020);
  for (let machine = 0; machine < 10_000; machine += 1) ask(`forged ${machine}`);
  expect(lines).toHaveLength(5_000);
  now = 60_000;
  ask('one');
  expect(lines).toHaveLength(5_001);
});

it('spares what is dropped by the address that it came from', () => {
  const dropped = { event: 'dhcp.dropped', address: '10.0.0.1', reason: 'it is an answer' } as const;
  expect(
    logged(
      'debug',
      Array.from({ length: 100 }, () => dropped),
    ),
  ).toHaveLength(20);
});

it('says that nothing of the mapping changed', () => {
  const [line] = logged('info', [
    { event: 'mapping.reloaded', machines: COUNTS, assignments: COUNTS, documents: COUNTS, names: '', seconds: 0.1 },
  ]);
  expect(line?.['msg']).toContain('nothing of it changed');
});

it('writes no secret', () => {
  const lines: string[] = [];
  const log = createLog('info', { write: (line) => void lines.push(line) });
  log.info({ authorization: 'Bearer abc', headers: { cookie: 'abc' }, registry: { auth: { password: 'abc' } } }, 'x');
  expect(lines.join('')).not.toContain('abc');
});

it('counts every event', async () => {
  const metrics = createMetrics();
  EVENTS.forEach(metricsSink(metrics));
  const text = await metrics.text();
  const counted = text.split('\n').filter((line) => line.startsWith('bootlayer_') && line.endsWith(' 1'));
  for (const outcome of ['greeting', 'sent', 'waiting', 'refused']) {
    expect(counted).toContain(`bootlayer_scripts_total{outcome="${outcome}"} 1`);
  }
  expect(counted).toContain('bootlayer_resolutions_total{outcome="failed"} 1');
  expect(counted).toContain('bootlayer_transfers_total{protocol="http",role="kernel",outcome="aborted"} 1');
  expect(counted).toContain('bootlayer_contradictions_total 1');
  for (const outcome of ['answered', 'unanswered', 'dropped'])
    expect(counted).toContain(`bootlayer_dhcp_requests_total{outcome="${outcome}"} 1`);
  expect(counted).toContain('bootlayer_loader_loops_total 1');
  expect(counted).toContain('bootlayer_faults_total 1');
  for (const outcome of ['reloaded', 'refused']) {
    expect(counted).toContain(`bootlayer_mapping_reloads_total{outcome="${outcome}"} 1`);
  }
  expect(text).toContain('bootlayer_transfer_bytes_total{protocol="http",role="kernel"} 2048');
});
