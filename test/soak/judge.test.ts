import { describe, expect, it } from 'vitest';
import type { ToldBoot, ToldStep } from './api.js';
import { Book } from './book.js';
import { judge, judgeImage } from './judge.js';

const START = Date.parse('2026-01-31T12:00:00.000Z');
const at = (milliseconds: number) => new Date(START + milliseconds).toISOString();

/** A machine that has booted, and is done. */
function whole(): Book {
  const book = new Book({ machine: 'node-1', kind: 'uefi', group: 'live', number: 1 });
  Object.assign(book, { startedAt: START, endedAt: START + 5_000, end: 'whole', isDone: true, discovers: 2 });
  book.scripts.got = 1;
  book.documents.got = 1;
  book.gets.kernel.whole = 1;
  book.gets.initramfs.whole = 1;
  book.script = { at: START + 1_000, kernel: 'k1', initramfs: 'i1' };
  return book;
}

const STEPS: readonly ToldStep[] = [
  { at: at(10), event: 'dhcp.answered' },
  { at: at(1_000), event: 'script.sent' },
  { at: at(2_000), event: 'artifact.started', role: 'kernel' },
  { at: at(2_100), event: 'artifact.sent', role: 'kernel' },
  { at: at(3_000), event: 'artifact.started', role: 'initramfs' },
  { at: at(3_100), event: 'artifact.sent', role: 'initramfs' },
  { at: at(4_000), event: 'provision.sent' },
  { at: at(5_000), event: 'boot.done' },
];

const recordOf = (steps: readonly ToldStep[], more: Partial<ToldBoot> = {}): ToldBoot => ({
  ...{ id: 'a', machine: 'node-1', state: 'done', beganAt: at(10), lastAt: at(5_000) },
  ...{ steps: [...steps], stepCount: steps.length, ...more },
});
const judged = (records: readonly ToldBoot[], more: { book?: Book; isBlurred?: boolean } = {}) =>
  judge({ book: whole(), records, isBlurred: false, isDoneNews: true, ...more });

describe('a boot as its machine knows it', () => {
  it('is there once, with all its steps', () => {
    expect(judged([recordOf(STEPS)])).toEqual([]);
  });

  it('is not lost', () => {
    expect(judged([])).toContain('records: 0, not 1');
    expect(judged([], { isBlurred: true })).toEqual([]);
  });

  it('is not there twice', () => {
    expect(judged([recordOf(STEPS), recordOf([], { id: 'b', beganAt: at(4_000) })])).toContain('records: 2, not 1');
  });

  it('of before is another one', () => {
    expect(judged([recordOf([], { id: 'b', beganAt: at(-60_000) }), recordOf(STEPS)])).toEqual([]);
  });

  it.each(STEPS.slice(1))('lacks no $event $role', (left) => {
    expect(judged([recordOf(STEPS.filter((step) => step !== left))])).not.toEqual([]);
  });

  it.each(STEPS.slice(1))('has no $event $role twice, also about a kill', (doubled) => {
    const steps = STEPS.flatMap((step) => (step === doubled ? [step, step] : [step]));
    expect(judged([recordOf(steps)])).not.toEqual([]);
    expect(judged([recordOf(steps)], { isBlurred: true })).not.toEqual([]);
  });

  it('has its steps in order, and the state that they make', () => {
    expect(judged([recordOf(STEPS, { stepCount: 9 })])).toEqual(['8 steps of 9']);
    expect(judged([recordOf(STEPS, { state: 'started' })])).toEqual(['its state is started, not done']);
    const [first, second, ...others] = STEPS;
    const turned = [second, first, ...others].filter((step) => step !== undefined);
    expect(judged([recordOf(turned)])).toEqual(['steps in another order']);
  });
});

describe('what was handed out', () => {
  const by = new Map([['k1', { repository: 'os/live', version: 1, arch: 'amd64', initramfs: 'i1' }]]);

  it('is what is assigned, for that architecture, and of one image', () => {
    expect(judgeImage(whole(), { by, wanted: ['os/live'] })).toEqual([]);
    expect(judgeImage(whole(), { by, wanted: ['os/other'] })).toHaveLength(1);
    expect(judgeImage(whole(), { by: new Map(), wanted: ['os/live'] })).toEqual(['k1 was never pushed']);
    expect(judgeImage(Object.assign(whole(), { kind: 'uefi-arm64' }), { by, wanted: ['os/live'] })).toHaveLength(1);
    const mixed = Object.assign(whole(), { script: { at: START, kernel: 'k1', initramfs: 'i2' } });
    expect(judgeImage(mixed, { by, wanted: ['os/live'] })).toEqual(['the initramfs is not that of os/live 1 amd64']);
  });
});
