import { z } from 'zod';

/** So many are answered at a time where nobody says. */
const USUAL = 100;

/** How many a list answers at a time. */
export const limitUpTo = (most: number) =>
  z.coerce.number().int().min(1).max(most).default(USUAL).describe('how many at most');

/** What a list takes of which pages are answered; `after`: what an answer's "next" may be. */
export function pageQuery<After extends z.ZodType>(most: number, after: After) {
  return { limit: limitUpTo(most), after: after.optional().describe('"next" of an answer: the page after it') };
}
