import { expect, it } from 'vitest';
import { entryIn } from '../../src/cli/entry-edits.js';
import { requireName, toldWhereWritten } from '../../src/cli/entry-problems.js';
import { BootlayerError, type ErrorCode } from '../../src/errors.js';

const WHOSE = { kind: 'assignment', name: 'db' } as const;
const TEXT = `name: db
match:
  mac: [ "52:54:00:00:00:01", nonsense ]
image: lab/os:1
`;
const { from } = entryIn(TEXT, 'db.yaml');

function refused(code: ErrorCode, paths: readonly string[]): BootlayerError {
  const problems = paths.map((path) => ({ in: 'body', path, message: 'is wrong' }));
  return new BootlayerError(code, 'body "x": is wrong', { details: { problems }, remedy: 'mend it' });
}

it('names the line of the file', () => {
  expect(toldWhereWritten(refused('REQUEST_INVALID', ['match.mac[1]']), WHOSE, from)).toMatchObject({
    code: 'USAGE',
    message: 'db.yaml:3:31: match.mac[1]: is wrong',
    remedy: 'mend it',
  });
  expect(toldWhereWritten(refused('CONFLICT', ['image', '']), WHOSE, from)).toMatchObject({
    code: 'CONFLICT',
    message: 'db.yaml has 2 problems:\n  db.yaml:4:8: image: is wrong\n  db.yaml:1:1: is wrong',
  });
});

it('names the value where nothing was written in a file', () => {
  expect(toldWhereWritten(refused('REQUEST_INVALID', ['image']), WHOSE, undefined)).toMatchObject({
    message: 'image: is wrong',
  });
  expect(toldWhereWritten(refused('REQUEST_INVALID', ['image', 'match']), WHOSE, undefined)).toMatchObject({
    message: 'the assignment db has 2 problems:\n  image: is wrong\n  match: is wrong',
  });
});

it('leaves other errors as they are', () => {
  for (const thrown of [refused('DISK_FULL', ['x']), refused('REQUEST_INVALID', []), new Error('x')]) {
    expect(toldWhereWritten(thrown, WHOSE, from)).toBe(thrown);
  }
});

it('wants the name of the file to be that of the command', () => {
  expect(() => requireName('other', { name: 'db' }, from)).toThrow(
    'db.yaml:1:7: name: is "db", and the command names "other"',
  );
  requireName('db', { name: 'db' }, from);
  requireName('db', {}, from);
});
