import { styleText } from 'node:util';

/** How a line looks to a person. */
export type StyledLine = { readonly text: string; readonly style: 'plain' | 'bold' | 'dim' | 'red' | 'yellow' };

export type Room = { readonly columns: number; readonly lines: number };

/** What happens to a terminal while it is written to. */
export type TerminalChanges = {
  readonly resized: () => void;
  /** Ctrl-Z: somebody else has it for a while. */
  readonly suspended: () => void;
  readonly resumed: () => void;
};

/** A terminal, as far as a screen needs it. */
export type Terminal = {
  readonly write: (text: string) => void;
  readonly room: () => Room;
  /** Answers what ends it. */
  readonly onChange: (changes: TerminalChanges) => () => void;
};

/** Control sequences of xterm, which those of today understand, or pass over (xterm, ctlseqs; 2026 is synchronized output). */
const ENTER = '\x1b[?1049h\x1b[?25l\x1b[?7l';
const LEAVE = '\x1b[?7h\x1b[?25h\x1b[?1049l';
const ERASE_LINE = '\x1b[K';
const ERASE_BELOW = '\x1b[J';
const BEGIN_FRAME = '\x1b[?2026h';
const END_FRAME = '\x1b[?2026l';

/**
 * The whole of a terminal, on a page of its own: what was there before is there again afterwards. Only the lines that changed are
 * written, all at once, so that nothing flickers.
 */
export class LiveScreen {
  readonly #terminal: Pick<Terminal, 'write'>;
  #shown: readonly string[] = [];
  #room: Room | undefined;
  #isOpen = false;

  constructor(terminal: Pick<Terminal, 'write'>) {
    this.#terminal = terminal;
  }

  open(): void {
    if (this.#isOpen) return;
    this.#isOpen = true;
    this.#room = undefined;
    this.#terminal.write(ENTER);
  }

  /** As it was before. */
  close(): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    this.#terminal.write(LEAVE);
  }

  /** Lines that fit into the room. Nothing where it is not open. */
  draw(lines: readonly StyledLine[], room: Room): void {
    if (!this.#isOpen) return;
    const isSame = room.columns === this.#room?.columns && room.lines === this.#room.lines;
    const shown = isSame ? this.#shown : [];
    const texts = lines.map(styled);
    const changed = texts.flatMap((text, index) =>
      // What a person types is shown where the cursor rests: in the first line.
      text === shown[index] && index > 0 ? [] : [`${beginOf(index)}${text}${ERASE_LINE}`],
    );
    const hasBelow = texts.length < room.lines && (!isSame || texts.length < shown.length);
    const below = hasBelow ? `${beginOf(texts.length)}${ERASE_BELOW}` : '';
    this.#terminal.write(`${BEGIN_FRAME}${changed.join('')}${below}${beginOf(0)}${END_FRAME}`);
    this.#shown = texts;
    this.#room = room;
  }
}

/** Where the line begins; the first is 0. */
function beginOf(line: number): string {
  return `\x1b[${line + 1};1H`;
}

export function styled({ text, style }: StyledLine): string {
  return style === 'plain' ? text : styleText(style, text);
}
