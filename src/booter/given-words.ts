import { replacePlaceholders } from '../image/command-line.js';
import { type ArgumentWord, filledWord } from '../image/merged-arguments.js';
import type { BootUrls } from './boot-urls.js';
import { placeholderUrls, SOME_CAPABILITIES } from './placeholder-urls.js';
import type { Planned } from './preparation.js';

/** The kernel arguments of a plan as its machine is given them: iPXE fills in the URLs, and firmware fills in nothing. Pure. */
export function givenWords({ plan, choice, words }: Planned, urls: BootUrls): readonly ArgumentWord[] {
  if (choice.by === 'firmware') return words;
  const values = placeholderUrls(plan, urls, SOME_CAPABILITIES);
  return words.map((word) =>
    filledWord(
      word,
      replacePlaceholders(word.text, (name) => values.get(name)),
    ),
  );
}
