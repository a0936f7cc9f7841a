import { execFileSync } from 'node:child_process';
import { chownSync, closeSync, existsSync, mkdirSync, openSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Config } from './config/schema.js';
import { BootlayerError, systemErrorCode } from './errors.js';

/** What a server that root has started may do on its way to being somebody else. */
export type Privileges = {
  /** Does what only root may, such as opening a port below 1024. All of the process is root meanwhile: one at a time. */
  raised<T>(work: () => Promise<T>): Promise<T>;
  /** For good: from now on nothing of root is left. */
  drop(): void;
};

const AS_IT_IS: Privileges = { raised: (work) => work(), drop: () => undefined };

/**
 * Becomes the configured user at once, so that all files are that user's, and keeps the way back open until `drop`. A process
 * that root has not started stays what it is. Throws CONFIG_INVALID, DATA_UNUSABLE.
 */
export function lowerPrivileges(
  { user, data, file, http, api }: Pick<Config, 'user' | 'data' | 'file' | 'http' | 'api'>,
  warn: (text: string) => void,
): Privileges {
  if (user === undefined) return AS_IT_IS;
  const { uid, gid, groups } = idsOfUser(user);
  if (process.geteuid?.() !== 0) {
    if (process.geteuid?.() !== uid) warn(`user: the server cannot become ${user}, since root has not started it`);
    return AS_IT_IS;
  }
  if (uid === 0) return AS_IT_IS;
  process.setgroups?.(groups);
  process.setegid?.(gid);
  process.seteuid?.(uid);
  const { certFile, keyFile } = http.tls ?? {};
  for (const name of [file, certFile, keyFile, api.tokenFile]) if (name !== undefined) requireReadable(name, user);
  makeDataOf(data, uid, gid);
  return {
    raised: async (work) => {
      process.seteuid?.(0);
      try {
        return await work();
      } finally {
        process.seteuid?.(uid);
      }
    },
    drop: () => {
      process.seteuid?.(0);
      process.setgid?.(gid);
      process.setuid?.(uid);
    },
  };
}

/** Where it is missing: only root may put it there, and what leads there stays root's. */
function makeDataOf(data: string, uid: number, gid: number): void {
  if (existsSync(data)) return;
  process.seteuid?.(0);
  process.setegid?.(0);
  try {
    mkdirSync(dirname(data), { recursive: true });
    mkdirSync(data, { mode: 0o750 });
    chownSync(data, uid, gid);
  } catch (cause) {
    throw new BootlayerError('DATA_UNUSABLE', `${data} cannot be made (${systemErrorCode(cause)})`, { cause });
  } finally {
    process.setegid?.(gid);
    process.seteuid?.(uid);
  }
}

/** Each is read anew when it changes: by that user, and not as access(2) asks, by whoever started the server. */
function requireReadable(file: string, user: string): void {
  try {
    closeSync(openSync(file, 'r'));
  } catch (cause) {
    throw new BootlayerError('CONFIG_INVALID', `user: ${user} cannot read ${file} (${systemErrorCode(cause)})`, {
      remedy: `let that user read it, what it includes and the files that it names: chgrp ${user}, chmod g+r`,
      cause,
    });
  }
}

/** By numbers, `65532:65532`, also where nobody knows users, as in a container. Throws CONFIG_INVALID where there is no such user. */
export function idsOfUser(user: string): { readonly uid: number; readonly gid: number; readonly groups: number[] } {
  const numbers = /^(\d{1,9}):(\d{1,9})$/.exec(user)?.slice(1).map(Number);
  const [[uid = 0] = [], [gid = 0] = [], groups = []] =
    numbers === undefined
      ? [idsOf('-u', user), idsOf('-g', user), idsOf('-G', user)]
      : [numbers.slice(0, 1), numbers.slice(1), numbers.slice(1)];
  return { uid, gid, groups };
}

/** Wherever the system's users are (nsswitch.conf(5)), `id` finds them. */
function idsOf(which: '-u' | '-g' | '-G', user: string): number[] {
  try {
    const printed = execFileSync('id', [which, '--', user], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
    return printed.trim().split(' ').map(Number);
  } catch (cause) {
    if (systemErrorCode(cause) === 'ENOENT')
      throw new BootlayerError('CONFIG_INVALID', 'user: the program id, which knows users, is missing', { cause });
    throw new BootlayerError('CONFIG_INVALID', `user: there is no user "${user}" on this host`, {
      remedy: `create it (useradd --system ${user}), or leave "user" out`,
      cause,
    });
  }
}
