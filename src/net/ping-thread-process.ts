/**
 * The thread that starts the pings of `Pinger`: a process that is started stops the thread which starts it for as long as the
 * memory of this program takes to be mapped again, some ten milliseconds where it has much.
 */
import { parentPort } from 'node:worker_threads';
import { ping } from './ping-process.js';
import type { PingReply, PingRequest } from './pinger-process.js';

parentPort?.on('message', ({ id, address, maxMilliseconds }: PingRequest) => {
  void ping(address, { maxMilliseconds }).then((pinged) => parentPort?.postMessage({ id, pinged } satisfies PingReply));
});
