import { Command, Option } from 'commander';
import { explainBoot } from '../booter/explanation.js';
import { createMapping } from '../booter/mapping.js';
import type { Config } from '../config/schema.js';
import { BootlayerError } from '../errors.js';
import { parseBytes } from '../format.js';
import type { Firmware, MachineFacts } from '../machine/facts.js';
import type { Subject } from '../machine/inventory.js';
import type { Machine } from '../machine/machine.js';
import { nearest } from '../nearest.js';
import { parseIp, parseSubnet, type Subnet } from '../net/ip.js';
import { parseMac } from '../net/mac.js';
import { isJunkUuid, parseUuid } from '../net/uuid.js';
import { parseArchitecture } from '../oci/platform.js';
import type { DescribedClient } from '../pxe/described-client.js';
import {
  type CommonOptions,
  parsedBy,
  readConfig,
  readWith,
  warnOnStderr,
  withCommonOptions,
  withJson,
} from './common.js';
import { explainedImages } from './explained.js';
import { explainAddress } from './explained-address.js';
import { explainDhcp, offeringsOf } from './explained-dhcp.js';
import { siteOf } from './explained-site.js';
import { standardOutput, writeJson } from './output.js';
import { planDocument, writePlan } from './plan-output.js';
import { filesToShow, type ProvisionShown } from './provision-files.js';

const EITHER_UEFI = ['uefi', 'uefi-http'] as const;

/** Kinds of clients by the firmwares they may be, when DHCP has shown it: iPXE alone does not tell UEFI's two ways apart. */
const CLIENTS: Readonly<Record<DescribedClient['kind'], readonly Firmware[]>> = {
  bios: ['bios'],
  uefi: ['uefi'],
  'uefi-http': ['uefi-http'],
  'ipxe-bios': ['bios'],
  'ipxe-uefi': EITHER_UEFI,
  os: [],
};

type Said = Partial<Omit<MachineFacts, 'sourceAddress' | 'macs' | 'architecture' | 'firmware' | 'secureBoot'>> & {
  readonly firmware?: DescribedClient['kind'];
  readonly mac?: MachineFacts['macs'];
  readonly arch?: string;
};

type PlanOptions = CommonOptions &
  ProvisionShown &
  Said & {
    readonly machine?: string;
    readonly secureBoot?: 'on' | 'off';
    readonly interface?: string;
    readonly subnet?: Subnet;
    readonly bytes?: true;
    readonly json?: true;
  };

export function planCommand(): Command {
  const command = withJson(withCommonOptions(new Command('plan')))
    .description('explain what a machine would be told, and why, without the machine')
    .option('--machine <name>', 'a machine of the configuration: what it does not say is taken from its record')
    .addOption(new Option('--mac <address>', 'repeatable').argParser(addMac))
    .addOption(new Option('--uuid <uuid>', 'the SMBIOS UUID').argParser(parsedBy(readUuid)));
  for (const name of ['serial', 'asset', 'manufacturer', 'product', 'hostname']) {
    command.option(`--${name} <text>`, `what the machine says its ${name} is`);
  }
  return command
    .addOption(new Option('--ip <address>', 'its address').argParser(parsedBy(readWith(parseIp, 'address'))))
    .addOption(
      new Option('--arch <name>', 'amd64, arm64 or the like').argParser(
        parsedBy(readWith(parseArchitecture, 'architecture')),
      ),
    )
    .addOption(new Option('--firmware <kind>', Object.keys(CLIENTS).join(', ')).argParser(parsedBy(readFirmware)))
    .addOption(
      new Option('--secure-boot <state>', 'of UEFI, as iPXE reports it; a BIOS has none').choices(['on', 'off']),
    )
    .addOption(new Option('--memory <size>', 'how much it has, such as 4GiB').argParser(parsedBy(readMemory)))
    .option('--interface <name>', 'where it is, of several that are served; without it, on the first')
    .addOption(
      new Option('--subnet <subnet>', 'where it is, of dhcp.subnets: also behind a relay').argParser(
        parsedBy(readWith(parseSubnet, 'subnet')),
      ),
    )
    .option('--bytes', 'show the DHCP answer byte for byte, too')
    .option('--provision', 'show the documents that the machine would be handed as its configuration, too')
    .option('--reveal', 'with the secrets in them, which nothing else reads here')
    .addHelpText('after', HELP)
    .action(plan);
}

const HELP = `
What is not said is not known yet: the answer says which assignments wait for it. With a firmware, the DHCP answer is shown
with the reason for each field, and with whom it is for, since others ask for other options; "os" is a system that is installed,
which boots nothing of us. With --bytes (and in JSON, as hexadecimal digits), it is shown byte for byte, too. Of several interfaces
that are served, --interface names the one whose answer and URLs are shown. Where dhcp.mode is off, machines come by iPXE,
which does not tell uefi and uefi-http apart. Where this server gives addresses, the one of the machine's record, or the pool that
it is of, is named; --subnet says in which subnet it asks. Without an architecture, said or in the machine's record, no image
can be chosen. How much memory the boot takes at least is shown, and with --memory whether the machine has too little.

With --provision, each document that the machine would be handed is shown as it would be written for it, with (secret NAME) in the
place of secrets unless --reveal is said, or with the file, line and column at which it cannot be. Capabilities, which each boot has
its own of, are shown as <provision-capability> and <done-capability>.

It goes by the configuration alone: machines and assignments of the API are not looked at, nor who has which address now.
The running server tells of those: bootlayer machine standing NAME, lease ls.

Examples:
  bootlayer plan --mac 52:54:00:12:34:56 --arch amd64 --firmware ipxe-uefi
  bootlayer plan --machine node-01 --arch arm64 --firmware uefi-http --bytes
  bootlayer plan --mac 52:54:00:12:34:56 --firmware bios --subnet 10.1.0.0/16
  bootlayer plan --machine node-01 --arch amd64 --firmware ipxe-uefi --provision

Exit status: 0 explained, whatever the machine gets; 1 the image cannot be had; 2 wrong usage or configuration.`;

async function plan(options: PlanOptions): Promise<void> {
  refuseSecureBios(options);
  const filesFor = filesToShow(options);
  const config = await readConfig(options);
  const facts = factsOf(options, machineNamed(options.machine, config), config.dhcp !== undefined);
  const site = siteOf(config, options);
  const offerings = await offeringsOf(config, site);
  const mapping = createMapping(config);
  const { firmwareUrl } = offerings;
  const explanation = await explainedImages(config, (images) =>
    explainBoot(facts, { mapping, urls: site.urls, firmwareUrl, images, ...(filesFor && { filesFor }) }),
  );
  const address = explainAddress(config.dhcp, explanation.subject.machine, site);
  const dhcp = explainDhcp(describedOf(options.firmware, explanation.subject), {
    dhcp: config.dhcp,
    mapping,
    site,
    offerings,
    given: address,
  });
  if (options.machine !== undefined && explanation.subject.name !== options.machine) {
    warnOnStderr(`what is said of it makes it another machine than ${options.machine}`);
  }
  const output = standardOutput();
  const isInstalled = options.firmware === 'os';
  const shown = { explanation, dhcp, site, isInstalled, ...(address !== undefined && { address }) };
  if (options.json) writeJson(output, planDocument(shown));
  else writePlan(output, shown, { bytes: options.bytes === true });
  if (explanation.boot.kind === 'unresolved' && !isInstalled) {
    throw new BootlayerError(explanation.boot.code, explanation.boot.reason);
  }
}

function refuseSecureBios({ firmware, secureBoot }: PlanOptions): void {
  if (secureBoot !== 'on' || firmware === undefined || !CLIENTS[firmware].includes('bios')) return;
  throw new BootlayerError('USAGE', `--firmware ${firmware} has no Secure Boot, which is of UEFI`, {
    remedy: 'leave --secure-boot out, or say --firmware ipxe-uefi',
  });
}

function factsOf(said: PlanOptions, known: Machine | undefined, isShown: boolean): MachineFacts {
  const { mac = known?.macs.slice(0, 1) ?? [], uuid = known?.uuid, serial = known?.serial, arch, ip, hostname } = said;
  const { asset, manufacturer, product, memory } = said;
  const firmware = said.firmware && firmwaresOf(said.firmware, isShown);
  const secureBoot = said.secureBoot && said.secureBoot === 'on';
  const texts = {
    uuid,
    serial,
    asset,
    manufacturer,
    product,
    hostname,
    ip,
    firmware,
    architecture: arch,
    secureBoot,
    memory,
  };
  const pairs = Object.entries(texts).filter(([, value]) => value !== undefined);
  return { ...(Object.fromEntries(pairs) as Partial<MachineFacts>), macs: mac, sourceAddress: ip ?? 'unknown' };
}

/** `isShown`: by DHCP, which the server answers itself. An installed system shows none. */
function firmwaresOf(kind: DescribedClient['kind'], isShown: boolean): readonly Firmware[] | undefined {
  if (kind === 'os') return undefined;
  return isShown || CLIENTS[kind].includes('bios') ? CLIENTS[kind] : EITHER_UEFI;
}

function describedOf(
  kind: DescribedClient['kind'] | undefined,
  { facts, machine }: Subject,
): DescribedClient | undefined {
  if (kind === undefined) return undefined;
  const { macs: [mac] = [], uuid } = facts;
  const architecture = facts.architecture ?? machine?.architecture;
  return {
    kind,
    ...(architecture !== undefined && { architecture }),
    ...(mac !== undefined && { mac }),
    ...(uuid !== undefined && { uuid }),
  };
}

function machineNamed(name: string | undefined, { machines }: Config): Machine | undefined {
  if (name === undefined) return undefined;
  const found = machines.find((machine) => machine.name === name);
  if (found !== undefined) return found;
  const meant = nearest(
    name,
    machines.map((machine) => machine.name),
  );
  throw new BootlayerError('USAGE', `there is no machine "${name}"`, {
    remedy: `${meant === undefined ? 'name one of the configuration, or say --mac;' : `did you mean "${meant}"?`} ${OF_API}`,
  });
}

const OF_API = 'of machines that the API keeps, bootlayer machine standing NAME tells';

function addMac(text: string, others: MachineFacts['macs'] = []): MachineFacts['macs'] {
  return [...others, parsedBy(readWith(parseMac, 'MAC address'))(text)];
}

/** A number alone would be bytes, which nobody means. */
function readMemory(text: string): number {
  const sized = (size: string) => (/^[\d.]+$/.test(size.trim()) ? undefined : parseBytes(size) || undefined);
  return readWith(sized, 'size with its unit, such as 4GiB')(text);
}

function readUuid(text: string) {
  const uuid = readWith(parseUuid, 'UUID')(text);
  if (!isJunkUuid(uuid)) return uuid;
  throw new BootlayerError('USAGE', `"${text}" is a placeholder that many machines share, and identifies nothing`);
}

function readFirmware(text: string): DescribedClient['kind'] {
  const known = Object.keys(CLIENTS) as DescribedClient['kind'][];
  return readWith((kind) => known.find((one) => one === kind), `firmware; known: ${known.join(', ')}`)(text);
}
