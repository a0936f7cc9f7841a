import { Readable } from 'node:stream';
import type { ReadableStream } from 'node:stream/web';
import { systemClock } from '../clock.js';
import { BootlayerError } from '../errors.js';
import { StateCopies } from '../store/copy-database.js';
import { authorization, type ServerApi } from './api-server.js';
import { errorIn } from './ask-server.js';

/** A copy of a state, `size` bytes. Whoever has it destroys them in the end. */
export type CopyOfState = { readonly size: number; readonly bytes: Readable };

const TYPE = 'application/vnd.sqlite3';

/**
 * What the server gives; undefined where none answers, or something that is none of ours. `file`: of no other state. Throws the
 * error that it tells.
 */
export async function copyFromServer(
  api: ServerApi,
  { file, signal }: { readonly file?: string; readonly signal: AbortSignal },
): Promise<CopyOfState | undefined> {
  const query = file === undefined ? '' : `?${new URLSearchParams({ file })}`;
  const asked = { headers: authorization(api), signal, redirect: 'error' } as const;
  const response = await fetch(`${api.url}/api/v1/state/backup${query}`, asked).catch(() => {
    signal.throwIfAborted();
    return undefined;
  });
  if (response === undefined) return undefined;
  const { ok, headers, body } = response;
  const size = Number(headers.get('content-length') ?? Number.NaN);
  if (ok && body !== null && headers.get('content-type') === TYPE && Number.isSafeInteger(size)) {
    return { size, bytes: Readable.fromWeb(body as ReadableStream<Uint8Array>) };
  }
  const told = errorIn(await response.json().catch(() => undefined));
  if (told !== undefined) throw told;
  return undefined;
}

/** Without a server, or beside one that does not answer. Throws NOT_FOUND, DATA_UNUSABLE, DISK_FULL. */
export async function copyFromFile(file: string): Promise<CopyOfState> {
  const { size, file: copy } = await new StateCopies(file, { name: `-${process.pid}` }).make(systemClock.now());
  return { size, bytes: copy.createReadStream() };
}

/** `told`: of how many bytes came. Throws SERVER_UNREACHABLE when they end too early. */
export async function* wholeOf(
  { size, bytes }: CopyOfState,
  told: (sent: number) => void,
): AsyncGenerator<Uint8Array, void> {
  let sent = 0;
  try {
    for await (const piece of bytes as AsyncIterable<Uint8Array>) {
      sent += piece.byteLength;
      told(sent);
      yield piece;
    }
  } catch (cause) {
    throw cutOff(sent, size, cause);
  }
  if (sent !== size) throw cutOff(sent, size);
}

function cutOff(sent: number, size: number, cause?: unknown): BootlayerError {
  return new BootlayerError('SERVER_UNREACHABLE', `the copy broke off after ${sent} of ${size} bytes`, {
    remedy: "see the server's log, and try again",
    cause,
  });
}
