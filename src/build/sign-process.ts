import { spawn } from 'node:child_process';
import { BootlayerError, systemErrorCode } from '../errors.js';
import { asciiLine } from '../format.js';

/** What a program of UEFI is signed with for Secure Boot, both PEM. */
export type SigningFiles = { readonly key: string; readonly cert: string };

/** Of what it says, in characters. */
const MAX_HEARD = 16 * 1024;
const MAX_SAID = 200;

/**
 * Signs a program by `sbsign`, which asks at the terminal for the passphrase of a key that has one. Throws USAGE where it is not
 * installed or fails, and the signal's reason.
 */
export async function signProgram(
  { unsigned, signed }: { readonly unsigned: string; readonly signed: string },
  { key, cert }: SigningFiles,
  { signal, path = process.env.PATH }: { readonly signal: AbortSignal; readonly path?: string | undefined },
): Promise<void> {
  signal.throwIfAborted();
  const { status, said } = await run(['--key', key, '--cert', cert, '--output', signed, unsigned], { signal, path });
  signal.throwIfAborted();
  if (status === 0) return;
  throw new BootlayerError('USAGE', `sbsign cannot sign the UKI: ${lastWords(said) || `it ended with ${status}`}`, {
    remedy: 'see that key and certificate are PEM and belong together',
  });
}

type Run = { readonly signal: AbortSignal; readonly path: string | undefined };

function run(
  args: readonly string[],
  { signal, path }: Run,
): Promise<{ readonly status: number | string; readonly said: string }> {
  return new Promise((resolve, reject) => {
    const child = spawn('sbsign', args, {
      stdio: ['ignore', 'ignore', 'pipe'],
      env: { ...process.env, PATH: path },
    });
    let said = '';
    const done = (status: number | null, ended: NodeJS.Signals | null) => {
      signal.removeEventListener('abort', end);
      child.stderr.destroy();
      resolve({ status: status ?? ended ?? 1, said });
    };
    const hasExited = () => child.exitCode !== null || child.signalCode !== null;
    // What it started itself may hold its stderr open: whoever ends it does not wait for that.
    const end = () => (hasExited() ? done(child.exitCode, child.signalCode) : void child.kill());
    signal.addEventListener('abort', end, { once: true });
    child.on('error', (cause) => {
      signal.removeEventListener('abort', end);
      reject(cannotRun(cause));
    });
    child.stderr.on('data', (piece: Buffer) => {
      said = `${said}${piece.toString('latin1')}`.slice(-MAX_HEARD);
    });
    child.on('exit', (status, ended) => {
      if (signal.aborted) done(status, ended);
    });
    child.on('close', done);
  });
}

function cannotRun(cause: unknown): BootlayerError {
  const code = systemErrorCode(cause);
  const [what, remedy] =
    code === 'ENOENT'
      ? ['sbsign, which signs, is not installed', 'install sbsigntool (Debian, Ubuntu) or sbsigntools (Fedora)']
      : [`sbsign, which signs, cannot be run (${code})`, 'see that this user may run it'];
  return new BootlayerError('USAGE', what, { remedy, cause });
}

/** Its last line. Those of OpenSSL, by which it says what it means once more, are for programmers. */
function lastWords(said: string): string {
  const lines = said.split('\n').filter((line) => line.trim() !== '' && !/^[0-9A-F]+:error:/i.test(line));
  return asciiLine(lines.at(-1) ?? '')
    .trim()
    .slice(0, MAX_SAID);
}
