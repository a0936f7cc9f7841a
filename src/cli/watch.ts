import { Command } from 'commander';
import { BootlayerError } from '../errors.js';
import { apiOf, type ServerApi, type ServerOptions, withServer } from './api-server.js';
import { follow, type Watcher } from './follow.js';
import { LiveTimeline } from './live-timeline.js';
import { standardOutput } from './output.js';
import { standardTerminal } from './terminal.js';
import { untilSignal } from './until-signal.js';
import { jsonLines, plainLines, timelineLines } from './watch-lines.js';
import { LiveTable, type LiveWatcher } from './watch-live.js';

/** What machines do, as they do it. */
export function watchCommand(): Command {
  return withServer(new Command('watch'))
    .description('show what machines do when they boot, as they do it, until it is ended (Ctrl-C)')
    .argument('[machine]', 'only this one, step by step, from the begin of its last boot')
    .addHelpText('after', HELP)
    .action(watch);
}

const HELP = `
On a terminal: a line for each machine, those that want to be looked at first; refused ones are red, and those that have
what they start grey for a minute. In a pipe, with NO_COLOR, or where TERM is dumb: the boots under way, and then a line for each step.
With --json: the steps alone, one document a line. A server that ends is waited for.`;

async function watch(machine: string | undefined, options: ServerOptions): Promise<void> {
  const api = await apiOf(options);
  const query = machine === undefined ? '' : `?${new URLSearchParams({ machine })}`;
  const { watcher, close } = watcherOf(machine, api, options);
  try {
    await untilSignal(async (signal) => {
      // At once: a second signal would end the program with the terminal as it is.
      signal.addEventListener('abort', close);
      await follow(api, { path: `/api/v1/events${query}`, signal, watcher });
    });
  } catch (thrown) {
    if (BootlayerError.from(thrown).code !== 'INTERRUPTED') throw thrown;
  } finally {
    close();
  }
}

type Closing = { readonly watcher: Watcher; readonly close: () => void };

function watcherOf(machine: string | undefined, { url: api }: ServerApi, { json }: ServerOptions): Closing {
  const output = standardOutput();
  if (json === true) return lasting(jsonLines(output, api));
  if (output.terminal) {
    const terminal = standardTerminal();
    return closing(machine === undefined ? new LiveTable(api, terminal) : new LiveTimeline({ machine, api }, terminal));
  }
  return lasting(machine === undefined ? plainLines(output, api) : timelineLines(output, { machine, api }));
}

function closing(watcher: LiveWatcher): Closing {
  return { watcher, close: () => watcher.close() };
}

function lasting(watcher: Watcher): Closing {
  return { watcher, close: () => undefined };
}
