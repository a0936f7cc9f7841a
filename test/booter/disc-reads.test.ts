import { describe, expect, it } from 'vitest';
import type { ArtifactTransfer, BootEvent } from '../../src/boot/event.js';
import { DiscReads } from '../../src/booter/disc-reads.js';
import { type TransferEnd, TransferEvents } from '../../src/booter/transfer-events.js';
import { digestOf } from '../../src/oci/digest.js';

const SIZE = 10_000;
const ISO = {
  ...{ machine: 'node-01', address: '10.0.2.15', protocol: 'http', role: 'iso', isShown: true },
  digest: digestOf(Buffer.from('iso')),
} as const satisfies ArtifactTransfer;
const part = (from: number, more: Partial<ArtifactTransfer> = {}) => ({
  ...ISO,
  range: `${from}-${from + 99}`,
  ...more,
});
const SENT = { kind: 'sent', bytes: 100 } as const;

/** A disc counts as left alone ten seconds after its last part. */
const QUIET = 10_000;

function reading() {
  const events: BootEvent[] = [];
  let now = 0;
  const timers = new Map<() => void, number>();
  const clock = { ticks: () => now };
  const owner = { look: () => undefined, find: async () => undefined, machineAt: () => undefined };
  const transferEvents = new TransferEvents({ events: (event) => void events.push(event), clock, owner });
  const after = (milliseconds: number, run: () => void) => {
    timers.set(run, now + milliseconds);
    return () => void timers.delete(run);
  };
  const discs = new DiscReads({ transferEvents, clock, after });
  const begin = (transfer: ArtifactTransfer, sent = () => 0) => discs.begun(transfer, { size: SIZE, sent });
  return {
    ...{ discs, events, begin, running: () => transferEvents.running.list(9) },
    read: (transfer: ArtifactTransfer, end: TransferEnd = SENT) => begin(transfer)?.(end),
    wait: (milliseconds: number) => {
      now += milliseconds;
      for (const [run] of [...timers].filter(([, at]) => at <= now)) {
        timers.delete(run);
        run();
      }
    },
    told: () => events.map(({ event }) => event),
    waiting: () => timers.size,
  };
}

describe('an ISO that is read as a disc', () => {
  it('is told as one transfer, which ends when nobody reads on', () => {
    const { read, wait, events, waiting, told } = reading();
    for (let from = 0; from < 900; from += 100) {
      read(part(from));
      wait(500);
      expect(waiting()).toBe(1);
    }
    expect(told()).toEqual(['artifact.started']);
    wait(QUIET);
    expect(waiting()).toBe(0);
    expect(events).toEqual([
      { event: 'artifact.started', ...ISO, isDisc: true },
      { event: 'artifact.sent', ...ISO, isDisc: true, bytes: 900, reads: 9, seconds: 4 },
    ]);
  });

  it('is not left alone while a part of it is being sent, whose bytes count', () => {
    const { begin, read, wait, running, told } = reading();
    const long = begin(part(0), () => 40);
    read(part(100));
    for (let looks = 0; looks < 3; looks += 1) wait(QUIET);
    expect(running()).toMatchObject([{ isDisc: true, size: SIZE, bytes: 140 }]);
    long?.(SENT);
    expect(running()).toMatchObject([{ bytes: 200 }]);
    wait(QUIET - 1);
    expect(told()).toEqual(['artifact.started']);
    wait(1);
    expect([told().at(-1), running()]).toEqual(['artifact.sent', []]);
  });

  it('is broken off where its last part was', () => {
    const { read, wait, events } = reading();
    const broken = { kind: 'aborted', bytes: 1, reason: 'the client is gone' } as const;
    read(part(0), broken);
    read(part(0));
    wait(QUIET);
    expect(events.at(-1)).toMatchObject({ event: 'artifact.sent', bytes: 101, reads: 2 });
    read(part(0));
    read(part(0), broken);
    wait(QUIET);
    expect(events.at(-1)).toMatchObject({ event: 'artifact.aborted', bytes: 101, reason: 'the client is gone' });
  });

  it('is another for who else reads it', () => {
    const { read, told } = reading();
    read(part(0));
    read(part(0, { address: '10.0.2.16' }));
    read(part(0, { digest: digestOf(Buffer.from('other')) }));
    expect(told()).toEqual(Array(3).fill('artifact.started'));
  });

  it('is none where all of it is fetched, or the rest of what broke off, or something else', () => {
    const { read, wait, told } = reading();
    const { range, ...whole } = part(0);
    read(whole);
    read(part(9_900, { isRest: true }));
    read(part(0, { role: 'kernel' }));
    read(part(0, { slice: 'last' }));
    expect([range, told()]).toEqual(['0-99', []]);
    // Its end is read by whoever looks for a partition table.
    read(part(0));
    read(part(9_900, { isRest: true }));
    wait(QUIET);
    expect(told()).toEqual(['artifact.started', 'artifact.sent']);
  });

  it('is told of when the server ends, or too many are read', () => {
    const { read, begin, discs, told, waiting } = reading();
    const late = begin(part(0, { address: 'first' }));
    for (let n = 0; n < 1_000; n += 1) read(part(0, { address: `10.0.2.${n}` }));
    expect(told().filter((event) => event === 'artifact.sent')).toHaveLength(1);
    late?.(SENT);
    discs.close();
    expect(told().filter((event) => event === 'artifact.sent')).toHaveLength(1_001);
    expect(waiting()).toBe(0);
  });
});
