import { type ClientRequest, request as plainRequest, type RequestOptions } from 'node:http';
import { request as secureRequest } from 'node:https';
import type { Socket } from 'node:net';
import { buildConnector } from 'undici';
import { basicAuthorization } from './credential.js';

type Connector = buildConnector.connector;
type TlsOptions = { readonly timeout: number; readonly ca?: readonly string[] };

/**
 * Connections through a proxy (RFC 9110, 9.3.6) to what speaks TLS, for undici. Its own proxy agent asks a proxy that hangs up again and again,
 * thousands of times a second.
 */
export function proxyConnector(proxy: URL, { timeout, ca }: TlsOptions): Connector {
  const authorities = ca === undefined ? {} : { ca: [...ca] };
  const secure = buildConnector({ timeout, ...authorities });
  return (options, callback) => {
    const target = `${options.hostname}:${options.port || 443}`;
    const headers = { host: target, ...authorizationOf(proxy) };
    const asked = ask(proxy, { method: 'CONNECT', path: target, headers, timeout, agent: false, ...authorities });
    const fail = (why: string) => {
      asked.destroy();
      callback(new Error(`the proxy ${proxy.host} ${why}`), null);
    };
    asked.once('connect', ({ statusCode }, socket: Socket) => {
      if (statusCode !== 200) fail(`answered ${statusCode} for ${target}`);
      else secure({ ...options, httpSocket: socket }, callback);
    });
    asked.once('response', ({ statusCode }) => fail(`answered ${statusCode} for ${target}`));
    asked.once('timeout', () => fail('does not answer in time'));
    asked.once('error', ({ message }) => fail(`cannot be asked for ${target}: ${message}`));
    asked.end();
  };
}

/** The same request as the proxy is asked for it (RFC 9112, 3.2.2: absolute-form). */
export function throughProxy(proxy: URL, url: URL) {
  const headers: Readonly<Record<string, string>> = { host: url.host, ...authorizationOf(proxy) };
  return { name: proxy.host, origin: proxy.origin, path: `${url.origin}${url.pathname}${url.search}`, headers };
}

function ask(proxy: URL, options: RequestOptions): ClientRequest {
  const bare = new URL(proxy.origin);
  return proxy.protocol === 'https:' ? secureRequest(bare, options) : plainRequest(bare, options);
}

function authorizationOf({ username, password }: URL): Readonly<Record<string, string>> {
  if (username === '') return {};
  return { 'proxy-authorization': basicAuthorization(decodeURIComponent(username), decodeURIComponent(password)) };
}
