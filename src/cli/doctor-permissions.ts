import { stat } from 'node:fs/promises';
import type { Config } from '../config/schema.js';
import type { CheckResult } from './doctor-result.js';
import type { DoctorSite } from './doctor-site.js';

const CHECK = 'permissions';
const OTHERS_READ = 0o004;
const OTHERS_WRITE = 0o002;
/** Of a folder: who may write in it may not take away what others have put there. */
const STICKY = 0o1000;

export type ModeInput = {
  readonly file: string;
  /** Of the configuration. */
  readonly key: string;
  readonly isSecret: boolean;
  /** Missing where there is no such file, which the configuration tells. */
  readonly mode: number | undefined;
};

/** Who may read what is secret, and write what says what machines boot. */
export async function checkPermissions({
  config,
  read,
}: Pick<DoctorSite, 'config' | 'read'>): Promise<readonly CheckResult[]> {
  const modes = await Promise.all(
    filesOf(config, read.included).map(async (one) => ({
      ...one,
      mode: (await stat(one.file).catch(() => undefined))?.mode,
    })),
  );
  return judgeModes(modes);
}

function filesOf(config: Config, included: readonly string[]): readonly Omit<ModeInput, 'mode'>[] {
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

/** Pure. */
export function judgeModes(files: readonly ModeInput[]): readonly CheckResult[] {
  const bad = files.flatMap(({ file, key, isSecret, mode = 0 }): readonly CheckResult[] => {
    const isOpen = (mode & OTHERS_WRITE) !== 0 && (mode & STICKY) === 0;
    if (isOpen) {
      const what = `every user of this host may write ${file} (${key}), and say by it what machines boot`;
      return [{ check: CHECK, state: 'fail', what, remedy: `chmod o-w ${file}` }];
    }
    if (!isSecret || (mode & OTHERS_READ) === 0) return [];
    return [
      {
        check: CHECK,
        state: 'fail',
        what: `every user of this host may read ${file} (${key})`,
        remedy: `chmod o-r ${file}`,
      },
    ];
  });
  if (bad.length > 0) return bad;
  return [
    {
      check: CHECK,
      state: 'ok',
      what: 'what is secret is not open to every user of this host, and nothing can be changed by them',
    },
  ];
}
