import { stat } from 'node:fs/promises';
import { userInfo } from 'node:os';
import type { Config } from '../config/schema.js';
import { idsOfUser } from '../privileges-process.js';
import type { Rights } from './file-rights.js';

/** Who the server is, as far as that can be told without it. */
export type ServerUser = Rights & {
  readonly name: string;
  /** Of the configuration, so that root starts it; or whose the data folder is. */
  readonly from: 'user' | 'data';
};

/** Undefined where it is whoever runs doctor, or nothing tells. Never rejects. */
export async function findServerUser({ user, data }: Pick<Config, 'user' | 'data'>): Promise<ServerUser | undefined> {
  const own = process.geteuid?.();
  if (user !== undefined) {
    const ids = idsOrNone(user);
    return ids === undefined || ids.uid === own ? undefined : { ...ids, name: user, from: 'user' };
  }
  const owned = await stat(data).catch(() => undefined);
  if (owned === undefined || owned.uid === own) return undefined;
  const { uid, gid } = owned;
  const ids = idsOrNone(String(uid)) ?? { uid, gid, groups: [gid] };
  return { ...ids, name: `the user ${uid}`, from: 'data' };
}

/** That there is no such user, the configuration tells. */
export function idsOrNone(user: string): Rights | undefined {
  try {
    return idsOfUser(user);
  } catch {
    return undefined;
  }
}

/** Who runs doctor. */
export function ownName(): string {
  try {
    return userInfo().username;
  } catch {
    return `the user ${process.geteuid?.()}`;
  }
}
