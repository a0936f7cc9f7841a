import { describe, expect, it } from 'vitest';
import { asAnother, isOwn, leftUnder } from '../../src/boot/divided-standing.js';

const DONE = { at: 5, by: 'report', boot: 'b' } as const;
const kept = {
  id: 'k',
  keys: ['name a', 'mac 1', 'mac 2'],
  also: ['uuid 1'],
  standing: { machine: 'a', done: DONE, reprovision: { at: 9, wishedAt: 8 }, releasedAt: 7 },
};

describe('isOwn', () => {
  const known = () => true;
  const unknown = () => false;

  it.each<[string, Parameters<typeof isOwn>, boolean]>([
    ['its own name', [kept, ['name a', 'mac 3'], known], true],
    ['no name', [{ keys: ['mac 1', 'mac 2'] }, ['name a', 'mac 1'], known], true],
    ['the name of another', [kept, ['name b', 'mac 1', 'mac 2'], known], false],
    ['the name of another, to a stranger', [kept, ['mac 1'], unknown], false],
    ['its name before', [kept, ['name b', 'mac 1', 'mac 2'], unknown], true],
    ['a name of nobody, and a card that is not its own', [kept, ['name b', 'mac 1'], unknown], false],
  ])('of a standing that has %s', (_name, asked, is) => {
    expect(isOwn(...asked)).toBe(is);
  });
});

it('says of another that it is done, as whom, and nothing else', () => {
  expect(asAnother(kept.standing)).toEqual({ machine: 'a', done: { ...DONE, as: 'a' } });
  expect(asAnother({ machine: 'b', done: { ...DONE, as: 'a' } })?.done?.as).toBe('a');
  expect(asAnother({ machine: 'a', releasedAt: 7 })).toBeUndefined();
});

it('leaves the other keys as done, or in doubt, as they were', () => {
  const done = { ...DONE, as: 'a' };
  expect(leftUnder(kept, ['name a', 'mac 2'])).toEqual({ keys: ['mac 1'], standing: { machine: 'a', done } });
  expect(leftUnder(kept, [...kept.keys, 'mac 3'])).toBeUndefined();
  const unsure = { ...kept, standing: { machine: 'a', releasedAt: 7 } };
  expect(leftUnder(unsure, ['name a'])).toBeUndefined();
  expect(leftUnder({ ...unsure, isDamaged: true }, ['name a'])).toEqual({
    keys: ['mac 1', 'mac 2'],
    isDamaged: true,
    standing: { machine: 'a' },
  });
});
