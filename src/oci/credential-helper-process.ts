import { type ChildProcess, spawn } from 'node:child_process';
import { systemErrorCode } from '../errors.js';
import { asciiLine } from '../format.js';
import { ANONYMOUS, type Credential } from './credential.js';

/** How long a helper may take: it may have to ask a cloud. */
const MAX_MILLISECONDS = 10_000;
const MAX_BYTES = 64 * 1024;
/** Of what it says to people, in characters: so much is listened to, and so much repeated. */
const MAX_HEARD = 4_096;
const MAX_SAID = 200;
/** The user name by which helpers say that the secret is an identity token (docker-credential-helpers). */
const IDENTITY = '<token>';

/** `said`: what it wrote for people. */
type Answer = { readonly status: number | null; readonly out: string; readonly said: string };

/**
 * What `docker-credential-<name> get` knows of a server; anonymous when it knows nothing. No shell, and bounded: it is
 * ended after ten seconds. Rejects with an Error that holds no secret.
 */
export async function askCredentialHelper(
  name: string,
  server: string,
  { path = process.env.PATH, maxMilliseconds = MAX_MILLISECONDS } = {},
): Promise<Credential> {
  const program = `docker-credential-${name}`;
  const { status, out, said } = await run(program, server, { path, maxMilliseconds });
  if (status === 0) return readAnswer(program, out);
  // The protocol's way of saying so; a status other than 0 goes with it.
  if (/credentials not found/i.test(out)) return ANONYMOUS;
  throw new Error(`${program} ended with status ${status ?? 'of a signal'}${said === '' ? '' : `: ${said}`}`);
}

type Bounds = { readonly path: string | undefined; readonly maxMilliseconds: number };

function run(program: string, input: string, { path, maxMilliseconds }: Bounds): Promise<Answer> {
  return new Promise((resolve, reject) => {
    // A group of its own, so that what it started ends with it.
    const child: ChildProcess = spawn(program, ['get'], {
      stdio: ['pipe', 'pipe', 'pipe'],
      env: { ...process.env, PATH: path },
      detached: true,
    });
    child.on('error', (thrown) => {
      clearTimeout(timer);
      const isMissing = systemErrorCode(thrown) === 'ENOENT';
      reject(new Error(isMissing ? `${program} is not installed` : `${program} cannot be run: ${thrown.message}`));
    });
    const pieces: Buffer[] = [];
    let size = 0;
    const giveUp = (why: string) => {
      endGroup(child.pid);
      child.stdout?.destroy();
      child.stderr?.destroy();
      reject(new Error(`${program} ${why}`));
    };
    const timer = setTimeout(() => giveUp(`did not answer within ${maxMilliseconds / 1000} s`), maxMilliseconds);
    // Without a file descriptor to be had there are no pipes, and the error comes after this.
    child.stdout?.on('data', (piece: Buffer) => {
      pieces.push(piece);
      size += piece.length;
      if (size > MAX_BYTES) giveUp('says far too much');
    });
    let said = '';
    child.stderr?.on('data', (piece: Buffer) => {
      said = `${said}${piece.toString('latin1')}`.slice(0, MAX_HEARD);
    });
    // It may end without reading what it was asked.
    child.stdin?.on('error', () => undefined);
    child.stdin?.end(input);
    child.on('close', (status) => {
      clearTimeout(timer);
      resolve({ status, out: Buffer.concat(pieces).toString('utf8'), said: harmlessWords(said) });
    });
  });
}

/** Without what a shell says of its commands (`set -x`), and what looks like an answer: that would be a secret. */
function harmlessWords(text: string): string {
  const lines = text.split('\n').filter((line) => !/^\s*\+|secret|password|token|[{}]/i.test(line));
  return asciiLine(lines.join(' ')).trim().slice(0, MAX_SAID);
}

function endGroup(pid: number | undefined): void {
  try {
    if (pid !== undefined) process.kill(-pid, 'SIGKILL');
  } catch {
    // It has ended already.
  }
}

function readAnswer(program: string, out: string): Credential {
  try {
    const { Username: username, Secret: secret } = JSON.parse(out) as Readonly<Record<string, unknown>>;
    if (typeof username === 'string' && typeof secret === 'string' && secret !== '') {
      return username === IDENTITY
        ? { kind: 'identity', token: secret }
        : { kind: 'basic', username, password: secret };
    }
  } catch {
    // Its words may hold the secret, and are not repeated.
  }
  throw new Error(`${program} gave no credentials`);
}
