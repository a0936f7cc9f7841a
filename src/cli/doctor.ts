import { Command } from 'commander';
import { systemClock } from '../clock.js';
import { PORT } from '../dhcp/ports.js';
import { BootlayerError } from '../errors.js';
import { counted, harmless } from '../format.js';
import { ipxeFolders } from '../ipxe-folders.js';
import { type CommonOptions, withCommonOptions, withJson } from './common.js';
import { checkAdvertise } from './doctor-advertise.js';
import { checkCapabilities } from './doctor-capabilities.js';
import { judgeClock } from './doctor-clock.js';
import { checkDhcp } from './doctor-dhcp.js';
import { checkDisk } from './doctor-disk.js';
import { judgeImages, lookAtImages } from './doctor-images.js';
import { checkIpxe } from './doctor-ipxe.js';
import { checkOthers } from './doctor-others.js';
import { replayCapture } from './doctor-pcap.js';
import { checkPermissions } from './doctor-permissions.js';
import { checkPorts } from './doctor-ports.js';
import { askRegistries } from './doctor-registries.js';
import {
  Awaited,
  bounded,
  CHECKS,
  type CheckResult,
  type CheckState,
  failed,
  inOrder,
  warned,
} from './doctor-result.js';
import { judgeServer } from './doctor-server.js';
import { type DoctorSite, readSite } from './doctor-site.js';
import { checkTls } from './doctor-tls.js';
import { emphasize, type Output, standardOutput, writeJson, writeLine } from './output.js';

type DoctorOptions = CommonOptions & { readonly strict?: true; readonly json?: true; readonly pcap?: string };

export function doctorCommand(): Command {
  return withJson(withCommonOptions(new Command('doctor')))
    .description('look at what usually keeps machines from booting on this host, and say how to mend it')
    .option('--strict', 'take warnings for failures')
    .option(
      '--pcap <file>',
      'replay a capture: what was said, what this server would say, and where each machine stopped',
    )
    .addHelpText('after', HELP)
    .action(doctor);
}

const HELP = `
It looks at ${CHECKS.slice(0, -1).join(', ')} and ${CHECKS.at(-1)}, beside a running
server or without one, for some five seconds, and changes nothing. Each port is opened and closed again where nobody has it; on the
interfaces that DHCP is answered on, others are looked for by a DISCOVER as firmware sends it, which takes root or CAP_NET_BIND_SERVICE.
Run it as the user that the server runs as, or as root.

With --pcap, a capture of pcap or pcapng is replayed in place of that: what machines asked and were answered by DHCP, TFTP and HTTP, what
the server of this configuration would say (left out where there is none), which offer they take, and where each of them stopped. Take it
where the machines are, with all of UDP, since TFTP sends from ports of its own:
  tcpdump -i br0 -w boot.pcap 'udp or icmp or tcp port 8080'
  bootlayer doctor --pcap boot.pcap

Exit status: 0 nothing failed, or no machine stopped; 1 something did, or with --strict, there are warnings; 2 the configuration is
wrong, or the file is no capture.`;

async function doctor(options: DoctorOptions): Promise<void> {
  if (options.pcap !== undefined) {
    await replayCapture(options.pcap, options);
    return;
  }
  // A name server that is silent is waited for by the C library, for half a minute unless it is told otherwise (resolv.conf(5)).
  process.env['RES_OPTIONS'] ??= 'timeout:1 attempts:2';
  const output = standardOutput();
  const site = await readSite(options).catch((thrown: unknown) => {
    if (options.json && thrown instanceof BootlayerError) {
      const { code, message, details = [] } = thrown;
      writeJson(output, { refused: { code, message, problems: details } });
    }
    throw thrown;
  });
  const results = inOrder(await findAll(site));
  const count = (state: CheckState) => results.filter((one) => one.state === state).length;
  const [failures, warnings] = [count('fail'), count('warn')];
  if (options.json) writeJson(output, { file: site.config.file, failures, warnings, results });
  else {
    for (const result of results) writeResult(output, result);
    writeLine(output, `${counted(failures, 'failure')}, ${counted(warnings, 'warning')}, ${count('ok')} ok`);
  }
  // What is to be done stands on standard output, with what it is about.
  if (failures > 0 || (options.strict && warnings > 0)) process.exitCode = 1;
}

/** All at once. Never rejects. */
async function findAll(site: DoctorSite): Promise<readonly CheckResult[]> {
  const asked = new Awaited();
  const registries = askRegistries(site, asked);
  const images = lookAtImages(site);
  const known = images.catch(() => undefined);
  // Those that are still to answer, each by its name.
  const ofRegistries = (awaited: Awaited) => awaited.all(asked, registries);
  const { data, cache } = site.config;
  const found = await Promise.all([
    bounded('configuration', async () => judgeConfiguration(site)),
    bounded('server', async () => [judgeServer(site)]),
    bounded('ports', (awaited) => checkPorts(site, awaited)),
    bounded('capabilities', (awaited) =>
      awaited.by('ping and what /proc says of this process', checkCapabilities(site)),
    ),
    bounded('advertise', (awaited) => awaited.by('name servers, and who listens at advertise', checkAdvertise(site))),
    bounded('dhcp', async () => checkDhcp(site)),
    bounded('others', (awaited) => awaited.by(`port ${PORT.client}, and who is asked by it`, checkOthers(site))),
    bounded('ipxe', async (awaited) => {
      const report = await awaited.by('what is mapped', known);
      return awaited.by(`the disks of ${ipxeFolders(site.config).join(', ')}`, checkIpxe(site, report));
    }),
    bounded('registries', async (awaited) => (await ofRegistries(awaited)).results),
    bounded('images', async (awaited) =>
      judgeImages(await awaited.by('what is mapped', images), (await ofRegistries(awaited)).failing, cache.maxSize),
    ),
    bounded('disk', (awaited) => awaited.by(`the disk of ${data}`, checkDisk(site))),
    bounded('clock', async (awaited) => judgeClock(systemClock.now(), (await ofRegistries(awaited)).times)),
    bounded('permissions', (awaited) => checkPermissions(site, awaited)),
    bounded('tls', async () => checkTls(site)),
  ]);
  return found.flat();
}

/** What is read and judged without this host. */
function judgeConfiguration({ config, warnings, refusal }: DoctorSite): readonly CheckResult[] {
  // Those of files are told by who looks at the files.
  const own = warnings.filter((text) => !/^(http\.tls\.cert|api\.tokenFile): /.test(text));
  if (refusal !== undefined) return [failed('configuration', refusal), ...warned('configuration', own)];
  if (own.length > 0) return warned('configuration', own);
  return [{ check: 'configuration', state: 'ok', what: `${config.file} is right by itself` }];
}

const STYLES = { fail: 'red', warn: 'yellow', ok: 'green', skipped: 'dim' } as const;
const CHECK_WIDTH = Math.max(...CHECKS.map((check) => check.length));
const STATE_WIDTH = 'skipped'.length;

/** For a person the remedy stands below, in a pipe behind it. */
function writeResult(output: Output, { check, state, what, remedy }: CheckResult): void {
  const text = harmless(what);
  if (!output.terminal) {
    writeLine(
      output,
      `${state}: ${check}: ${text}${remedy === undefined ? '' : `; ${harmless(remedy)}`}`.replaceAll('\n', ' '),
    );
    return;
  }
  const head = `${emphasize(output, STYLES[state], state.padEnd(STATE_WIDTH))}  ${check.padEnd(CHECK_WIDTH)}`;
  writeLine(output, `${head}  ${text}`);
  if (remedy !== undefined)
    writeLine(output, `${' '.repeat(STATE_WIDTH + CHECK_WIDTH + 4)}${emphasize(output, 'bold', harmless(remedy))}`);
}
