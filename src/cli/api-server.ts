import type { Command } from 'commander';
import { API_LISTEN } from '../config/convert.js';
import type { Config } from '../config/schema.js';
import { BootlayerError } from '../errors.js';
import { type Endpoint, formatEndpoint, hostIn } from '../net/endpoint.js';
import { isLoopback, parseIp } from '../net/ip.js';
import { readOwnToken, readToken } from './api-token.js';
import { type CommonOptions, parsedBy, readConfig, warnOnStderr, withCommonOptions, withJson } from './common.js';

/** Where a server is asked, `http://127.0.0.1:8081`, and by which token, where it wants one. */
export type ServerApi = { readonly url: string; readonly token?: string };

export type TokenOptions = { readonly tokenFile?: string };

/** Of commands that ask a running server. */
export type ServerOptions = CommonOptions & TokenOptions & { readonly json?: true; readonly server?: string };

export function withServer(command: Command): Command {
  return withTokenFile(withJson(withCommonOptions(command))).option(
    '--server <url>',
    'the API of the server (default: api.listen)',
    parsedBy(parseServer),
  );
}

export function withTokenFile(command: Command): Command {
  return command.option('--token-file <file>', 'a file with a token for the API (default: api.tokenFile)');
}

/** Without a slash at the end. */
function parseServer(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url?.protocol === 'http:' || url?.protocol === 'https:') return url.href.replace(/\/+$/, '');
  throw new BootlayerError('USAGE', `"${text}" is no URL of a server: ${USUAL_URL}`);
}

/** A server that is named is given only the token that is named, too: this host's own are not for others. */
export async function apiOf(options: ServerOptions): Promise<ServerApi> {
  const { server: url, tokenFile } = options;
  if (url === undefined) return apiIn(await readConfig(options).catch(orNamed), options);
  if (tokenFile === undefined) return { url };
  const token = await readToken(tokenFile);
  if (isOverheard(url)) {
    warnOnStderr(`the token goes to ${url} unencrypted, and who overhears it may use it: ask by https or over ssh`);
  }
  return { url, token };
}

/** The server may well run by an older one, and be asked why it does not take this one. */
function orNamed(thrown: unknown): never {
  const { code, message, remedy, details } = BootlayerError.from(thrown);
  if (code !== 'CONFIG_INVALID') throw thrown;
  const named = `to ask the server that runs all the same, name it: --server ${USUAL_URL} (--token-file FILE)`;
  throw new BootlayerError(code, message, {
    remedy: remedy === undefined ? named : `${remedy}; ${named}`,
    ...(details !== undefined && { details }),
    cause: thrown,
  });
}

/** Of the server that runs by this configuration. */
export async function apiIn({ api }: Pick<Config, 'api'>, { tokenFile }: TokenOptions = {}): Promise<ServerApi> {
  const token = tokenFile === undefined ? await readOwnToken(api.tokenFile) : await readToken(tokenFile);
  return { url: nearestUrl(api.listen), ...(token !== undefined && { token }) };
}

/** Of what listens there, as this host asks it. */
export function nearestUrl({ host, port }: Endpoint): string {
  return `http://${formatEndpoint({ host: NEAREST[host] ?? host, port })}`;
}

/** Who listens on all addresses listens on this one. */
const NEAREST: Readonly<Record<string, string>> = { '0.0.0.0': '127.0.0.1', '::': '::1' };

/** Of a server whose configuration does not say where. */
export const USUAL_URL = nearestUrl(API_LISTEN);

function isOverheard(url: string): boolean {
  const host = hostIn(url);
  const address = parseIp(host);
  const isHere = host === 'localhost' || (address !== undefined && isLoopback(address));
  return new URL(url).protocol === 'http:' && !isHere;
}

/** What goes with each request (RFC 6750, 2.1). */
export function authorization({ token }: ServerApi): Readonly<Record<string, string>> {
  return token === undefined ? {} : { authorization: `Bearer ${token}` };
}

export function unreachable({ url }: ServerApi): BootlayerError {
  return new BootlayerError('SERVER_UNREACHABLE', `no server of ours answers at ${url}`, {
    remedy: 'see that the server runs, and that api.listen or --server is where it listens',
  });
}
