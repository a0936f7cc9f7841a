import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ToldBoot, ToldEvent, ToldTransfer } from '../../src/cli/told.js';
import { MOODS, WatchedMachines } from '../../src/cli/watched-machines.js';

const START = Date.parse('2026-01-01T00:00:00.000Z');
const MINUTE = 60;

/** So many seconds after the start. */
function at(seconds: number): string {
  return new Date(START + seconds * 1_000).toISOString();
}

function boot(machine: string, state: string, more: Partial<ToldBoot> = {}): ToldBoot {
  return { id: `${machine}-1`, machine, state, beganAt: at(0), lastAt: at(0), ...more };
}

function step(machine: string, event: string, seconds: number, more: Partial<ToldEvent> = {}): ToldEvent {
  const told = { event, machine, at: at(seconds), text: `${machine} does something` };
  return { ...told, boot: `${machine}-1`, beganAt: at(0), ...more };
}

function transfer(id: number, machine: string, bytes: number, more: Partial<ToldTransfer> = {}): ToldTransfer {
  return { id, machine, role: 'kernel', size: 1_000, bytes, seconds: 1, ...more };
}

/** What it shows after so many seconds. */
function shown(machines: WatchedMachines, seconds: number) {
  return machines.list(START + seconds * 1_000).map(({ name, mood, step: words }) => [name, mood, words]);
}

describe('WatchedMachines', () => {
  it.each<[string, Partial<ToldBoot>, string]>([
    ['unanswered', {}, 'was told nothing by DHCP'],
    ['unanswered', { reason: 'no assignment' }, 'no assignment'],
    ['offered', {}, 'was told by DHCP what to load'],
    ['loading', {}, 'has a boot loader'],
    ['waiting', { image: 'os:1' }, 'waits for os:1'],
    ['planned', { image: 'os:1' }, 'was told to start os:1'],
    ['fetching', {}, 'fetches its image'],
    ['started', { image: 'os:1' }, 'has all of os:1 that it starts'],
    ['refused', { image: 'os:1', reason: 'no UKI' }, 'no UKI'],
    ['unheard-of', {}, 'unheard-of'],
  ])('says in words what a boot is about that is %s: %j', (state, more, words) => {
    const machines = new WatchedMachines();
    machines.boots([boot('a', state, more)]);
    expect(shown(machines, 1)).toEqual([['a', expect.any(String), words]]);
  });

  it.each<[ToldEvent, string]>([
    [step('a', 'script.sent', 1, { text: 'a gets the script' }), 'gets the script'],
    [step('a', 'dhcp.answered', 1, { text: 'a, x64 UEFI, asks: long', answer: 'ipxe.efi' }), 'told to load ipxe.efi'],
    [step('a', 'dhcp.unanswered', 1, { text: 'a, x64 UEFI, asks', reason: 'unknown' }), 'unknown'],
    [step('a', 'script.refused', 1, { text: 'a is not booted: x', reason: 'x' }), 'x'],
    [step('a', 'boot.judged', 1, { text: 'a, at last: judged' }), 'at last: judged'],
    [step('a', 'boot.judged', 1, { text: 'the judge of a speaks' }), 'the judge of a speaks'],
  ])('shows a step in short, and one that it does not know as it was told: %j', (event, words) => {
    const machines = new WatchedMachines();
    machines.step(event);
    expect(shown(machines, 1)).toEqual([['a', expect.any(String), words]]);
  });

  it('has those first that want to be looked at', () => {
    const machines = new WatchedMachines();
    machines.boots([
      boot('a', 'started'),
      boot('b', 'unanswered'),
      boot('c', 'planned', { beganAt: at(-300), lastAt: at(-290) }),
      boot('d', 'planned'),
      boot('e', 'planned', { beganAt: at(-10), lastAt: at(0) }),
      boot('f', 'refused'),
      boot('g', 'held'),
      boot('h', 'fetching'),
      boot('i', 'fetching'),
    ]);
    machines.step(step('i', 'artifact.aborted', 1, { state: 'fetching' }));
    for (const seconds of [1, 4])
      machines.transfers({ at: at(seconds), transfers: [transfer(1, 'h', 10), transfer(2, 'a', seconds)] });
    expect(machines.list(START + 10_000).map(({ name, mood }) => [name, mood])).toEqual([
      ...[
        ['f', 'trouble'],
        ['g', 'trouble'],
        ['i', 'trouble'],
        ['h', 'stalled'],
      ],
      ...[
        ['a', 'active'],
        ['d', 'active'],
        ['e', 'active'],
        ['c', 'silent'],
        ['b', 'unanswered'],
      ],
    ]);
  });

  it('forgets those that have what they start after a minute, and the others later', () => {
    const machines = new WatchedMachines();
    machines.boots([boot('a', 'started'), boot('b', 'refused'), boot('c', 'planned'), boot('d', 'unanswered')]);
    const names = (seconds: number) => machines.list(START + seconds * 1_000).map(({ name }) => name);
    expect(names(MINUTE)).toEqual(['b', 'c', 'd', 'a']);
    expect(names(MINUTE + 1)).toEqual(['b', 'c']);
    expect(names(15 * MINUTE)).toEqual(['b', 'c']);
    expect(names(15 * MINUTE + 1)).toEqual([]);
    // They are gone, whatever the clock says.
    expect(names(0)).toEqual([]);
  });

  it('takes the newer of what it was told and what it asked for', () => {
    const machines = new WatchedMachines();
    machines.step(step('a', 'script.sent', 5, { state: 'planned', text: 'a gets the script' }));
    machines.boots([
      boot('a', 'offered', { lastAt: at(4) }),
      boot('a', 'started', { beganAt: at(-60), lastAt: at(9) }),
    ]);
    expect(shown(machines, 6)).toEqual([['a', 'active', 'gets the script']]);
    machines.boots([boot('a', 'fetching', { lastAt: at(6) })]);
    // As it was before it was asked for.
    machines.step(step('a', 'script.sent', 5, { state: 'planned' }));
    expect(shown(machines, 6)).toEqual([['a', 'active', 'fetches its image']]);
  });

  it('begins anew with a boot, and lets the one before be', () => {
    const machines = new WatchedMachines();
    machines.boots([boot('a', 'started')]);
    machines.step(step('a', 'dhcp.answered', 9, { boot: 'a-2', beganAt: at(9), state: 'offered', answer: 'x' }));
    machines.step(step('a', 'artifact.aborted', 10, { state: 'started' }));
    const [first] = machines.list(START + 12_000);
    expect(first).toMatchObject({ state: 'offered', seconds: 3, step: 'told to load x' });
  });

  it('shows a step of no boot, and the machine of none', () => {
    const machines = new WatchedMachines();
    machines.step({ event: 'machine.enrolled', machine: 'a', at: at(1), text: 'a is new here' });
    expect(machines.list(START + 1_000)).toMatchObject([{ name: 'a', state: '', step: 'is new here', seconds: 0 }]);
  });

  it('knows how fast transfers are, until they end', () => {
    const machines = new WatchedMachines();
    machines.boots([boot('a', 'fetching')]);
    const transfers = () => machines.list(START + 9_000)[0]?.transfers;
    machines.transfers({ at: at(1), transfers: [transfer(1, 'a', 100)] });
    expect(transfers()).toEqual([{ ...transfer(1, 'a', 100), isStalled: false }]);
    machines.transfers({ at: at(3), transfers: [transfer(1, 'a', 300), transfer(2, 'a', 0, { role: 'initramfs' })] });
    expect(transfers()).toMatchObject([{ id: 1, rate: 100 }, { id: 2 }]);
    machines.step(step('a', 'artifact.sent', 4, { role: 'kernel', state: 'fetching' }));
    expect(transfers()).toMatchObject([{ id: 2 }]);
    machines.transfers({ at: at(5), transfers: [] });
    expect(transfers()).toEqual([]);
    machines.transfers({ at: at(6), transfers: [transfer(3, 'a', 100)] });
    machines.lost();
    expect(transfers()).toEqual([]);
  });

  it('takes a transfer of which nothing comes for one that stands still, and a disc that nobody reads for none', () => {
    const machines = new WatchedMachines();
    machines.boots([boot('a', 'fetching'), boot('b', 'fetching')]);
    const transfers = [transfer(1, 'a', 100), transfer(2, 'b', 100, { role: 'iso', isDisc: true })];
    for (const second of [1, 5]) machines.transfers({ at: at(second), transfers });
    const listed = machines
      .list(START + 5_000)
      .map(({ name, mood, transfers: its }) => [name, mood, its[0]?.isStalled]);
    expect(listed).toEqual([
      ['a', 'stalled', true],
      ['b', 'active', false],
    ]);
  });

  it('shows a machine that has all as long as its system loads more', () => {
    const machines = new WatchedMachines();
    machines.boots([boot('a', 'started')]);
    machines.transfers({ at: at(600), transfers: [transfer(1, 'a', 1)] });
    expect(shown(machines, 600)).toMatchObject([['a', 'active', expect.any(String)]]);
  });

  it('is not confused by anything that a server may tell', () => {
    const text = fc.oneof(fc.constantFrom('a', 'b', 'refused', at(1), at(2)), fc.string());
    const event = fc.record(
      { event: text, machine: text, at: text, text, boot: text, beganAt: text, state: text, role: text },
      { requiredKeys: ['event', 'machine', 'at', 'text'] },
    );
    fc.assert(
      fc.property(fc.array(event), (events) => {
        const machines = new WatchedMachines();
        for (const one of events) machines.step(one);
        const listed = machines.list(START + 2_000);
        expect(listed.length).toBeLessThanOrEqual(new Set(events.map(({ machine }) => machine)).size);
        const ranks = listed.map(({ mood }) => MOODS.indexOf(mood));
        expect(ranks).toEqual(ranks.toSorted((one, other) => one - other));
      }),
    );
  });

  it('remembers no more than so many', () => {
    const machines = new WatchedMachines();
    const boots = Array.from({ length: 10_500 }, (_, number) =>
      boot(`m${number}`, number < 100 ? 'started' : 'planned'),
    );
    machines.boots([...boots, boot('x', 'refused')]);
    const listed = machines.list(START);
    expect([listed.length, listed[0]?.name, listed.at(-1)?.state]).toEqual([10_000, 'x', 'planned']);
    expect(machines.list(START)).toHaveLength(10_000);
  });
});
