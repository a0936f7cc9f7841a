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

it('says how they start it where that is not as usual, or that they boot their disk', () => {
  const written: string[] = [];
  const output = { terminal: false, write: (text: string) => void written.push(text) };
  const boot = { image: 'os:1', assignment: 'all', policy: { mode: 'always', doneWhen: 'reported' } } as const;
  const before = { ...boot, boot: 'uki' };
  writePreview(output, { boots: [{ machine: 'a', before, after: { ...boot, boot: 'local' }, differs: ['boot'] }] });
  expect(written.join('')).toMatch(
    /^a +os:1 \(all, boot: uki, always\) +its local disk \(all, boot: local, always\) +boot$/m,
  );
});
