import { readFile, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Config } from '../config/schema.js';
import { credentialFiles } from '../oci/disk-credentials.js';
import type { Awaited, CheckResult } from './doctor-result.js';
import type { DoctorSite } from './doctor-site.js';
import { findServerUser, idsOrNone, ownName, type ServerUser } from './doctor-user.js';
import { mayUse, type Owned, RIGHT } from './file-rights.js';

const CHECK = 'permissions';
const OTHERS_READ = 0o004;
const OTHERS_WRITE = 0o002;
const GROUP_WRITE = 0o020;
/** Of a folder: who may write in it may not take away what others have put there. */
const STICKY = 0o1000;

type NamedFile = {
  readonly file: string;
  /** Of the configuration. */
  readonly key: string;
  readonly isSecret: boolean;
  /** Of whoever runs doctor, and not for the server. */
  readonly isOwn?: true;
};

export type ModeInput = NamedFile & {
  /** Missing where there is no such file, which the configuration tells. */
  readonly owned: Owned | undefined;
  /** The folders that lead there, the nearest first. */
  readonly above: readonly FolderAbove[];
};

type FolderAbove = Owned & { readonly folder: string };

/** Who may read what is secret, write what says what machines boot, and whether the server may use what it needs. */
export async function checkPermissions(
  { config, read }: Pick<DoctorSite, 'config' | 'read'>,
  awaited: Awaited,
): Promise<readonly CheckResult[]> {
  const files = [...filesOf(config, read.included), ...(await ownCredentials())];
  const looked = await Promise.all(files.map((one) => awaited.by(`the disk of ${one.file}`, lookAt(one))));
  const user = await findServerUser(config);
  const unusable = user === undefined ? [] : judgeRights(looked, user, config.data);
  const [first, ...more] = [...judgeModes(looked, isOwnGroup), ...unusable];
  if (first?.state !== 'ok') return [...(first === undefined ? [] : [first]), ...more];
  const whose = user === undefined ? '' : `, and judged for ${describeUser(user)}`;
  return [{ ...first, what: `${first.what}: looked at as ${ownName()}${whose}` }, ...more];
}

async function lookAt(one: NamedFile): Promise<ModeInput> {
  const owned = (path: string) => stat(path).catch(() => undefined);
  const above = await Promise.all(
    foldersAbove(one.file).map(async (folder) => {
      const found = await owned(folder);
      return found === undefined ? [] : [{ folder, mode: found.mode, uid: found.uid, gid: found.gid }];
    }),
  );
  return { ...one, owned: await owned(one.file), above: above.flat() };
}

function foldersAbove(path: string): readonly string[] {
  const folder = dirname(path);
  return folder === path ? [] : [folder, ...foldersAbove(folder)];
}

/** Of Podman and docker, where they hold a password and not only who knows it. */
async function ownCredentials(): Promise<readonly NamedFile[]> {
  const files = credentialFiles(process.env).map(async ({ path: file }): Promise<readonly NamedFile[]> => {
    const text = await readFile(file, 'utf8').catch(() => '');
    const holds = /"(auth|identitytoken|registrytoken|password)"\s*:\s*"./.test(text);
    return holds ? [{ file, key: 'credentials of registries', isSecret: true, isOwn: true }] : [];
  });
  return (await Promise.all(files)).flat();
}

/** A group of the owner's own gives nobody else anything; root's has nobody in it. */
function isOwnGroup({ uid, gid }: Owned): boolean {
  return gid === 0 || gid === uid || idsOrNone(String(uid))?.gid === gid;
}

function filesOf(config: Config, included: readonly string[]): readonly NamedFile[] {
  const { file, data, api, http, registries, provisions, assignments } = config;
  const secret = (key: string, name: string | undefined) =>
    name === undefined ? [] : [{ key, file: name, isSecret: true }];
  const open = (key: string, name: string | undefined) =>
    name === undefined ? [] : [{ key, file: name, isSecret: false }];
  const handed = [...provisions.values(), ...assignments.flatMap(({ provision }) => provision ?? [])];
  const all = [
    ...open('the configuration', file),
    ...included.flatMap((one) => open('include', one)),
    ...open('data', data),
    ...secret('api.tokenFile', api.tokenFile),
    ...secret('http.tls.key', http.tls?.keyFile),
    ...open('http.tls.cert', http.tls?.certFile),
    ...[...registries].flatMap(([host, one]) => secret(`registries.${host}`, one.credentials?.passwordFile)),
    ...handed.flatMap(({ secrets }) =>
      Object.values(secrets).flatMap((one) => secret('a secret of provision', one.file)),
    ),
    ...handed.flatMap(({ documents }) => documents.flatMap((one) => open(`provision.${one.key}`, one.file))),
  ];
  return [...new Map(all.map((one) => [one.file, one])).values()];
}

/** `isOwn`: whether the group of a file has nobody in it but its owner. Pure. */
export function judgeModes(files: readonly ModeInput[], isOwn: (owned: Owned) => boolean): readonly CheckResult[] {
  const above = new Map(
    files.flatMap(({ file, above }) => above.map(({ folder, ...owned }) => [folder, { file, owned }] as const)),
  );
  const bad = [
    ...files.flatMap((one) => judgeFile(one, isOwn)),
    ...[...above].flatMap(([folder, { file, owned }]) =>
      judgeWriters(owned, { path: folder, what: `in ${folder}, and put another ${file} there`, isOwn }),
    ),
  ];
  if (bad.length > 0) return bad;
  const what = 'what is secret is not open to every user of this host, and nothing can be changed by others';
  return [{ check: CHECK, state: 'ok', what }];
}

function judgeFile(
  { file, key, isSecret, owned }: ModeInput,
  isOwn: (owned: Owned) => boolean,
): readonly CheckResult[] {
  if (owned === undefined) return [];
  const writers = judgeWriters(owned, {
    path: file,
    what: `${file} (${key}), and say by it what machines boot`,
    isOwn,
  });
  if (writers.length > 0 || !isSecret || (owned.mode & OTHERS_READ) === 0) return writers;
  const what = `every user of this host may read ${file} (${key})`;
  return [{ check: CHECK, state: 'fail', what, remedy: `chmod o-r ${file}` }];
}

type Writable = { readonly path: string; readonly what: string; readonly isOwn: (owned: Owned) => boolean };

function judgeWriters(owned: Owned, { path, what, isOwn }: Writable): readonly CheckResult[] {
  const { mode, gid } = owned;
  if ((mode & STICKY) !== 0) return [];
  if ((mode & OTHERS_WRITE) !== 0) {
    const said = `every user of this host may write ${what}`;
    return [{ check: CHECK, state: 'fail', what: said, remedy: `chmod o-w ${path}` }];
  }
  if ((mode & GROUP_WRITE) === 0 || isOwn(owned)) return [];
  const said = `whoever is in the group ${gid} may write ${what}`;
  return [{ check: CHECK, state: 'warn', what: said, remedy: `chmod g-w ${path}, unless that group is to decide it` }];
}

/** What the server needs, and its user may not use by the modes. Pure. */
export function judgeRights(files: readonly ModeInput[], user: ServerUser, data: string): readonly CheckResult[] {
  return files.flatMap(({ file, key, isOwn, owned, above }): readonly CheckResult[] => {
    if (isOwn === true || owned === undefined) return [];
    const isData = file === data;
    const closed = above.find((folder) => !mayUse(folder, user, RIGHT.pass));
    const wanted = isData ? RIGHT.read + RIGHT.write + RIGHT.pass : RIGHT.read;
    if (closed === undefined && mayUse(owned, user, wanted)) return [];
    const what = `${describeUser(user)} may not ${isData ? 'write in' : 'read'} ${file} (${key})`;
    const where = closed === undefined ? '' : `: ${closed.folder} does not let it through`;
    const mend = `chgrp ${user.gid} ${closed?.folder ?? file} && chmod g+${closed === undefined ? 'r' : 'x'} ${closed?.folder ?? file}`;
    const remedy = isData && closed === undefined ? `chown -R ${user.uid}:${user.gid} ${file}` : mend;
    return [{ check: CHECK, state: 'warn', what: `${what}${where}`, remedy }];
  });
}

function describeUser({ name, from }: ServerUser): string {
  return from === 'user' ? `${name} (user)` : `${name}, whose the data folder is,`;
}
