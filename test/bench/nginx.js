import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from '../setup/free-port.js';
import { nginxProgram } from '../setup/parts.js';
import { ChildProcess } from '../setup/process.js';

/**
 * nginx as its users tune it for files: one worker, sendfile, no log.
 * @param {string} root the folder it serves
 * @param {Place} [place]
 */
export function startNginx(root, place) {
  return start([`root ${root}; default_type application/octet-stream;`], { place });
}

/**
 * The same as a cache before a registry that asks once for all who wait.
 * @param {string} upstream `host:port`
 */
export function startCachingNginx(upstream) {
  return start(
    [
      `location / { proxy_pass http://${upstream}; proxy_cache blobs; proxy_cache_lock on; proxy_cache_valid 200 1h;`,
      '  proxy_cache_lock_timeout 300s; proxy_cache_lock_age 300s; proxy_max_temp_file_size 0; }',
    ],
    {
      http: (folder) => `proxy_cache_path ${join(folder, 'cache')} keys_zone=blobs:1m max_size=10g use_temp_path=off;`,
    },
  );
}

/** Where nginx comes from to who is behind it, who knows it by that. */
export const PROXY = '127.0.0.2';

/**
 * Before a server of ours, as deploy/nginx.conf has it: it sends blobs from the cache when it is told to, and by their own paths as well.
 * @param {string} root the folder it serves, in which the cache is
 * @param {{ upstream: string, location: string, cache: string }} behind `upstream`: `host:port`
 */
export function startNginxBefore(root, { upstream, location, cache }) {
  return start(
    [
      `root ${root}; default_type application/octet-stream;`,
      `location ${location} { internal; alias ${cache}/; etag off; add_header ETag $upstream_http_etag; }`,
      `location /blobs/ { proxy_pass http://ours; proxy_bind ${PROXY}; proxy_http_version 1.1; proxy_buffering off;`,
      '  proxy_set_header Connection ""; proxy_set_header X-Forwarded-For $remote_addr; }',
    ],
    { http: () => `upstream ours { server ${upstream}; keepalive 64; }` },
  );
}

/**
 * Where it listens. `within`: a command that runs the rest of its arguments.
 * @typedef {{ address: string, within: readonly string[] }} Place
 */

/** @type {Place} */
const LOOPBACK = { address: '127.0.0.1', within: [] };

/**
 * @param {readonly string[]} server what is in its server block
 * @param {{ http?: (folder: string) => string, place?: Place | undefined }} around `http`: what is around that block
 * @returns {Promise<{ port: number, pid: number, stop: () => Promise<void> }>}
 */
async function start(server, { http = () => '', place: { address, within } = LOOPBACK }) {
  const folder = mkdtempSync(join(tmpdir(), 'bootlayer-nginx-'));
  const port = await freePort();
  const scratch = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
    (name) => `${name}_temp_path ${join(folder, name)};`,
  );
  const config = join(folder, 'nginx.conf');
  writeFileSync(
    config,
    [
      // Without a master, the process that is started is the one that works.
      // Root in a network of our own knows no other users to become.
      `daemon off; master_process off; user root; pid ${join(folder, 'pid')}; error_log stderr notice;`,
      'events { worker_connections 4096; }',
      `http { ${scratch.join(' ')} access_log off; sendfile on; tcp_nopush on; keepalive_requests 1000000;`,
      http(folder),
      `  server { listen ${address}:${port} backlog=4096; ${server.join(' ')} } }`,
    ].join('\n'),
  );
  const [command = '', ...args] = [...within, nginxProgram(), '-e', 'stderr', '-p', folder, '-c', config];
  const child = new ChildProcess(command, args, { name: 'nginx' });
  const stop = async () => {
    await child.stop();
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    await child.waitForLine((line) => (line.includes('using the "epoll"') ? true : undefined), 10);
    return { port, pid: child.pid ?? 0, stop };
  } catch (thrown) {
    await stop();
    throw thrown;
  }
}
