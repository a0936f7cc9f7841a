import { Command } from 'commander';
import { findApiAddress } from '../config/api-address.js';
import { BootlayerError } from '../errors.js';
import {
  apiOf,
  nearestUrl,
  type ServerApi,
  type ServerOptions,
  USUAL_URL,
  unreachable,
  withServer,
} from './api-server.js';
import { placeOf, warnOnStderr } from './common.js';
import { standardOutput, writeJson, writeLine } from './output.js';
import { untilSignal } from './until-signal.js';

const HELP = `
It ends with 0 when it may, and with 1 when not, or not yet: for a container's health check, and for scripts that have started a server.
Where the configuration is refused, a server runs on by the one it has, and is asked where the file or the environment
says that the API listens, else at ${USUAL_URL}. No token is sent.`;

/** A server that answers at all answers this at once. */
const PATIENCE_MILLISECONDS = 5_000;

/** Whether a server may be sent machines. */
export function readyCommand(): Command {
  return withServer(new Command('ready'))
    .description('whether the server may be sent machines')
    .addHelpText('after', HELP)
    .action(tellReady);
}

async function tellReady(options: ServerOptions): Promise<void> {
  const api = await apiOf(options).catch((thrown: unknown) => apiAnyway(options, thrown));
  const isReady = await untilSignal((signal) => askReady(api, signal));
  if (!isReady) {
    throw new BootlayerError('SERVER_UNREACHABLE', `the server at ${api.url} is not ready`, {
      remedy: 'it starts, or ends: its log says which',
    });
  }
  const output = standardOutput();
  if (options.json) return writeJson(output, { ready: true });
  writeLine(output, 'ready');
}

/** A server runs on by what it has when its configuration is refused: who restarts what is not healthy would end it for that. */
async function apiAnyway(options: ServerOptions, thrown: unknown): Promise<ServerApi> {
  const { code, message } = BootlayerError.from(thrown);
  const listen = code === 'CONFIG_INVALID' ? await findApiAddress(placeOf(options)) : undefined;
  if (listen === undefined) throw thrown;
  const url = nearestUrl(listen);
  warnOnStderr(`the configuration is refused, and ${url} asked for a server that runs by an older one: ${message}`);
  return { url };
}

/** Throws SERVER_UNREACHABLE where nobody answers, or somebody who is none of ours. */
async function askReady(api: ServerApi, signal: AbortSignal): Promise<boolean> {
  const late = AbortSignal.timeout(PATIENCE_MILLISECONDS);
  const answer = await fetch(`${api.url}/readyz`, { signal: AbortSignal.any([signal, late]), redirect: 'error' }).catch(
    () => undefined,
  );
  signal.throwIfAborted();
  const told = await answer?.text().catch(() => undefined);
  if (told === 'ready\n') return true;
  if (told === 'not ready\n') return false;
  throw unreachable(api);
}
