import { bootsLately, lastBootOf, unseenText } from './boots-asked.js';
import { warnOnStderr } from './common.js';
import type { Watcher } from './follow.js';
import { emphasize, inOneLine, type Output, writeLine } from './output.js';
import { Timeline } from './timeline.js';
import { WatchedMachines } from './watched-machines.js';

/** For pipes: the boots under way, and then a line for each step. */
export function plainLines(output: Output, api: string): Watcher {
  let isFirst = true;
  const line = (at: string, text: string) =>
    writeLine(output, `${emphasize(output, 'dim', inOneLine(at))}  ${inOneLine(text)}`);
  return {
    opened: async (ask, ahead) => {
      if (!isFirst) return;
      isFirst = false;
      const now = Date.now() + ahead;
      const machines = new WatchedMachines();
      const boots = await bootsLately(ask, now);
      machines.boots(boots);
      const times = new Map(boots.toReversed().map(({ machine, lastAt }) => [machine, lastAt]));
      for (const { name, mood, state, step } of machines.list(now))
        if (mood === 'active' || mood === 'trouble') line(times.get(name) ?? '', `${name}, ${state}: ${step}`);
    },
    step: ({ at, text }) => line(at, text),
    transfers: () => undefined,
    lost: () => warnOfLost(api),
  };
}

/** For programs: each step as it was told, a document a line. */
export function jsonLines(output: Output, api: string): Watcher {
  return {
    opened: async () => undefined,
    step: (event) => writeLine(output, JSON.stringify(event)),
    transfers: () => undefined,
    lost: () => warnOfLost(api),
  };
}

/** For pipes: the steps of one machine's last boot, and then of each that follows. */
export function timelineLines(
  output: Output,
  { api, machine }: { readonly api: string; readonly machine: string },
): Watcher {
  const timeline = new Timeline();
  const write = (lines: ReturnType<Timeline['step']>) => {
    for (const { text } of lines) writeLine(output, text);
  };
  return {
    opened: async (ask) => {
      const boot = await lastBootOf(ask, machine);
      if (boot === undefined) warnOnStderr(inOneLine(await unseenText(ask, machine)));
      else write(timeline.boot(boot));
    },
    step: (event) => write(timeline.step(event)),
    transfers: () => undefined,
    lost: () => warnOfLost(api),
  };
}

function warnOfLost(api: string): void {
  warnOnStderr(`the server at ${api} does not answer any more: it is waited for`);
}
