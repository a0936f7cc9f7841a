import { expect, it, vi } from 'vitest';
import { type KeaValue, readKeaJson } from '../../../src/lease/import/kea-json.js';

it('knows the line of each value, whatever ends lines', () => {
  const { root, problem } = readKeaJson('\n[ 1,\n# two\n 2, 3,\r\n\n4 ]\n');
  const values: readonly KeaValue[] = Array.isArray(root?.value) ? root.value : expect.unreachable();
  expect([root?.line, ...values.map(({ line }) => line)]).toEqual([2, 2, 4, 4, 6]);
  expect(problem).toBeUndefined();
  expect(readKeaJson('[\n1,\n2 3 ]').problem).toMatchObject({ line: 3 });
});

it('does not look for the end of a long line again and again', () => {
  const find = vi.spyOn(String.prototype, 'indexOf');
  const { root } = readKeaJson(`[${'{ "a": 1 },'.repeat(10_000)}]`);
  const searches = find.mock.calls.length;
  find.mockRestore();
  expect(root?.value).toHaveLength(10_000);
  expect(searches).toBeLessThan(10);
});
