import type { CheckResult } from './doctor-result.js';
import type { DoctorSite } from './doctor-site.js';

const CHECK = 'server';

/** Whether the server of this configuration runs: what it holds is no fault then. Pure. */
export function judgeServer({ server, config }: Pick<DoctorSite, 'server' | 'config'>): CheckResult {
  switch (server.kind) {
    case 'ready':
      return { check: CHECK, state: 'ok', what: `it runs, and is ready at ${server.url}` };
    case 'unready':
      return {
        ...{ check: CHECK, state: 'warn', what: `it runs at ${server.url}, and is not ready` },
        remedy: 'it begins or ends: see its log, and try again',
      };
    case 'other':
      return {
        ...{ check: CHECK, state: 'fail', what: `another program answers at ${server.url}` },
        remedy: 'end it (ss -lnp names it), or set api.listen and http.listen to other ports',
      };
    case 'none':
      return { check: CHECK, state: 'skipped', what: 'it does not run: what it will find is looked at without it' };
    case 'unknown':
      return {
        ...{ check: CHECK, state: 'skipped' },
        what: `the system chooses the ports of api.listen and http.listen, so that ${config.file} does not say where to ask`,
      };
  }
}
