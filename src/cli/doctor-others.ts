import { waitFor } from '../clock.js';
import type { Config } from '../config/schema.js';
import type { Answerer } from '../dhcp/boot-look.js';
import { DiscoveryPort } from '../dhcp/discovery-socket.js';
import { PORT } from '../dhcp/ports.js';
import { systemErrorCode } from '../errors.js';
import { ALL_IP4 } from '../net/endpoint.js';
import type { ServedInterface } from '../pxe/served-interfaces.js';
import type { CheckResult } from './doctor-result.js';
import type { DoctorSite } from './doctor-site.js';
import { inOneLine } from './output.js';

const CHECK = 'others';

/** Who else answers machines, by asking as one would; nobody is given an address by that, and ours does not answer it. */
export async function checkOthers({ config, decided, served }: DoctorSite): Promise<readonly CheckResult[]> {
  const skipped = (what: string): readonly CheckResult[] => [{ check: CHECK, state: 'skipped', what }];
  const { listen = { host: ALL_IP4, port: PORT.server } } = config.dhcp ?? {};
  if (decided.kind === 'refused' && served.length === 0) return skipped(`nobody is looked for: ${decided.reason}`);
  if (listen.port !== PORT.server || listen.host !== ALL_IP4)
    return skipped('dhcp.listen is not where machines broadcast to: nobody is looked for');
  const ours = served.map(({ address }) => address);
  return (await Promise.all(served.map((at) => look(at, ours, config.dhcp)))).flat();
}

async function look(
  at: ServedInterface,
  ours: readonly string[],
  dhcp: Config['dhcp'],
): Promise<readonly CheckResult[]> {
  let port: DiscoveryPort;
  try {
    port = await DiscoveryPort.open(at.address);
  } catch (thrown) {
    return [unseen(at, thrown)];
  }
  try {
    const found = await port.lookForBoot((milliseconds) => waitFor(milliseconds, undefined), ours);
    return judgeOthers(found, at, dhcp);
  } finally {
    await port.close();
  }
}

type Place = Pick<ServedInterface, 'name' | 'address'>;

/** `thrown`: of the system, that the port of clients cannot be had. Pure. */
export function unseen({ name }: Pick<Place, 'name'>, thrown: unknown): CheckResult {
  const code = systemErrorCode(thrown);
  const [why, remedy] = WHY_UNSEEN[code ?? ''] ?? [code ?? String(thrown), `see that ${name} is up, and try again`];
  const what = `who else answers on ${name} cannot be seen: port ${PORT.client} cannot be had (${why})`;
  return { check: CHECK, state: 'skipped', what, remedy };
}

const WHY_UNSEEN: Readonly<Record<string, readonly [string, string]>> = {
  EACCES: ['this user may not open it', 'run it as root, or with CAP_NET_BIND_SERVICE'],
  // Most DHCP clients share it (SO_REUSEADDR): one that does not is meant.
  EADDRINUSE: [
    'another program, such as a DHCP client of this host, has it for itself',
    `end that for as long as doctor runs ("ss -lunp sport = :${PORT.client}" names it), or give this host a fixed address`,
  ],
};

/** Pure. `dhcp`: what this server is to answer there. */
export function judgeOthers(found: readonly Answerer[], at: Place, dhcp: Config['dhcp']): readonly CheckResult[] {
  const givers = found.filter(({ address }) => address !== undefined);
  const judged = found.map((one) => judgeOne(one, at, dhcp));
  if (dhcp?.mode === 'server') {
    if (found.length > 0) return judged;
    return [{ check: CHECK, state: 'ok', what: `nobody else answers on ${at.name}` }];
  }
  const alone: CheckResult = {
    ...{ check: CHECK, state: 'warn', what: `nobody gives addresses on ${at.name}, without which no machine boots` },
    remedy: 'see that a DHCP server runs there, or set dhcp.mode to server, with dhcp.subnets',
  };
  const untold: CheckResult = {
    ...{ check: CHECK, state: 'warn', what: `nobody on ${at.name} tells machines what to load` },
    remedy: 'set dhcp.mode to proxy, or have the DHCP server name this host and the file of iPXE',
  };
  const isUntold = dhcp === undefined && givers.length > 0 && found.every(({ boot }) => boot === undefined);
  return [...judged, ...(givers.length === 0 ? [alone] : []), ...(isUntold ? [untold] : [])];
}

function judgeOne(one: Answerer, at: Place, dhcp: Config['dhcp']): CheckResult {
  const what = describe(one, at);
  const { address, boot } = one;
  if (dhcp?.mode === 'server' && address !== undefined && !dhcp.allowOtherServers) {
    const remedy = 'end it, set dhcp.mode to proxy to boot machines beside it, or set dhcp.allowOtherServers to true';
    return { check: CHECK, state: 'fail', what: `${what}, and this server will not start beside it`, remedy };
  }
  if (boot === undefined) return { check: CHECK, state: 'ok', what };
  // That is how machines come here where nothing of ours answers DHCP.
  if (dhcp === undefined && (boot.from === undefined || boot.from === at.address))
    return { check: CHECK, state: 'ok', what };
  if (dhcp === undefined) {
    const remedy = `have it name ${at.address} (next-server), or set dhcp.mode to proxy and take what it says of booting out of it`;
    return { check: CHECK, state: 'warn', what: `${what}, which is not this host's ${at.address}`, remedy };
  }
  const remedy =
    'take what it says of booting out of it (next-server, filename, options 43, 60, 66, 67), or end it, unless it is meant';
  return {
    check: CHECK,
    state: 'warn',
    what: `${what}: machines may take that in place of what this server says`,
    remedy,
  };
}

/** `192.168.77.2 gives addresses on br0, and tells machines to load pxelinux.0 from 192.168.77.9` */
function describe({ server, from, address, boot }: Answerer, { name }: Place): string {
  const whose = server === from ? server : `${server} (by ${from})`;
  const gives = address === undefined ? [] : ['gives addresses'];
  const tells =
    boot === undefined
      ? []
      : [
          `tells machines to load ${boot.file ?? 'what its port 4011 says'}${boot.from === undefined ? '' : ` from ${boot.from}`}`,
        ];
  return inOneLine(`${whose} ${[...gives, ...tells].join(', and ')}, on ${name}`);
}
