import { expect, it } from 'vitest';
import { diskProblem } from '../../src/blob/disk-problem.js';

it.each([
  ['ENOSPC', 'DISK_FULL', 'make room'],
  ['EDQUOT', 'DISK_FULL', 'make room'],
  ['EMFILE', 'BLOB_UNAVAILABLE', 'LimitNOFILE'],
  ['EACCES', 'DATA_UNUSABLE', 'may read and write'],
])('makes %s a %s with its remedy', (errno, code, remedy) => {
  const problem = diskProblem('/data', Object.assign(new Error('x'), { code: errno }));
  expect(problem.code).toBe(code);
  expect(problem.message).toContain(errno);
  expect(problem.remedy).toContain(remedy);
});
