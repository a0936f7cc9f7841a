import { describe, expect, it } from 'vitest';
import type { BootEvent } from '../../src/boot/event.js';
import { TransferEvents, tellEnd } from '../../src/booter/transfer-events.js';
import { digestOf } from '../../src/oci/digest.js';
import { settled } from '../fixtures/waiting.js';

const LOADER = { address: '10.0.0.7', file: 'snponly.efi', protocol: 'tftp' } as const;
const KNOWN = { ...LOADER, platform: 'UEFI amd64' } as const;
const WHOLE = { size: 300, sent: () => 100 };

function tell() {
  const events: BootEvent[] = [];
  let now = 0;
  const looked: string[] = [];
  const transfers = new TransferEvents({
    events: (event) => events.push(event),
    clock: { ticks: () => now },
    owner: {
      look: (address) => void looked.push(address),
      find: async (address) => (address === '10.0.0.8' ? 'node-08' : undefined),
      machineAt: (address) => (looked.includes(address) && address === '10.0.0.8' ? 'node-08' : undefined),
    },
  });
  const pass = (milliseconds: number) => {
    now += milliseconds;
  };
  return { transfers, events, pass };
}

describe('TransferEvents', () => {
  it('tells of loaders when they have been sent, or not', () => {
    const { transfers, events, pass } = tell();
    const [one, other] = [transfers.loader(LOADER, WHOLE), transfers.loader(LOADER, WHOLE)];
    pass(1_500);
    one({ kind: 'sent', bytes: 300 });
    other({ kind: 'aborted', bytes: 100, reason: 'gone' });
    expect(events).toEqual([
      { event: 'loader.sent', ...KNOWN, bytes: 300, seconds: 1.5 },
      { event: 'loader.aborted', ...KNOWN, bytes: 100, seconds: 1.5, reason: 'gone' },
    ]);
  });

  it('tells whose boot it is where the address says so', () => {
    const { transfers, events } = tell();
    const from = { ...LOADER, address: '10.0.0.8' };
    transfers.loader(from, WHOLE)({ kind: 'sent', bytes: 300 });
    transfers.greeting(from);
    transfers.greeting(LOADER);
    expect(events.map((event) => 'machine' in event && event.machine)).toEqual(['node-08', 'node-08', false]);
  });

  it('knows what is under way, and whose it is by now', () => {
    const { transfers, pass } = tell();
    const digest = digestOf(Buffer.from('kernel'));
    const artifact = { machine: 'node-07', address: '10.0.0.7', protocol: 'http', role: 'kernel', digest } as const;
    const ended = transfers.artifact(artifact, { size: 500, sent: () => 250 });
    const from = { ...LOADER, address: '10.0.0.8' };
    transfers.loader(from, WHOLE);
    pass(2_000);
    const [first, second] = [
      { ...artifact, id: 1, size: 500, bytes: 250, seconds: 2 },
      { ...from, machine: 'node-08', id: 2, size: 300, bytes: 100, seconds: 2 },
    ];
    expect(transfers.running.list(9)).toEqual([first, second]);
    expect(transfers.running.list(1)).toEqual([first]);
    expect(['node-07', 'node-08', 'node-09'].map((machine) => transfers.running.isTo(machine))).toEqual([
      true,
      true,
      false,
    ]);
    ended({ kind: 'sent', bytes: 500 });
    expect(transfers.running.list(9)).toEqual([second]);
  });

  it('tells in which blocks and windows TFTP has sent it', () => {
    const { transfers, events } = tell();
    const tftp = { blksize: 1_468, windowsize: 4, resends: 2, isConfirmed: false };
    transfers.loader(LOADER, WHOLE)({ kind: 'sent', bytes: 300, tftp });
    expect(events).toEqual([{ event: 'loader.sent', ...KNOWN, bytes: 300, seconds: 0, ...tftp }]);
  });

  it('tells of every file that is refused, and of every one that nobody answers, when it has looked whose card is there', async () => {
    const { transfers, events } = tell();
    for (const address of ['10.0.0.7', '10.0.0.8']) {
      transfers.refused({ ...LOADER, address, reason: 'none' });
      transfers.unanswered({ ...LOADER, address });
    }
    await settled();
    expect(events.map((event) => [event.event, 'machine' in event && event.machine])).toEqual([
      ...[
        ['file.refused', false],
        ['file.unanswered', false],
      ],
      ...[
        ['file.refused', 'node-08'],
        ['file.unanswered', 'node-08'],
      ],
    ]);
  });
});

describe('tellEnd', () => {
  it('tells how it ended, and throws what was thrown', async () => {
    const ends: unknown[] = [];
    const sent = () => 7;
    await tellEnd(
      (end) => ends.push(end),
      sent,
      async () => undefined,
    );
    const failing = tellEnd(
      (end) => ends.push(end),
      sent,
      async () => {
        throw new Error('gone');
      },
    );
    await expect(failing).rejects.toThrow('gone');
    expect(ends).toEqual([
      { kind: 'sent', bytes: 7 },
      { kind: 'aborted', bytes: 7, reason: 'gone' },
    ]);
  });
});
