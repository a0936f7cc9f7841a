import { execFile } from 'node:child_process';

/** How long it may take: the kernel answers at once. */
const MAX_MILLISECONDS = 2_000;
/** Each neighbour has about a hundred; Linux keeps a thousand of them unless it is told otherwise (`gc_thresh3`, arp(7)). */
const MAX_BYTES = 16 * 1024 * 1024;

/** The text that `ip -json` prints, or why there is none. */
export type PrintedNeighbours =
  | { readonly kind: 'printed'; readonly text: string }
  | { readonly kind: 'unavailable'; readonly reason: string };

/**
 * The IPv6 neighbours of this host, as iproute2 prints them: Linux has no file of them, as it has of IPv4's. No shell, and bounded.
 * Never rejects.
 */
export function printIp6Neighbours({ path = process.env.PATH, maxMilliseconds = MAX_MILLISECONDS } = {}) {
  return new Promise<PrintedNeighbours>((resolve) => {
    const options = {
      encoding: 'utf8',
      env: { ...process.env, PATH: path },
      timeout: maxMilliseconds,
      killSignal: 'SIGKILL',
      maxBuffer: MAX_BYTES,
    } as const;
    execFile('ip', ['-6', '-json', 'neighbour', 'show'], options, (thrown, text) => {
      if (thrown === null) return resolve({ kind: 'printed', text });
      const { code, killed } = thrown;
      const how =
        code === 'ENOENT'
          ? 'ip (iproute2) is not installed: install it'
          : killed === true
            ? `ip (iproute2) did not answer within ${maxMilliseconds / 1_000} s`
            : `ip -6 -json neighbour show (iproute2) failed (${String(code ?? thrown.signal)})`;
      resolve({ kind: 'unavailable', reason: how });
    });
  });
}
