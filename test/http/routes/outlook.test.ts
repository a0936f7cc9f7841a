import { expect, it } from 'vitest';
import type { Policy } from '../../../src/boot/policy.js';
import type { Outlook } from '../../../src/booter/outlooks.js';
import { vainBecause } from '../../../src/http/routes/outlook.js';
import { assignment } from '../../fixtures/mappings.js';

const outlook = (verdict: Outlook['verdict'], mode: Policy['mode'] = 'once'): Outlook => ({
  ...{ assignment: assignment({ policy: { mode, doneWhen: 'reported' } }), undecided: undefined, attempts: undefined },
  ...{ heldUntil: undefined, doubt: undefined, verdict },
});

it('tells where a wish for another installation comes to nothing', () => {
  const anew = { reprovision: { at: 5 } };
  const done = { kind: 'local', why: 'done', reason: 'it is done' } as const;
  expect(vainBecause(anew, outlook({ kind: 'image' }), 5)).toEqual([]);
  expect(vainBecause(anew, outlook({ kind: 'image' }, 'always'), 5)).toEqual([
    'its policy is always: it boots its image anyway',
  ]);
  expect(vainBecause(anew, outlook({ kind: 'local', why: 'hold', reason: 'its assignment holds it' }), 5)).toEqual([
    'it boots its local disk all the same: its assignment holds it',
  ]);
  expect(vainBecause(anew, outlook({ kind: 'unmapped' }), 5)).toEqual([
    'it is not booted all the same: no assignment matches this machine',
  ]);
  expect(vainBecause(anew, outlook(done), 4)).toEqual([]);
  expect(vainBecause({ release: true }, outlook(done), 4)).toEqual([
    'it boots its local disk all the same: it is done',
  ]);
  expect(vainBecause({ done: true }, outlook(done), 4)).toEqual([]);
});
