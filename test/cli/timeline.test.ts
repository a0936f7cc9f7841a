import { describe, expect, it } from 'vitest';
import { Timeline } from '../../src/cli/timeline.js';
import type { ToldEvent, ToldSteps } from '../../src/cli/told.js';

const [BEGAN, LATER, AGAIN] = ['2026-01-01T00:00:00.000Z', '2026-01-01T00:00:01.500Z', '2026-01-01T00:10:00.000Z'];
const FIRST = { at: BEGAN, text: 'node-01 gets the script' };
const SECOND = { at: LATER, text: 'node-01 fetches the kernel' };
const BOOT: ToldSteps = {
  ...{ id: 'ab12', machine: 'node-01', state: 'fetching', beganAt: BEGAN, lastAt: LATER, assignment: 'workers' },
  steps: [FIRST],
};

function step(told: Pick<ToldEvent, 'at' | 'text'>, more: Partial<ToldEvent> = {}): ToldEvent {
  const event = { event: 'script.sent', machine: 'node-01', boot: 'ab12', beganAt: BEGAN, state: 'fetching' };
  return { ...event, ...told, ...more };
}

function texts(lines: readonly { readonly text: string }[]): string[] {
  return lines.map(({ text }) => text);
}

describe('Timeline', () => {
  it('has each step once, with the time since the boot began, whether it was asked for or streamed', () => {
    const timeline = new Timeline();
    expect(timeline.boot(BOOT)).toEqual([
      { text: 'node-01: boot ab12, fetching, assignment workers', style: 'bold' },
      { text: `${BEGAN}    +0.00 s  node-01 gets the script`, style: 'plain' },
    ]);
    expect(timeline.step(step(FIRST))).toEqual([]);
    expect(texts(timeline.step(step(SECOND)))).toEqual([`${LATER}    +1.50 s  node-01 fetches the kernel`]);
    // The server was gone, and is asked again.
    const third = { at: LATER, text: 'node-01 has the kernel' };
    expect(texts(timeline.boot({ ...BOOT, steps: [FIRST, SECOND, third] }))).toEqual([
      `${LATER}    +1.50 s  node-01 has the kernel`,
    ]);
  });

  it('begins a boot with a heading, and says which steps are of the one before', () => {
    const timeline = new Timeline();
    timeline.boot(BOOT);
    const anew = step({ at: AGAIN, text: 'asks' }, { boot: 'cd34', beganAt: AGAIN, state: 'offered' });
    expect(texts(timeline.step(anew))).toEqual(['', 'node-01: boot cd34, offered', `${AGAIN}    +0.00 s  asks`]);
    expect(texts(timeline.step(step({ at: AGAIN, text: 'is cut' })))).toEqual([
      `${AGAIN}  +10 min 00 s  of the boot before: is cut`,
    ]);
  });

  it('shows a step of no boot without a time since', () => {
    const { boot: _boot, beganAt: _beganAt, ...alone } = { ...step(FIRST) };
    expect(texts(new Timeline().step(alone))).toEqual([`${BEGAN}             node-01 gets the script`]);
  });

  it('prints nothing that could drive a terminal', () => {
    const [heading, line] = texts(
      new Timeline().step(step({ at: BEGAN, text: 'odd\x1b[2J\nsecond' }, { state: '\x1b[1m' })),
    );
    expect([heading, line]).toEqual(['node-01: boot ab12, ?[1m', `${BEGAN}    +0.00 s  odd?[2J second`]);
  });
});
