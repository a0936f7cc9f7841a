import type { z } from 'zod';
import type { Problem } from './problem.js';

/** One problem for each unknown key of a mapping, else one for each issue. Pure. */
export function problemsOfIssue(issue: z.core.$ZodIssue): readonly Problem[] {
  const path = issue.path.map((part) => (typeof part === 'symbol' ? String(part) : part));
  const messages = issue.message.split('\n');
  if (issue.code === 'invalid_key') return issue.issues.map(({ message }) => ({ path, message }));
  if (issue.code !== 'unrecognized_keys') return [{ path, message: messages.join('; ') }];
  return issue.keys.map((key, position) => ({
    path: [...path, key],
    atKey: true,
    message: messages[position] ?? issue.message,
  }));
}
