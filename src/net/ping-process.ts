import { spawn } from 'node:child_process';
import type { IpAddress } from './ip.js';

/** `failed`: whether anybody answers cannot be found out by it. */
export type Pinged =
  | { readonly kind: 'answered' }
  | { readonly kind: 'quiet' }
  | { readonly kind: 'failed'; readonly reason: string };

export type PingOptions = {
  /** Where `ping` is looked for. */
  readonly path?: string | undefined;
  readonly maxMilliseconds?: number;
};

/** Whoever is on the network answers within milliseconds; a machine that waits for an address does not wait for long. */
export const MAX_PING_MILLISECONDS = 500;
/** iputils says by 2 that it could not even ask; busybox has 1 for that too. */
const NO_ANSWER = 1;

/**
 * Whether anybody answers at an address, by the system's `ping`, as iputils and busybox have it: to send ICMP itself takes rights
 * that this program has not. No shell, and bounded. Never rejects.
 */
export function ping(
  address: IpAddress,
  { path = process.env.PATH, maxMilliseconds = MAX_PING_MILLISECONDS }: PingOptions = {},
): Promise<Pinged> {
  return new Promise((resolve) => {
    const child = spawn('ping', ['-n', '-c', '1', '-W', '1', address], {
      env: { ...process.env, PATH: path },
      stdio: 'ignore',
    });
    // One that does not even end by that is not waited for.
    const late = setTimeout(() => {
      child.kill('SIGKILL');
      resolve({ kind: 'quiet' });
    }, maxMilliseconds);
    child.once('error', (thrown: NodeJS.ErrnoException) => {
      clearTimeout(late);
      const isMissing = thrown.code === 'ENOENT';
      const reason = isMissing
        ? 'ping is not installed: install iputils-ping'
        : `ping cannot run (${thrown.code}): see that this user may run it`;
      resolve({ kind: 'failed', reason });
    });
    child.once('exit', (status, signal) => {
      clearTimeout(late);
      if (status === 0) resolve({ kind: 'answered' });
      else if (status === NO_ANSWER) resolve({ kind: 'quiet' });
      else {
        const reason = `ping failed (${status ?? signal}): see that this user may run it, and that a route leads there`;
        resolve({ kind: 'failed', reason });
      }
    });
  });
}
