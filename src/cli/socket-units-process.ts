import { execFile } from 'node:child_process';
import { parseSocketUnits, type SocketUnit } from './socket-units.js';

const MAX_MILLISECONDS = 2_000;
const MAX_BYTES = 1024 * 1024;

/** As systemd tells everybody; undefined where it does not, or is not there. No shell, and bounded. Never rejects. */
export function listSocketUnits(): Promise<readonly SocketUnit[] | undefined> {
  const options = { encoding: 'utf8', timeout: MAX_MILLISECONDS, killSignal: 'SIGKILL', maxBuffer: MAX_BYTES } as const;
  const asked = ['list-sockets', '--show-types', '--no-legend', '--no-pager', '--plain', '--full'];
  return new Promise((resolve) => {
    execFile('systemctl', asked, options, (thrown, text) =>
      resolve(thrown === null ? parseSocketUnits(text) : undefined),
    );
  });
}
