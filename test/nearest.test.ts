import { describe, expect, it } from 'vitest';
import { nearest } from '../src/nearest.js';

describe('nearest', () => {
  it.each([
    ['hostnam', 'hostname'],
    ['HOSTNAME', 'hostname'],
    ['mca', undefined],
    ['macs', 'mac'],
    ['serail', 'serial'],
    ['kernel', undefined],
    ['', undefined],
  ])('of %j is %j', (word, known) => expect(nearest(word, ['mac', 'hostname', 'serial'])).toBe(known));

  it('takes the nearer of two', () => expect(nearest('labels', ['label', 'labelled'])).toBe('label'));
});
