import type { Command } from 'commander';
import type { Config } from '../config/schema.js';
import { BootlayerError } from '../errors.js';
import { formatEndpoint } from '../net/endpoint.js';
import { type CommonOptions, parsedBy, readConfig, withCommonOptions, withJson } from './common.js';

/** Of commands that ask a running server. */
export type ServerOptions = CommonOptions & { readonly json?: true; readonly server?: string };

export function withServer(command: Command): Command {
  return withJson(withCommonOptions(command)).option(
    '--server <url>',
    'the API of the server (default: api.listen)',
    parsedBy(parseServer),
  );
}

/** Without a slash at the end. */
function parseServer(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url?.protocol === 'http:' || url?.protocol === 'https:') return url.href.replace(/\/+$/, '');
  throw new BootlayerError('USAGE', `"${text}" is no URL of a server: http://127.0.0.1:8081`);
}

/** `http://127.0.0.1:8081` */
export async function apiOf(options: ServerOptions): Promise<string> {
  return options.server ?? apiIn(await readConfig(options));
}

/** Of the server that runs by this configuration. */
export function apiIn({ api }: Pick<Config, 'api'>): string {
  return `http://${formatEndpoint(api.listen)}`;
}

export function unreachable(api: string): BootlayerError {
  return new BootlayerError('SERVER_UNREACHABLE', `no server of ours answers at ${api}`, {
    remedy: 'see that the server runs, and that api.listen or --server is where it listens',
  });
}
