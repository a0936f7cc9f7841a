import { expect, it } from 'vitest';
import { writePreview } from '../../src/cli/entry-output.js';

it('shows of machines that would boot otherwise how often they do', () => {
  const written: string[] = [];
  const output = { terminal: false, write: (text: string) => void written.push(text) };
  const boot = { image: 'installer:3', assignment: 'install' };
  writePreview(output, {
    boots: [
      {
        machine: 'a',
        before: { ...boot, policy: { mode: 'once', doneWhen: 'reported' } },
        after: { ...boot, policy: { mode: 'always', doneWhen: 'reported', maxAttempts: 5, window: 3_600 } },
        differs: ['policy'],
      },
    ],
  });
  expect(written.join('')).toMatch(
    /^a +installer:3 \(install, once\) +installer:3 \(install, always, 5 times within 1 h\) +policy$/m,
  );
});
