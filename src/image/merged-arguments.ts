import { argumentKey, type KernelArgs, kernelArguments, normalizeCommandLine } from './command-line.js';

/** A kernel argument, and who wants it. */
export type ArgumentWord = {
  readonly text: string;
  /** As people read it: `image`, `uki`, `iso`, `assignment iso`, `defaults`, `defaults "serial"`, `assignment`, `machine`, `preset talos`, `consoles`, `provision`. */
  readonly from: string;
  /** As it stands there, with its placeholders; missing where that is the same. */
  readonly written?: string;
};

/** What somebody wants changed of the arguments that are there. */
export type ArgumentLayer = Source & { readonly change: KernelArgs };

type Source = {
  readonly from: string;
  /** What it says counts until somebody says it himself: a second `ip=` would be one more, not another. */
  readonly isPreset?: true;
};

type Word = { readonly text: string; readonly source: Source };
type Words = readonly Word[];

/** Of no word: there is a piece for each. */
const NOBODY: Source = { from: '' };

/** Changes the image's own arguments, one layer after the other, each: remove, replace, append. Pure. */
export function mergeArguments(
  { from: owner, commandLine }: { readonly from: string; readonly commandLine: string },
  layers: readonly ArgumentLayer[],
): readonly ArgumentWord[] {
  const merged = layers.reduce(changeWords, split([{ text: commandLine, source: { from: owner } }]));
  return merged.map(({ text, source: { from } }) => ({ text, from }));
}

/** Each word is there once, whatever the image says itself; `gone` are taken out. Pure. */
export function changeByWords(words: readonly string[], gone: readonly string[] = []): KernelArgs {
  const pairs = words.flatMap((word) => {
    const at = word.indexOf('=');
    return at === -1 ? [] : [[word.slice(0, at), word.slice(at + 1)] as const];
  });
  const flags = words.filter((word) => !word.includes('='));
  const remove = [...gone, ...flags];
  return {
    replace: Object.fromEntries(pairs),
    ...(remove.length > 0 && { remove }),
    ...(flags.length > 0 && { append: flags }),
  };
}

/** The same with placeholders filled in. Pure. */
export function filledWord(word: ArgumentWord, text: string): ArgumentWord {
  return text === word.text ? word : { written: word.text, ...word, text };
}

/** What follows a lone `--` belongs to init and stays at the end. */
function changeWords(words: Words, { change, ...source }: ArgumentLayer): Words {
  const { append = [], remove = [], replace = {} } = change;
  if (append.length + remove.length + Object.keys(replace).length === 0) return words;
  const end = words.findIndex(({ text }) => text === '--');
  const [own, forInit] = end === -1 ? [words, []] : [words.slice(0, end), words.slice(end)];
  const gone = new Set(remove);
  const added = append.map((text) => ({ text, source }));
  const kept = own.filter(({ text }) => !gone.has(text) && !gone.has(argumentKey(text)));
  const replaced = Object.entries(replace).reduce((all: Words, [key, value]) => {
    return replaceKey(all, key, { text: `${key}=${value}`, source });
  }, kept);
  return split([...withoutYielding(replaced, split(added)), ...added, ...forInit]);
}

/** The first occurrence changes where it stands, and others go. */
function replaceKey(words: Words, key: string, replacement: Word): Words {
  const first = words.findIndex(({ text }) => argumentKey(text) === key);
  if (first === -1) return [...words, replacement];
  return words.flatMap((word, position) => {
    if (position === first) return [replacement];
    return argumentKey(word.text) === key ? [] : [word];
  });
}

function withoutYielding(words: Words, added: Words): Words {
  const said = new Set(added.map(({ text }) => argumentKey(text)));
  return words.filter(({ text, source }) => source.isPreset !== true || !said.has(argumentKey(text)));
}

/** Words as the kernel sees them when all of it is one line: a text may be several, and a quote may join two. */
function split(texts: Words): Words {
  const pieces = texts
    .map(({ text, source }) => ({ text: normalizeCommandLine(text), source }))
    .filter(({ text }) => text !== '');
  const words: Word[] = [];
  let piece = 0;
  let end = pieces[0]?.text.length ?? 0;
  let position = 0;
  const line = pieces.map(({ text }) => text).join(' ');
  for (const text of kernelArguments(line)) {
    position = line.indexOf(text, position);
    while (position > end) {
      piece += 1;
      end += 1 + (pieces[piece]?.text.length ?? 0);
    }
    words.push({ text, source: pieces[piece]?.source ?? NOBODY });
    position += text.length;
  }
  return words;
}
