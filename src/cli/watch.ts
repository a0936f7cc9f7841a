import { Command } from 'commander';
import { waitFor } from '../clock.js';
import { BootlayerError } from '../errors.js';
import { apiOf, authorization, type ServerApi, type ServerOptions, unreachable, withServer } from './api-server.js';
import { errorIn } from './ask-server.js';
import { warnOnStderr } from './common.js';
import { eventsIn, type ToldEvent } from './event-lines.js';
import { emphasize, inOneLine, type Output, standardOutput, writeLine } from './output.js';
import { untilSignal } from './until-signal.js';

const AGAIN_MILLISECONDS = 1_000;

/** What machines do, as they do it. */
export function watchCommand(): Command {
  return withServer(new Command('watch'))
    .description('show what machines do when they boot, as they do it, until it is ended (Ctrl-C)')
    .argument('[machine]', 'only this one')
    .addHelpText('after', '\nA server that ends is waited for. With --json, one document a line.')
    .action(watch);
}

async function watch(machine: string | undefined, options: ServerOptions): Promise<void> {
  const api = await apiOf(options);
  const query = machine === undefined ? '' : `?${new URLSearchParams({ machine })}`;
  const output = standardOutput();
  const show = options.json
    ? (event: ToldEvent) => writeLine(output, JSON.stringify(event))
    : (event: ToldEvent) => writeEvent(output, event);
  try {
    await untilSignal((signal) => follow(api, { path: `/api/v1/events${query}`, signal, show }));
  } catch (thrown) {
    if (BootlayerError.from(thrown).code !== 'INTERRUPTED') throw thrown;
  }
}

type Following = {
  readonly path: string;
  readonly signal: AbortSignal;
  readonly show: (event: ToldEvent) => void;
};

/** Throws when there is no server at first, and when the signal says so. */
async function follow(api: ServerApi, { path, signal, show }: Following): Promise<never> {
  let isLost = false;
  for (let isFirst = true; ; isFirst = false) {
    const events = await open(api, path, signal);
    if (events === undefined && isFirst) throw unreachable(api);
    if (events === undefined && !isLost)
      warnOnStderr(`the server at ${api.url} does not answer any more: it is waited for`);
    isLost = events === undefined;
    if (events !== undefined) await showAll(events, show);
    signal.throwIfAborted();
    await waitFor(AGAIN_MILLISECONDS, signal).catch(() => signal.throwIfAborted());
  }
}

/** undefined where nobody answers with events. Throws what the server tells of a token. */
async function open(api: ServerApi, path: string, signal: AbortSignal): Promise<AsyncGenerator<ToldEvent> | undefined> {
  const response = await fetch(`${api.url}${path}`, { headers: authorization(api), signal, redirect: 'error' }).catch(
    () => undefined,
  );
  signal.throwIfAborted();
  if (response === undefined) return undefined;
  const { ok, headers, body } = response;
  if (ok && headers.get('content-type') === 'text/event-stream' && body !== null) return eventsIn(body);
  const told = errorIn(await response.json().catch(() => undefined));
  if (told?.code === 'UNAUTHORIZED') throw told;
  return undefined;
}

/** Until they end, in whichever way. */
async function showAll(events: AsyncGenerator<ToldEvent>, show: (event: ToldEvent) => void): Promise<void> {
  try {
    for await (const event of events) show(event);
  } catch {
    // Whoever ended it, the next attempt shows whether the server is there.
  }
}

/** A person wants the time of day. */
function writeEvent(output: Output, { at, text }: ToldEvent): void {
  const time = output.terminal ? new Date(at).toTimeString().slice(0, 8) : at;
  writeLine(output, `${emphasize(output, 'dim', inOneLine(time))}  ${inOneLine(text)}`);
}
