import { expect, it } from 'vitest';
import { withoutLineEnds } from '../../src/provision/line-ends.js';

it('takes off the line ends at the end, and no others', () => {
  expect(withoutLineEnds('a\r\nb \r\n\n')).toBe('a\r\nb ');
  expect(withoutLineEnds('a')).toBe('a');
  expect(withoutLineEnds('\n\r\n')).toBe('');
});

it('looks at each character once at most', () => {
  // By a regular expression, hours.
  const text = `${'\n'.repeat(4_000_000)}x`;
  expect(withoutLineEnds(text)).toBe(text);
});
