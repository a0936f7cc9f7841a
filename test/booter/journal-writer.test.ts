import { expect, it } from 'vitest';
import { newBoot, withStep } from '../../src/boot/boot.js';
import type { BootChange } from '../../src/boot/ports.js';
import { JournalWriter } from '../../src/booter/journal-writer.js';
import { BOOT_STEPS } from '../fixtures/boot-steps.js';

const STEPS = [{ at: 1, event: BOOT_STEPS.script }];

function boot(id: string) {
  return STEPS.reduce(withStep, newBoot(id, 'node-01', 1));
}

/** A store whose writes end when they are told to. */
function writer(limits = {}) {
  const writes: { changes: readonly BootChange[]; end: (error?: Error) => void }[] = [];
  const lost: string[] = [];
  const made = new JournalWriter({
    boots: {
      saveBoots: (changes) =>
        new Promise((resolve, reject) => {
          writes.push({ changes, end: (error) => (error === undefined ? resolve() : reject(error)) });
        }),
    },
    lost: (steps, reason) => lost.push(`${steps}: ${reason}`),
    limits,
  });
  const written = (at: number) => writes[at]?.changes.map((change) => `${change.boot.id} ${change.steps.length}`);
  const begun = async (count: number) => expect.poll(() => writes.length).toBe(count);
  return { made, writes, lost, written, begun };
}

it('writes all that was told meanwhile at once, each boot once', async () => {
  const { made, writes, written, begun, lost } = writer();
  for (const id of ['a', 'b', 'a']) made.write(boot(id), STEPS);
  await begun(1);
  for (const id of ['a', 'c']) made.write(boot(id), STEPS);
  writes[0]?.end();
  await begun(2);
  writes[1]?.end();
  await made.settled();
  expect([written(0), written(1), lost]).toEqual([['a 2', 'b 1'], ['a 1', 'c 1'], []]);
});

it('writes no more at once than it may', async () => {
  const { made, writes, written, begun } = writer({ mostAtOnce: 2 });
  for (const id of ['a', 'b', 'c']) made.write(boot(id), STEPS);
  await begun(1);
  writes[0]?.end();
  await begun(2);
  writes[1]?.end();
  await made.settled();
  expect([written(0), written(1)]).toEqual([['a 1', 'b 1'], ['c 1']]);
});

it('tells what could not be written, and goes on', async () => {
  const { made, writes, begun, lost } = writer({ mostWaiting: 2 });
  for (const id of ['a', 'b', 'c']) made.write(boot(id), STEPS);
  await begun(1);
  writes[0]?.end();
  await made.settled();
  made.write(boot('d'), STEPS);
  await begun(2);
  writes[1]?.end(new Error('the disk is full'));
  await made.settled();
  expect(lost).toHaveLength(2);
  expect(lost[0]).toMatch(/^1: more was told/);
  expect(lost[1]).toMatch(/^1: .*the disk is full/);
  made.write(boot('e'), STEPS);
  await begun(3);
  writes[2]?.end();
  await made.settled();
});

it('is settled when all is written that was told before, however much is told meanwhile', async () => {
  const { made, writes, begun } = writer({ mostAtOnce: 2 });
  for (const id of ['a', 'b', 'c']) made.write(boot(id), STEPS);
  let settled = 0;
  const count = () => {
    settled += 1;
  };
  const first = made.settled().then(count);
  await begun(1);
  for (const id of ['a', 'd']) made.write(boot(id), STEPS);
  const second = made.settled().then(count);
  writes[0]?.end();
  await begun(2);
  expect(settled).toBe(0);
  for (const id of ['e', 'f']) made.write(boot(id), STEPS);
  writes[1]?.end();
  await begun(3);
  await first;
  expect(settled).toBe(1);
  writes[2]?.end(new Error('the disk is full'));
  await second;
  await begun(4);
  writes[3]?.end();
  await made.settled();
});
