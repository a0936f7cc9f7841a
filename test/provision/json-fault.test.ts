import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { jsonFault } from '../../src/provision/json-fault.js';
import { anyUnits } from './render.js';

describe('jsonFault', () => {
  it.each([
    ['{"a" 1}', 5],
    ['{"a": 1,}', 8],
    ['{"a": 1 "b": 2}', 8],
    ['[1, 2', 5],
    ['[1 2]', 3],
    ["{'a': 1}", 1],
    ['{"a": 01}', 7],
    ['{"a": "b\nc"}', 6],
    ['{"a": "\\x"}', 6],
    ['[}', 1],
    ['{"a": tru}', 6],
    ['{} {}', 3],
    ['\ufeff{}', 0],
    ['', 0],
    ['  ', 2],
  ])('finds what is wrong with %j at %i', (text, offset) => expect(jsonFault(text)).toBe(offset));

  it('finds nothing wrong with JSON, however it is written', () => {
    fc.assert(
      fc.property(fc.oneof(fc.jsonValue(), anyUnits), fc.nat(4), (value, space) => {
        expect(jsonFault(JSON.stringify(value, null, space))).toBeUndefined();
      }),
    );
  });

  it('agrees with JSON.parse on texts that are nearly JSON', () => {
    const nearly = fc
      .tuple(
        fc.json(),
        fc.nat(),
        fc.constantFrom('', '"', '{', '}', '[', ']', ',', ':', '0', '-', '.', 'e', '\\', '\n', 't'),
      )
      .map(([json, at, piece]) => json.slice(0, at % json.length) + piece + json.slice((at % json.length) + 1));
    fc.assert(
      fc.property(nearly, (text) => {
        expect(jsonFault(text) === undefined).toBe(isJson(text));
        expect(jsonFault(text) ?? 0).toBeLessThanOrEqual(text.length);
      }),
      { numRuns: 2000 },
    );
  });

  it('reads long strings and deep brackets', () => {
    expect(jsonFault(JSON.stringify('x'.repeat(1_000_000)))).toBeUndefined();
    expect(jsonFault(`"${'x'.repeat(1_000_000)}`)).toBe(0);
    expect(jsonFault('['.repeat(100_000) + ']'.repeat(100_000))).toBeUndefined();
  });
});

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
