import { resolve } from 'node:path';
import { Command } from 'commander';
import { stateFileIn } from '../content.js';
import { BootlayerError } from '../errors.js';
import { formatBytes } from '../format.js';
import { apiIn, apiOf, type ServerOptions, unreachable, withServer } from './api-server.js';
import { askOurs } from './ask-ours.js';
import { readConfig } from './common.js';
import { inOneLine, standardOutput, writeJson, writeLine } from './output.js';
import { replaceFile, STANDARD_OUTPUT, writeToOutput } from './replace-file.js';
import { type CopyOfState, copyFromFile, copyFromServer, wholeOf } from './state-copy.js';
import { notDoneLines, showState, type ToldNotDone } from './state-show.js';
import { withProgress } from './transfer-progress.js';
import { untilSignal } from './until-signal.js';

const HELP = `
A running server is asked for it, and goes on meanwhile; without one, the state in the data folder is copied. It holds issued
plans, resolutions and boots, and only its owner may read it.
To restore it, put the file in the place of <data>/state.db while no server runs.`;

/** The durable state of a server. */
export function stateCommand(): Command {
  const state = new Command('state').description('look after the state of a server');
  state.addCommand(
    withServer(new Command('backup'))
      .description('write a consistent copy of the state to a file')
      .argument('<file>', 'is replaced once the copy is whole; - is the standard output')
      .addHelpText('after', HELP)
      .action(backUp),
  );
  state.addCommand(
    withServer(new Command('accept'))
      .description('take the state for whole, though it was lost, replaced or restored')
      .addHelpText('after', ACCEPT_HELP)
      .action(accept),
  );
  state.addCommand(
    withServer(new Command('show'))
      .description('show whether the state is taken for whole, and how much there is in it')
      .action(showState),
  );
  return state;
}

const ACCEPT_HELP = `
Until then, machines under "once" that the state does not know as done are not installed: it may not know of those that were
since. "bootlayer state show" names them: say which are done (bootlayer machine done NAME...) before.`;

async function accept(options: ServerOptions): Promise<void> {
  const question = { path: '/api/v1/state/accept', body: {} };
  const answer = await askOurs<{ readonly isDoubted: boolean; readonly notDone?: ToldNotDone }>(
    await apiOf(options),
    question,
    ({ isDoubted }) => typeof isDoubted === 'boolean',
  );
  const output = standardOutput();
  if (options.json) return writeJson(output, answer);
  writeLine(output, 'the state is taken for whole');
  const lines = notDoneLines(answer.notDone, 'are installed when they ask');
  for (const line of lines) writeLine(output, inOneLine(line));
}

async function backUp(target: string, options: ServerOptions): Promise<void> {
  const isOutput = target === STANDARD_OUTPUT;
  if (isOutput && process.stdout.isTTY) {
    throw new BootlayerError('USAGE', 'a terminal cannot show a state', {
      remedy: 'name a file, or give it to a pipe',
    });
  }
  const size = await untilSignal((signal) =>
    withProgress(target, async (shown) => {
      const copy = await open(target, options, signal);
      try {
        const bytes = wholeOf(copy, (sent) => shown.update('state', sent, copy));
        await (isOutput ? writeToOutput(bytes, signal) : replaceFile(target, bytes, signal));
        return copy.size;
      } finally {
        copy.bytes.destroy();
      }
    }),
  );
  const output = standardOutput();
  if (!isOutput && options.json) writeJson(output, { file: resolve(target), size });
  else if (!isOutput) writeLine(output, `${formatBytes(size)} in ${target}`);
}

async function open(target: string, options: ServerOptions, signal: AbortSignal): Promise<CopyOfState> {
  if (options.server !== undefined) {
    const api = await apiOf(options);
    const copy = await copyFromServer(api, { signal });
    if (copy === undefined) throw unreachable(api);
    return copy;
  }
  const config = await readConfig(options);
  const file = stateFileIn(config.data);
  if (resolve(target) === file) {
    throw new BootlayerError('USAGE', `${target} is the state itself`, { remedy: 'name another file' });
  }
  return (
    (await copyFromServer(await apiIn(config, options), { file, signal }).catch(unlessAnothers)) ?? copyFromFile(file)
  );
}

/** The server of another state listens there. */
function unlessAnothers(thrown: unknown): undefined {
  if (BootlayerError.from(thrown).code !== 'NOT_FOUND') throw thrown;
}
