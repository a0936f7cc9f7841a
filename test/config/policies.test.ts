import { describe, expect, it } from 'vitest';
import { ASSIGNMENT, read } from '../fixtures/configuration-texts.js';

describe('policies', () => {
  const policyOf = (written: string) => read(`${ASSIGNMENT}${written} }]`).config.assignments[0]?.policy;

  it.each([
    ['', { mode: 'always', doneWhen: 'reported' }],
    [', policy: { mode: once }', { mode: 'once', doneWhen: 'reported' }],
    [', policy: { mode: once, doneWhen: started }', { mode: 'once', doneWhen: 'started' }],
    [
      ', policy: { maxAttempts: 5 }',
      { mode: 'always', doneWhen: 'reported', limit: { maxAttempts: 5, window: 3_600_000 } },
    ],
    [
      ', policy: { mode: hold, maxAttempts: 1, window: 30m }',
      { mode: 'hold', doneWhen: 'reported', limit: { maxAttempts: 1, window: 1_800_000 } },
    ],
  ])('%s', (written, policy) => expect(policyOf(written)).toEqual(policy));

  it('asks who asks, unless that is switched off', () => {
    const { identity, unknown } = read('').config;
    expect([identity, unknown]).toEqual([{ verify: true, trustedRelays: [] }, 'ignore']);
    const other = read('unknown: enrol\nidentity: { verify: false, trustedRelays: 10.1.0.1 }\n').config;
    expect([other.identity, other.unknown]).toEqual([
      { verify: false, trustedRelays: [expect.objectContaining({ address: '10.1.0.1', prefixLength: 32 })] },
      'enrol',
    ]);
  });
});
