import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { nginxProgram } from '../setup/parts.js';
import { ChildProcess } from '../setup/process.js';
import { freePort } from '../setup/registry.js';

/**
 * nginx as its users tune it for files: one worker, sendfile, no log.
 * @param {string} root the folder it serves
 * @returns {Promise<{ port: number, pid: number, stop: () => Promise<void> }>}
 */
export async function startNginx(root) {
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
      `daemon off; master_process off; pid ${join(folder, 'pid')}; error_log stderr notice;`,
      'events { worker_connections 4096; }',
      `http { ${scratch.join(' ')} access_log off; sendfile on; tcp_nopush on; keepalive_requests 1000000;`,
      `  server { listen 127.0.0.1:${port} backlog=4096; root ${root}; default_type application/octet-stream; } }`,
    ].join('\n'),
  );
  const child = new ChildProcess(nginxProgram(), ['-e', 'stderr', '-p', folder, '-c', config], { name: 'nginx' });
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
