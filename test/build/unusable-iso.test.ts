import { expect, it } from 'vitest';
import { requireIso } from '../../src/build/unusable-iso.js';
import { readIsoOf } from '../fixtures/contents.js';

it.each<[string, { readonly reason: string; readonly isIso?: false }, string]>([
  ['is none', { reason: 'it is no ISO 9660 image', isIso: false }, 'name an ISO, or use --disk'],
  ['is cut off', { reason: 'it is cut off' }, 'download it again, or name another'],
])('refuses what %s', (_what, refused, remedy) => {
  const message = `live.iso for the iso cannot be used: ${refused.reason}`;
  expect(() => requireIso({ iso: { kind: 'refused', ...refused } }, 'live.iso')).toThrow(
    expect.objectContaining({ code: 'USAGE', message, remedy }),
  );
});

it('takes every other, also one that nothing is found in', () => {
  const closed = readIsoOf({ firmware: [], opening: { kind: 'closed', reason: 'no kernel' } });
  for (const contents of [{}, { iso: readIsoOf() }, { iso: closed }])
    expect(() => requireIso(contents, 'live.iso')).not.toThrow();
});
