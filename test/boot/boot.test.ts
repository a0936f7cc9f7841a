import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BOOT_STATES, type Boot, belongingOf, newBoot, type StepEvent, stepIn, withStep } from '../../src/boot/boot.js';
import type { SliceKind } from '../../src/boot/started-part.js';
import { digestOf } from '../../src/oci/digest.js';
import { BOOT_STEPS as STEP } from '../fixtures/boot-steps.js';

const LATE = 120_000;

/** The machine itself asks. */
const shown = <Step extends StepEvent>(step: Step) => ({ ...step, isShown: true }) as const;
const SHOWN = shown(STEP.kernelStarted);

type ArtifactStep = Extract<StepEvent, { event: 'artifact.started' | 'artifact.sent' }>;

function boot(...events: readonly StepEvent[]): Boot {
  return events.reduce((before, event, at) => withStep(before, { at, event }), newBoot('b1', 'node-01', 0));
}

describe('belongingOf', () => {
  it.each([
    ['a DISCOVER of firmware', STEP.discover, 'begins'],
    ['a DISCOVER that is not answered', STEP.unanswered, 'begins'],
    ['a script', STEP.script, 'begins'],
    ['a script that waits', STEP.waiting, 'begins'],
    ['a script that says why not', STEP.refused, 'begins'],
    ['a UKI', STEP.uki, 'begins'],
    ['iPXE in its place', STEP.replaced, 'begins'],
    ['no UKI, but its disk', STEP.localDisk, 'begins'],
    ['a DISCOVER of iPXE', STEP.ipxeDiscover, 'alone'],
    ['what comes to the boot server', STEP.acknowledged, 'alone'],
    ['a loader', STEP.loader, 'alone'],
    ['a kernel', STEP.kernelStarted, 'alone'],
  ] as const)('takes %s of a machine without a boot for what %s', (_, step, expected) => {
    expect(belongingOf(step, undefined)).toBe(expected);
  });

  it('keeps all steps in a boot that goes on, however often they are repeated', () => {
    for (const step of Object.values(STEP)) {
      const last = {
        boot: boot(STEP.discover, STEP.loader, STEP.script, STEP.kernelStarted),
        running: 1,
        silence: 100_000,
      };
      expect(belongingOf(step, last)).toBe('goes-on');
    }
  });

  it('begins a new one after two minutes of silence, but not while something is on its way', () => {
    const last = boot(STEP.discover, STEP.loader);
    const belonging = (running: number, silence: number) =>
      belongingOf(STEP.discover, { boot: last, running, silence });
    expect([belonging(0, LATE - 1), belonging(0, LATE), belonging(1, LATE)]).toEqual(['goes-on', 'begins', 'goes-on']);
  });

  it('begins a new one when the machine asks anew after it got its kernel', () => {
    const started = { boot: boot(STEP.script, STEP.kernelStarted, STEP.kernelSent), running: 0, silence: 10 };
    expect([STEP.discover, STEP.script].map((step) => belongingOf(step, started))).toEqual(['begins', 'begins']);
    expect(
      [STEP.initramfsSent, STEP.rootStarted].map((step) => belongingOf(step, { ...started, silence: 9 * LATE })),
    ).toEqual(['goes-on', 'goes-on']);
  });

  it('begins a new one when firmware asks again after it was refused, and not when iPXE does', () => {
    const refused = { boot: boot(STEP.discover, STEP.refused), running: 0, silence: 10 };
    const steps = [STEP.discover, STEP.unanswered, STEP.refused, STEP.script];
    expect(steps.map((step) => belongingOf(step, refused))).toEqual(['begins', 'begins', 'goes-on', 'goes-on']);
  });

  it('does not begin a new one when firmware asks again for the UKI that it got', () => {
    const got = { boot: boot(STEP.uki, STEP.ukiStarted, STEP.ukiSent), running: 0, silence: 10 };
    const other = { ...STEP.uki, plan: digestOf(Buffer.from('another')) };
    expect(belongingOf(STEP.uki, got)).toBe('goes-on');
    expect(belongingOf(other, got)).toBe('begins');
    expect(belongingOf(STEP.uki, { ...got, silence: LATE })).toBe('begins');
  });

  it('leaves alone what comes long after a boot that got nowhere', () => {
    expect(belongingOf(STEP.loader, { boot: boot(STEP.discover), running: 0, silence: 9 * LATE })).toBe('alone');
  });
});

describe('withStep', () => {
  it('tells how far a boot has come', () => {
    const steps = [
      STEP.discover,
      STEP.loader,
      STEP.waiting,
      STEP.script,
      SHOWN,
      shown(STEP.kernelSent),
      shown(STEP.initramfsStarted),
      shown(STEP.initramfsSent),
      STEP.rootStarted,
    ];
    const states = steps.map((_, index) => boot(...steps.slice(0, index + 1)).state);
    expect(states).toEqual([
      ...['offered', 'loading', 'waiting', 'planned', 'fetching', 'fetching', 'fetching', 'started', 'started'],
    ]);
    expect(boot(...steps)).toEqual({
      ...{ id: 'b1', machine: 'node-01', beganAt: 0, lastAt: 8, state: 'started', steps: 9 },
      ...{ assignment: 'all', image: STEP.script.image, plan: STEP.script.plan, attemptedAt: 4, startSentAt: 5 },
    });
  });

  it('tells that nothing was told, until something is', () => {
    const states = [[STEP.unanswered], [STEP.unanswered, STEP.discover], [STEP.discover, STEP.unanswered]];
    expect(states.map((steps) => boot(...steps).state)).toEqual(['unanswered', 'offered', 'offered']);
  });

  it('says why it is refused, or told nothing, for as long as it is', () => {
    const reasons = [
      [STEP.unanswered],
      [STEP.unanswered, STEP.loader],
      [STEP.script, STEP.refused],
      [STEP.script, STEP.refused, STEP.initramfsAborted],
      [STEP.refused, { ...STEP.refused, reason: 'another' }],
      [STEP.refused, STEP.script],
    ].map((steps) => boot(...steps).reason);
    const { reason } = STEP.refused;
    expect(reasons).toEqual(['no assignment', undefined, reason, reason, 'another', undefined]);
  });

  it('is one of its local disk where firmware is given no UKI for that', () => {
    expect(boot(STEP.localDisk)).toMatchObject({ state: 'local', assignment: 'all', reason: 'boot: local' });
  });

  it('counts the first time only that a kernel is asked for', () => {
    const again = boot(STEP.script, SHOWN, STEP.kernelAborted, STEP.kernelStarted, shown(STEP.kernelSent));
    expect([again.attemptedAt, again.startSentAt]).toEqual([1, 4]);
    expect(boot(STEP.script, STEP.initramfsStarted).attemptedAt).toBeUndefined();
    // Nor where it is not shown who asks.
    expect(boot(STEP.script, STEP.kernelStarted).attemptedAt).toBeUndefined();
  });

  it('takes a part of a kernel for no kernel', () => {
    const part = { ...STEP.kernelSent, range: '0-99' };
    expect(boot(STEP.script, STEP.kernelStarted, part).startSentAt).toBeUndefined();
  });

  it('takes the rest of what broke off for all of it', () => {
    const rest = { range: '7-99', isRest: true } as const;
    const steps = [STEP.script, STEP.kernelStarted, STEP.kernelAborted, STEP.kernelStarted];
    expect(boot(...steps, { ...STEP.kernelSent, ...rest }).startSentAt).toBe(4);
    expect(boot(...steps, STEP.kernelSent, { ...STEP.initramfsSent, ...rest }).state).toBe('started');
  });

  it('takes an ISO that is read as a disc for an attempt, and never for all of it', () => {
    const disc = { role: 'iso', isDisc: true, isShown: true } as const;
    const read = boot(STEP.script, { ...STEP.kernelStarted, ...disc }, { ...STEP.kernelSent, ...disc, reads: 7 });
    expect(read).toMatchObject({ state: 'fetching', attemptedAt: 1, startSentAt: 1 });
    const unshown = boot(STEP.script, { ...STEP.kernelStarted, role: 'iso', isDisc: true }, SHOWN);
    expect([unshown.attemptedAt, unshown.startSentAt]).toEqual([2, undefined]);
  });

  it('counts a slice by what it is, and not by its role', () => {
    const sliced = (slice: SliceKind, ...steps: readonly ArtifactStep[]) => steps.map((step) => ({ ...step, slice }));
    const kernel = sliced('earlier', SHOWN, shown(STEP.kernelSent));
    const microcode = sliced('earlier', shown(STEP.initramfsStarted), shown(STEP.initramfsSent));
    const initramfs = sliced('last', shown(STEP.initramfsStarted), shown(STEP.initramfsSent));
    const states = [kernel, [...kernel, ...microcode], [...kernel, ...microcode, ...initramfs]].map(
      (steps) => boot(STEP.script, ...steps).state,
    );
    expect(states).toEqual(['fetching', 'fetching', 'started']);
    const alone = boot(STEP.script, ...sliced('last', SHOWN, shown(STEP.kernelSent)));
    expect(alone).toMatchObject({ state: 'started', attemptedAt: 1, startSentAt: 2 });
  });

  it('goes by no slice that the system fetches by itself', () => {
    const root = { role: 'squashfs', slice: 'later' } as const;
    const up = [STEP.script, STEP.kernelStarted, STEP.kernelSent, STEP.initramfsSent];
    const steps = [
      { ...STEP.kernelStarted, ...root },
      { ...STEP.kernelSent, ...root },
    ];
    expect([boot(...up).state, boot(...up, ...steps).state]).toEqual(['started', 'started']);
    expect(boot(STEP.script, ...steps)).toMatchObject({ state: 'fetching' });
    expect(boot(STEP.script, ...steps).startSentAt).toBeUndefined();
  });

  it('counts nothing of a slice that no plan names', () => {
    const steps = [SHOWN, shown(STEP.kernelSent), shown(STEP.ukiStarted), shown(STEP.ukiSent)] as const;
    const madeUp = steps.map((step) => ({ ...step, slice: 'unplanned', range: '1-99', isRest: true }) as const);
    const { lastAt, steps: count, ...rest } = boot(STEP.script, ...madeUp);
    expect([lastAt, count]).toEqual([4, 5]);
    const { lastAt: _at, steps: _one, ...before } = boot(STEP.script);
    expect(rest).toEqual(before);
  });

  it('does not count what somebody else is sent in the name of the machine', () => {
    const others = [STEP.kernelStarted, STEP.kernelSent, STEP.initramfsSent];
    expect(boot(STEP.script, ...others, SHOWN)).toMatchObject({ attemptedAt: 4 });
    expect(boot(STEP.script, ...others, SHOWN).startSentAt).toBeUndefined();
    expect(boot(STEP.script, SHOWN, ...others)).toMatchObject({ state: 'fetching', attemptedAt: 1 });
    expect(boot(STEP.script, SHOWN, ...others).startSentAt).toBeUndefined();
  });

  it('is a boot of some state whatever comes, and never goes back in time', () => {
    const anySteps = fc.array(fc.constantFrom(...Object.values(STEP)), { maxLength: 30 });
    fc.assert(
      fc.property(anySteps, (steps) => {
        const { state, steps: count, attemptedAt = 0, startSentAt = attemptedAt, lastAt } = boot(...steps);
        expect(BOOT_STATES).toContain(state);
        expect([count, lastAt]).toEqual([steps.length, Math.max(0, steps.length - 1)]);
        expect(startSentAt).toBeLessThanOrEqual(lastAt);
      }),
    );
  });
});

it('knows a step of a machine from what is told of images, and of nobody', () => {
  expect(stepIn(STEP.loader)).toBe(STEP.loader);
  const { machine, ...nobodys } = STEP.loader;
  expect([machine, stepIn(nobodys)]).toEqual(['node-01', undefined]);
  expect(stepIn({ event: 'mapping.refused', reason: 'it is no YAML' })).toBeUndefined();
});
