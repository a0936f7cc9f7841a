import { expect, it } from 'vitest';
import { type Answer, askInTurn, type Round } from '../../src/booter/asking-round.js';

const NOTHING: ReadonlySet<string> = new Set();
const wanted = [...'abcdef'].map((text) => ({ text }));

async function round(
  answerTo: (text: string) => Answer,
  { failedBefore = NOTHING, signal = new AbortController().signal, remembered = '' } = {},
): Promise<Round & { asked: string }> {
  let asked = '';
  const recall = async ({ text }: { text: string }) => remembered.includes(text);
  const ask = async ({ text }: { text: string }) => {
    asked += text;
    return answerTo(text);
  };
  return { ...(await askInTurn(wanted, { ask, recall }, { failedBefore, signal })), asked };
}

it('misses what it asked for in vain', async () => {
  const { asked, missing, failed } = await round((text) => ('bd'.includes(text) ? 'refused' : 'given'));
  expect([asked, missing, [...failed]]).toEqual(['abcdef', ['b', 'd'], ['b', 'd']]);
});

it('leaves alone what cannot be reached three times in a row', async () => {
  const { asked, missing, failed } = await round((text) => (text === 'a' ? 'given' : 'unreachable'));
  expect([asked, missing, [...failed]]).toEqual(['abcd', [...'bcdef'], [...'bcd']]);
});

it('goes by what is remembered of what it leaves alone, and of nothing else', async () => {
  const { asked, missing } = await round(() => 'unreachable', { remembered: 'aef' });
  expect([asked, missing]).toEqual(['abc', [...'abcd']]);
});

it('leaves alone what gives only what is remembered, which is not missing', async () => {
  const { asked, missing, failed } = await round(() => 'remembered', { remembered: 'def' });
  expect([asked, missing, [...failed]]).toEqual(['abc', [], [...'abc']]);
});

it('takes any other answer for a sign of life', async () => {
  const { asked } = await round((text) => (text === 'c' ? 'refused' : 'unreachable'));
  expect(asked).toBe('abcdef');
});

it('begins with what was not asked for in vain the last time', async () => {
  const { asked } = await round(() => 'given', { failedBefore: new Set(['a', 'b', 'd']) });
  expect(asked).toBe('cefabd');
});

it('asks for nothing more after the signal', async () => {
  const ending = new AbortController();
  const { asked, missing, failed } = await round(
    (text) => {
      if (text === 'b') ending.abort();
      return 'given';
    },
    { signal: ending.signal, remembered: 'abcdef' },
  );
  expect([asked, missing, failed]).toEqual(['ab', [...'cdef'], NOTHING]);
});
