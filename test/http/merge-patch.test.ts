import { expect, it } from 'vitest';
import { mergePatched } from '../../src/http/merge-patch.js';

/** RFC 7396, appendix A, as far as both are mappings. */
it.each([
  [{ a: 'b' }, { a: 'c' }, { a: 'c' }],
  [{ a: 'b' }, { b: 'c' }, { a: 'b', b: 'c' }],
  [{ a: 'b' }, { a: null }, {}],
  [{ a: 'b', b: 'c' }, { a: null }, { b: 'c' }],
  [{ a: ['b'] }, { a: 'c' }, { a: 'c' }],
  [{ a: 'c' }, { a: ['b'] }, { a: ['b'] }],
  [{ a: { b: 'c' } }, { a: { b: 'd', c: null } }, { a: { b: 'd' } }],
  [{ a: [{ b: 'c' }] }, { a: [1] }, { a: [1] }],
  [{ e: null }, { a: 1 }, { e: null, a: 1 }],
  [{}, { a: { bb: { ccc: null } } }, { a: { bb: {} } }],
  [{ a: 'b' }, { a: { b: 'c', d: null } }, { a: { b: 'c' } }],
])('makes of %j with %j %j', (document, patch, merged) => {
  expect(mergePatched(document, patch)).toEqual(merged);
});

it('does not take a name of the prototype for a value', () => {
  const patched = mergePatched(
    {},
    JSON.parse('{"labels":{"constructor":"x","__proto__":{"y":"z"}}}') as object as never,
  );
  expect(JSON.stringify(patched)).toBe('{"labels":{"constructor":"x","__proto__":{"y":"z"}}}');
});
