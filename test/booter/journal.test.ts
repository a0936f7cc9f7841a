import { describe, expect, it } from 'vitest';
import type { Boot, StepEvent } from '../../src/boot/boot.js';
import type { BootEvent } from '../../src/boot/event.js';
import type { Attempt, KeptBoots } from '../../src/boot/ports.js';
import { Journal } from '../../src/booter/journal.js';
import { BOOT_STEPS as STEP } from '../fixtures/boot-steps.js';

const MINUTE = 60_000;

function journal({
  last = [] as readonly Boot[],
  prune = async () => 7,
  isKnown = (machine: string): boolean => machine !== '',
} = {}) {
  const written = new Map<string, { boot: Boot; steps: StepEvent[] }>();
  const pruned: KeptBoots[] = [];
  const attempts: Attempt[] = [];
  let now = 0;
  let setBack = 0;
  let ids = 0;
  const made = new Journal({
    boots: {
      findBoot: async (id) => last.filter((boot) => boot.id === id).map((boot) => ({ boot, steps: [] }))[0],
      lastBoots: async (since) => last.filter(({ lastAt }) => lastAt >= since),
      pruneBoots: async (kept) => {
        pruned.push(kept);
        return prune();
      },
    },
    writer: {
      write: (boot, steps) => {
        const before = written.get(boot.id)?.steps ?? [];
        written.set(boot.id, { boot, steps: [...before, ...steps.map(({ event }) => event)] });
      },
      settled: async () => undefined,
    },
    clock: { now: () => 1_000_000 + now + setBack, ticks: () => now },
    newId: () => {
      ids += 1;
      return `b${ids}`;
    },
    attempted: (attempt) => void attempts.push(attempt),
    isKnown,
  });
  const tell = (...events: readonly BootEvent[]) => events.forEach(made.sink);
  const eventsOf = (id: string) => written.get(id)?.steps.map(({ event }) => event);
  const pass = (milliseconds: number) => {
    now += milliseconds;
  };
  const setClock = (by: number) => {
    setBack = by;
  };
  return { setClock, made, tell, written, eventsOf, pass, pruned, attempts };
}

const FROM_A_MACHINE = [STEP.discover, STEP.loader, STEP.script, STEP.kernelStarted, STEP.kernelSent] as const;

/** The same step of another machine. */
function of(machine: string, step: StepEvent): StepEvent {
  return { ...step, machine };
}

describe('Journal', () => {
  it('gathers the steps of a machine into one boot, and those of others into theirs', () => {
    const { tell, eventsOf, written, made } = journal();
    for (const step of FROM_A_MACHINE) tell(step, of('node-02', step));
    tell({ event: 'mapping.refused', reason: 'it is no YAML' });
    expect([...written.keys()]).toEqual(['b1', 'b2']);
    expect(eventsOf('b1')).toEqual(FROM_A_MACHINE.map(({ event }) => event));
    expect(written.get('b2')?.boot).toMatchObject({ machine: 'node-02', state: 'fetching', steps: 5 });
    expect(made.last('node-02')?.boot).toEqual(written.get('b2')?.boot);
  });

  it('has a boot for each time that a machine begins anew', () => {
    const { tell, pass, written } = journal();
    tell(...FROM_A_MACHINE, ...FROM_A_MACHINE);
    pass(2 * MINUTE);
    tell(STEP.discover, STEP.loader);
    pass(2 * MINUTE);
    tell(STEP.discover);
    expect([...written.values()].map(({ boot, steps }) => [boot.id, steps.length])).toEqual([
      ['b1', 5],
      ['b2', 5],
      ['b3', 2],
      ['b4', 1],
    ]);
  });

  it('goes by the time that has passed, whatever the clock is set to', () => {
    const { tell, pass, written, setClock } = journal();
    tell(STEP.discover);
    setClock(-60 * MINUTE);
    pass(MINUTE);
    tell(STEP.discover);
    setClock(60 * MINUTE);
    tell(STEP.discover);
    expect([...written.keys()]).toEqual(['b1']);
    setClock(0);
    pass(2 * MINUTE);
    tell(STEP.discover);
    expect([...written.keys()]).toEqual(['b1', 'b2']);
  });

  it('keeps a boot while something is on its way to the machine, however long that takes', () => {
    const { tell, pass, written } = journal();
    tell(STEP.script, STEP.kernelStarted);
    pass(60 * MINUTE);
    tell(STEP.script, STEP.kernelSent);
    expect([...written.keys()]).toEqual(['b1']);
  });

  it('adds the end of a transfer to the boot that it began in', () => {
    const { tell, eventsOf, made } = journal();
    tell(STEP.script, STEP.rootStarted, STEP.kernelStarted, STEP.kernelSent, STEP.discover, STEP.loader, STEP.rootSent);
    expect(eventsOf('b1')?.at(-1)).toBe('artifact.sent');
    expect(eventsOf('b2')).toEqual(['dhcp.answered', 'loader.sent']);
    expect(made.last('node-01')?.boot.id).toBe('b2');
  });

  it.each([
    ['a DISCOVER', STEP.discover],
    ['one that is not answered', STEP.unanswered],
    ['a refusal', STEP.refused],
  ])('has what a machine fetches in its boot, though somebody sent %s in its name meanwhile', (_name, forged) => {
    const { tell, eventsOf, pass, made } = journal();
    tell(...FROM_A_MACHINE, forged, STEP.initramfsStarted, STEP.initramfsSent);
    expect(eventsOf('b1')).toEqual(
      [...FROM_A_MACHINE, STEP.initramfsStarted, STEP.initramfsSent].map(({ event }) => event),
    );
    expect(eventsOf('b2')).toEqual([forged.event]);
    pass(2 * MINUTE);
    // That boot is over.
    tell(STEP.rootStarted);
    expect([eventsOf('b1')?.length, made.last('node-01')?.boot.id]).toEqual([7, 'b2']);
  });

  it('marks the boots of machines that no entry names', () => {
    const { tell, written } = journal({ isKnown: (machine) => machine === 'node-01' });
    tell(STEP.script, of('52:54:00:00:00:01', STEP.script));
    expect([...written.values()].map(({ boot }) => boot.isStranger)).toEqual([undefined, true]);
  });

  it('goes on with the boots of before a restart', async () => {
    const before = journal();
    before.tell(...FROM_A_MACHINE.slice(0, 3));
    const last = [...before.written.values()].map(({ boot }) => boot);
    const { made, tell, eventsOf } = journal({ last });
    await made.restore();
    tell(STEP.kernelStarted);
    expect(eventsOf('b1')).toEqual(['artifact.started']);
    expect(made.last('node-01')?.boot.steps).toBe(4);
  });

  it('writes few of a flood that comes no farther than DHCP, and all of those that do', () => {
    const { tell, written, eventsOf, pass } = journal();
    for (let number = 0; number < 50_000; number += 1) tell(of(`forged-${number}`, STEP.discover));
    expect(written.size).toBe(600);
    tell(...FROM_A_MACHINE);
    expect(eventsOf('b50001')).toEqual(FROM_A_MACHINE.map(({ event }) => event));
    pass(MINUTE);
    tell(of('forged', STEP.discover));
    expect(written.size).toBe(602);
  });

  it('does not let a flood of DISCOVERs take a boot away that has come farther', () => {
    const { tell, eventsOf } = journal();
    tell(STEP.script);
    for (let number = 0; number < 50_000; number += 1) tell(of(`forged-${number}`, STEP.discover));
    tell(STEP.kernelStarted);
    expect(eventsOf('b1')).toEqual(['script.sent', 'artifact.started']);
  });

  it('writes few of a flood of machines that are refused, which takes no boot away that has come farther', () => {
    const { tell, written, eventsOf } = journal();
    tell(STEP.script);
    for (let number = 0; number < 50_000; number += 1) tell(of(`stranger-${number}`, STEP.refused));
    expect(written.size).toBe(601);
    tell(STEP.kernelStarted, STEP.refused);
    expect(eventsOf('b1')).toEqual(['script.sent', 'artifact.started', 'script.refused']);
  });

  it('writes few steps of few machines that come no farther', () => {
    const { tell, written, pass } = journal();
    const ask = () => {
      for (let number = 0; number < 5_000; number += 1) tell(of(`forged-${number % 50}`, STEP.discover));
    };
    ask();
    const steps = () => [...written.values()].reduce((sum, boot) => sum + boot.steps.length, 0);
    expect(steps()).toBe(600);
    pass(MINUTE);
    tell(of('forged-0', STEP.discover));
    expect(steps()).toBe(610);
  });

  it('keeps the last steps of a boot that was not written, under their numbers', () => {
    const { tell, written } = journal();
    for (let number = 0; number < 600; number += 1) tell(of(`forged-${number}`, STEP.discover));
    for (let times = 0; times < 12; times += 1) tell(STEP.discover);
    tell(STEP.loader);
    const { boot, steps } = written.get('b601') ?? {};
    expect([boot?.steps, steps?.length, steps?.at(-1)?.event]).toEqual([13, 10, 'loader.sent']);
  });

  it('has a transfer that was sent in the boot that began it last, and one that broke off in the oldest', () => {
    const { tell, made, eventsOf } = journal();
    tell(...FROM_A_MACHINE, STEP.initramfsStarted);
    // It is reset, which the server is not told of at once.
    tell(...FROM_A_MACHINE, STEP.initramfsStarted, STEP.initramfsSent, STEP.initramfsAborted);
    expect(made.last('node-01')?.boot).toMatchObject({ id: 'b2', state: 'started' });
    expect(['b1', 'b2'].map((id) => eventsOf(id)?.at(-1))).toEqual(['artifact.aborted', 'artifact.sent']);
  });

  it('tells whoever listens of each step, with its boot after it, until they have heard enough', () => {
    const { tell, made } = journal();
    const heard: unknown[] = [];
    const stop = made.listen(({ at, event, boot }) => heard.push([at, event.event, boot?.id, boot?.state]));
    tell(STEP.initramfsAborted, STEP.script, STEP.kernelStarted, { event: 'mapping.refused', reason: 'it is no YAML' });
    tell(...FROM_A_MACHINE.slice(4), STEP.script, STEP.initramfsStarted);
    stop();
    tell(STEP.kernelStarted);
    expect(heard).toEqual([
      [1_000_000, 'artifact.aborted', undefined, undefined],
      [1_000_000, 'script.sent', 'b1', 'planned'],
      [1_000_000, 'artifact.started', 'b1', 'fetching'],
      [1_000_000, 'artifact.sent', 'b1', 'fetching'],
      [1_000_000, 'script.sent', 'b2', 'planned'],
      [1_000_000, 'artifact.started', 'b2', 'fetching'],
    ]);
  });

  it('has no more than so many steps of a machine in a circle', () => {
    const { tell, written } = journal();
    for (let times = 0; times < 5_000; times += 1) tell(STEP.waiting);
    expect([written.get('b1')?.steps.length, written.get('b1')?.boot.state]).toEqual([500, 'waiting']);
    tell(STEP.script, STEP.kernelStarted);
    const { boot, steps } = written.get('b1') ?? {};
    expect([steps?.length, boot?.steps, boot?.state, boot?.assignment]).toEqual([500, 500, 'fetching', 'all']);
  });

  it('forgets those that are too many when many have begun, and lives with a store that cannot', async () => {
    const { tell, pruned } = journal({ prune: async () => Promise.reject(new Error('the disk is full')) });
    const begin = (times: number) => {
      for (let number = 0; number < times; number += 1) tell(of(`node-${pruned.length}-${number}`, STEP.waiting));
    };
    begin(9_999);
    expect(pruned).toHaveLength(0);
    tell(STEP.script, STEP.kernelStarted);
    expect(pruned).toHaveLength(1);
    begin(10_000);
    expect(pruned).toHaveLength(2);
  });

  it('forgets what is older than a month', async () => {
    const { made, pruned } = journal();
    expect(await made.prune()).toBe(7);
    const since = 1_000_000 - 30 * 24 * 60 * MINUTE;
    expect(pruned).toEqual([{ since, most: 100_000, mostDoubtful: 10_000, mostStrangers: 50_000 }]);
  });
});

describe('Journal.open', () => {
  it('is the boot of who asks for a script: the one that it is in, else a new one, which its steps go on', () => {
    const { made, tell, eventsOf, pass } = journal();
    expect(made.open('node-01')).toMatchObject({ id: 'b1', steps: 0 });
    tell(STEP.script);
    expect(eventsOf('b1')).toEqual(['script.sent']);
    expect(made.open('node-01').id).toBe('b1');
    pass(3 * MINUTE);
    expect(made.open('node-01').id).toBe('b2');
  });

  it('is a new one after the kernel was sent', () => {
    const { made, tell } = journal();
    tell(STEP.script, STEP.kernelStarted, STEP.kernelSent);
    expect(made.open('node-01').id).toBe('b2');
  });
});

describe('attempts', () => {
  it('are boots in which the machine itself fetched what it starts, each once', () => {
    const { tell, attempts } = journal();
    tell(STEP.script, STEP.kernelStarted);
    expect(attempts).toEqual([]);
    const shown = { ...STEP.kernelStarted, isShown: true } as const;
    tell(shown, shown);
    expect(attempts).toEqual([{ machine: 'node-01', boot: 'b1', at: 1_000_000 }]);
  });
});

describe('what is reported of a boot', () => {
  const done = (boot: string) => ({ event: 'boot.done', machine: 'node-01', boot, by: 'report' }) as const;

  it('belongs to that one, however late', () => {
    const { tell, written, pass } = journal();
    tell(STEP.script, STEP.kernelStarted, STEP.kernelSent);
    pass(60 * MINUTE);
    tell(done('b1'));
    expect(written.get('b1')?.boot.state).toBe('done');
  });

  it('belongs to it also after a restart, and beside a later one', async () => {
    const old: Boot = { id: 'old', machine: 'node-01', beganAt: 1, lastAt: 2, state: 'started', steps: 3 };
    const { made, tell, written, eventsOf } = journal({ last: [old] });
    expect(await made.recall('node-01', 'none')).toBe(false);
    expect(await made.recall('node-02', 'old')).toBe(false);
    tell(STEP.script);
    expect(await made.recall('node-01', 'old')).toBe(true);
    tell(done('old'));
    expect(written.get('old')?.boot).toMatchObject({ state: 'done', steps: 4 });
    expect(eventsOf('b1')).toEqual(['script.sent']);
  });
});
