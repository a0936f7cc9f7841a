import type { X509Certificate } from 'node:crypto';
import type { Config } from '../config/schema.js';
import { chainIn, doubtsOf } from '../config/tls-pair.js';
import type { CheckResult } from './doctor-result.js';
import type { DoctorSite } from './doctor-site.js';

const CHECK = 'tls';
const DAY = 24 * 3_600_000;
/** As long as nobody is asked to renew it. */
const SOON_DAYS = 14;

/** Whether firmware and iPXE take what the HTTPS listener shows. */
export function checkTls({ config, tls }: Pick<DoctorSite, 'config' | 'tls'>): readonly CheckResult[] {
  if (config.http.tls === undefined) return [{ check: CHECK, state: 'skipped', what: 'http.tls is not set' }];
  // What is wrong with the files themselves is told with the configuration.
  if (tls === undefined) return [{ check: CHECK, state: 'skipped', what: 'there is no certificate to be judged' }];
  return judgeChain(chainIn(tls.cert), {
    file: config.http.tls.certFile,
    advertise: config.advertise,
    now: new Date(),
  });
}

type About = { readonly file: string; readonly advertise: Config['advertise']; readonly now: Date };

/** The server's own certificate comes first. Pure. */
export function judgeChain(chain: readonly X509Certificate[], { file, advertise, now }: About): readonly CheckResult[] {
  const doubts = doubtsOf(chain, { advertise, now }).map(
    ({ isForAll, text }): CheckResult => ({
      check: CHECK,
      state: isForAll ? 'fail' : 'warn',
      what: `${file}: ${text}`,
    }),
  );
  const more = [...soonOver(chain, now), ...withoutRoot(chain)].map(
    ({ what, remedy }): CheckResult => ({ check: CHECK, state: 'warn', what: `${file}: ${what}`, remedy }),
  );
  const [own] = chain;
  if (doubts.length + more.length > 0 || own === undefined) return [...doubts, ...more];
  const what = `${file}: ${chain.length} certificate${chain.length === 1 ? '' : 's'}, good until ${own.validTo}`;
  return [{ check: CHECK, state: 'ok', what }];
}

type Doubt = { readonly what: string; readonly remedy: string };

function soonOver(chain: readonly X509Certificate[], now: Date): readonly Doubt[] {
  return chain.flatMap(({ validTo }, position) => {
    const days = Math.floor((Date.parse(validTo) - now.getTime()) / DAY);
    if (days < 0 || days >= SOON_DAYS) return [];
    const which = position === 0 ? 'the certificate' : `certificate ${position + 1}`;
    return [
      { what: `${which} ends in ${days} d, at ${validTo}`, remedy: 'renew it: the server takes the new file at once' },
    ];
  });
}

/** iPXE knows a root of the operator's own by its fingerprint alone, and has to be shown it (iPXE: src/crypto/x509.c). */
function withoutRoot(chain: readonly X509Certificate[]): readonly Doubt[] {
  const last = chain.at(-1);
  if (last === undefined || last.checkIssued(last)) return [];
  return [
    {
      what: 'the root that proves it is not in it, without which iPXE does not believe it unless the root is built in',
      remedy: 'put the certificates of those who prove it behind it, the root last',
    },
  ];
}
