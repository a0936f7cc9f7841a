import { getEventListeners } from 'node:events';
import { describe, expect, it } from 'vitest';
import { Precedence } from '../../src/blob/precedence.js';
import { isWaiting } from '../fixtures/waiting.js';

const [ONE, TWO, AHEAD] = [{}, {}, {}];
const never = new AbortController().signal;

describe('Precedence', () => {
  it('lets everybody go on while nobody is first', async () => {
    expect(await isWaiting(new Precedence().turnOf(AHEAD, never))).toBe(false);
  });

  it('lets those who are first go on, and the others when no one is any more', async () => {
    const precedence = new Precedence();
    precedence.prefer(ONE);
    precedence.prefer(TWO);
    const turn = precedence.turnOf(AHEAD, never);
    expect(await isWaiting(precedence.turnOf(TWO, never))).toBe(false);
    expect(await isWaiting(turn)).toBe(true);
    precedence.forget(ONE);
    expect(await isWaiting(turn)).toBe(true);
    precedence.forget(TWO);
    expect(await isWaiting(turn)).toBe(false);
  });

  it('lets one go on that has become first while it waited', async () => {
    const precedence = new Precedence();
    precedence.prefer(ONE);
    const turn = precedence.turnOf(AHEAD, never);
    precedence.prefer(AHEAD);
    expect([await isWaiting(turn), precedence.isFirst(AHEAD)]).toEqual([false, true]);
  });

  it('keeps nobody that is to end', async () => {
    const precedence = new Precedence();
    precedence.prefer(ONE);
    const ending = new AbortController();
    const turn = precedence.turnOf(AHEAD, ending.signal);
    ending.abort();
    expect(await isWaiting(turn)).toBe(false);
    expect(getEventListeners(ending.signal, 'abort')).toHaveLength(0);
  });
});
