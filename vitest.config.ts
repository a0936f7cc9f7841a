import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';

/** What is waited for (`expect.poll`) may take as long as the test, nearly: a busy machine is no failure. */
const project = (name: string, include: string[], timeout: number, more: object = {}) => ({
  test: {
    name,
    include,
    testTimeout: timeout,
    hookTimeout: timeout,
    expect: { poll: { timeout: timeout * 0.75 } },
    ...more,
  },
});

/** Of the long ones, those that measure nothing and boot at most one machine: they need no processor for themselves. */
const BESIDE = 'test/full/{capture,container,fuzz,fuzz-iso,fuzz-mapping,huge-iso,kustomize,package}.test.ts';

export default defineConfig({
  test: {
    // One would wait for the programs that tests start more than it works.
    maxWorkers: Math.max(2, availableParallelism() - 1),
    projects: [
      project('unit', ['test/**/*.test.ts', '!test/{integration,e2e,full}/**'], 20_000),
      project('integration', ['test/integration/**/*.test.ts'], 120_000),
      // Machines boot two at a time: there may be no more processors.
      project('e2e', ['test/e2e/**/*.test.ts'], 300_000, { fileParallelism: false, maxConcurrency: 2 }),
      project('full', ['test/full/**/*.test.ts', `!${BESIDE}`], 900_000, { fileParallelism: false, maxConcurrency: 2 }),
      project('full-beside', [BESIDE], 900_000),
    ],
  },
});
