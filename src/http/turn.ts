import { once } from 'node:events';
import type { ServerResponse } from 'node:http';

/**
 * Resolves when it is this response's turn on its connection: requests that came in one go (pipelining) wait behind each
 * other, and nothing is to be opened for those that wait. Rejects when the client is gone.
 */
export async function turnOf(response: ServerResponse, gone: AbortSignal): Promise<void> {
  gone.throwIfAborted();
  if (response.socket !== null) return;
  await once(response, 'socket', { signal: gone }).catch((thrown: unknown) => {
    // Node has an error of its own for that, which says nothing.
    gone.throwIfAborted();
    throw thrown;
  });
}
