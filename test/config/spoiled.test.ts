import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { Problem } from '../../src/config/problem.js';
import { readConfigText } from '../../src/config/read.js';
import { BootlayerError } from '../../src/errors.js';
import { spoiled, WHOLE } from '../fixtures/mapping-texts.js';

const FILE = '/etc/bootlayer/bootlayer.yaml';

it('takes the text that is spoiled below, as it is', () => {
  const { config, warnings } = readConfigText(WHOLE, FILE, {});
  expect([config.machines.length, config.assignments.length, warnings]).toEqual([2, 4, []]);
});

it('refuses what is spoiled with a line and column for every problem, or takes it', () => {
  let refused = 0;
  fc.assert(
    fc.property(spoiled, (text) => {
      try {
        readConfigText(text, FILE, {});
      } catch (thrown) {
        if (!(thrown instanceof BootlayerError)) throw thrown;
        expect(thrown.code).toBe('CONFIG_INVALID');
        const lines = text.split('\n').length;
        for (const { line = 0, column = 0 } of thrown.details as readonly Problem[]) {
          expect(line >= 1 && line <= lines && column >= 1).toBe(true);
        }
        expect(thrown.message).toMatch(/bootlayer\.yaml:\d+:\d+: /);
        refused += 1;
      }
    }),
    { numRuns: 1_000 },
  );
  expect(refused).toBeGreaterThan(500);
});
