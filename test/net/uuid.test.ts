import { describe, expect, it } from 'vitest';
import { isJunkUuid, parseUuid, swapUuid, type Uuid } from '../../src/net/uuid.js';

const text = '4c4c4544-0042-3010-8057-b7c04f4d3732';

describe('parseUuid', () => {
  it.each([text, text.toUpperCase(), text.replaceAll('-', ''), `{${text}}`, `urn:uuid:${text}`])(
    'reads %s',
    (spelling) => expect(parseUuid(spelling)).toBe(text),
  );

  it.each(['', '4c4c4544', `${text}0`, 'x'.repeat(36)])('refuses %s', (wrong) =>
    expect(parseUuid(wrong)).toBeUndefined(),
  );
});

describe('swapUuid', () => {
  it('turns the first three fields round, and back', () => {
    const uuid = parseUuid(text) as Uuid;
    expect(swapUuid(uuid)).toBe('44454c4c-4200-1030-8057-b7c04f4d3732');
    expect(swapUuid(swapUuid(uuid))).toBe(uuid);
  });
});

describe('isJunkUuid', () => {
  it.each([
    '00000000-0000-0000-0000-000000000000',
    'ffffffff-ffff-ffff-ffff-ffffffffffff',
    '03000200-0400-0500-0006-000700080009',
    '00020003-0004-0005-0006-000700080009',
  ])('knows %s for a placeholder', (junk) => expect(isJunkUuid(parseUuid(junk) as Uuid)).toBe(true));

  it('lets a real one through', () => expect(isJunkUuid(parseUuid(text) as Uuid)).toBe(false));
});
