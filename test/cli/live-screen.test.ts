import { expect, it } from 'vitest';
import { LiveScreen, type StyledLine } from '../../src/cli/live-screen.js';

const ROOM = { columns: 20, lines: 4 };

function screen() {
  let written = '';
  const made = new LiveScreen({ write: (text) => (written += text) });
  const taken = () => {
    const text = written.replaceAll('\x1b', 'E');
    written = '';
    return text;
  };
  const draw = (...texts: readonly string[]) => {
    made.draw(
      texts.map((text): StyledLine => ({ text, style: 'plain' })),
      ROOM,
    );
    return taken();
  };
  return { made, taken, draw };
}

it('writes nothing unless it is open, and leaves the terminal as it was', () => {
  const { made, taken, draw } = screen();
  made.close();
  expect(draw('a')).toBe('');
  made.open();
  made.open();
  expect(taken()).toBe('E[?1049hE[?25lE[?7l');
  made.close();
  made.close();
  expect(taken()).toBe('E[?7hE[?25hE[?1049l');
});

it('writes the first line, and what has changed', () => {
  const { made, taken, draw } = screen();
  made.open();
  taken();
  expect(draw('a', 'b', 'c')).toBe('E[?2026hE[1;1HaE[KE[2;1HbE[KE[3;1HcE[KE[4;1HE[JE[1;1HE[?2026l');
  expect(draw('a', 'B', 'c')).toBe('E[?2026hE[1;1HaE[KE[2;1HBE[KE[1;1HE[?2026l');
  expect(draw('a', 'B', 'c', 'd')).toBe('E[?2026hE[1;1HaE[KE[4;1HdE[KE[1;1HE[?2026l');
  expect(draw('a')).toBe('E[?2026hE[1;1HaE[KE[2;1HE[JE[1;1HE[?2026l');
});

it('writes all anew when the room has changed, and when it is opened again', () => {
  const { made, taken, draw } = screen();
  made.open();
  draw('a', 'b');
  const lines: StyledLine[] = [
    { text: 'a', style: 'plain' },
    { text: 'b', style: 'plain' },
  ];
  made.draw(lines, { columns: 10, lines: 2 });
  expect(taken()).toBe('E[?2026hE[1;1HaE[KE[2;1HbE[KE[1;1HE[?2026l');
  made.close();
  made.open();
  taken();
  expect(draw('a', 'b')).toContain('E[2;1HbE[K');
});
