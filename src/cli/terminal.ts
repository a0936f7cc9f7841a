import type { Terminal, TerminalChanges } from './live-screen.js';

/** Of a terminal that does not say. */
const USUAL = { columns: 80, lines: 24 };

/** The terminal that standard output is. */
export function standardTerminal(): Terminal {
  const { stdout } = process;
  return {
    write: (text) => void stdout.write(text),
    room: () => ({ columns: stdout.columns || USUAL.columns, lines: stdout.rows || USUAL.lines }),
    onChange: ({ resized, suspended, resumed }: TerminalChanges) => {
      const suspend = () => {
        suspended();
        // As it would have been without anybody who listens.
        process.kill(process.pid, 'SIGSTOP');
      };
      stdout.on('resize', resized);
      process.on('SIGTSTP', suspend);
      process.on('SIGCONT', resumed);
      return () => {
        stdout.off('resize', resized);
        process.off('SIGTSTP', suspend);
        process.off('SIGCONT', resumed);
      };
    },
  };
}
