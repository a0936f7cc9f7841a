import { expect, it } from 'vitest';
import { killAtStatement } from '../fixtures/killed-writer.js';

/** In the migrations, and in each kind of write; all of them are in `test/full/crash.test.ts`. */
it.each([3, 17, 31, 38, 44])(
  'leaves a state that is whole when a writer is killed at statement %i',
  async (statement) => {
    expect(await killAtStatement(statement)).toBe(true);
  },
);
