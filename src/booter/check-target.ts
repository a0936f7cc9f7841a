import type { Assignment } from '../boot/assignment.js';
import { describeError } from '../errors.js';
import { CLIENTS, type Client, hasClient, type Starter } from '../image/bootable.js';
import type { ImageWish, ResolvedImage } from '../image/image.js';
import { openedIso } from '../image/iso-ways.js';
import type { Firmware, MachineFacts } from '../machine/facts.js';
import type { Subject } from '../machine/inventory.js';
import { parseIp } from '../net/ip.js';
import { parseMac } from '../net/mac.js';
import { parseUuid } from '../net/uuid.js';
import type { ImageReference } from '../oci/reference.js';
import type { BootUrls } from './boot-urls.js';
import { untoldBecause } from './check-policies.js';
import type { FoundInIso, TargetCheck } from './check-report.js';
import { unledMachines } from './led-machines.js';
import { lossesFor } from './lost-arguments.js';
import type { Mapping } from './mapping.js';
import { type Prepared, prepareBoot, wayOf, wishFor } from './preparation.js';
import { unusedIso } from './unused-iso.js';

export type TargetParts = {
  readonly mapping: Mapping;
  readonly images: { resolve(reference: ImageReference, wish: ImageWish): Promise<ResolvedImage> };
  readonly urls: BootUrls;
  /** Whether the server answers DHCP, without which nobody comes by UEFI HTTP Boot. */
  readonly seesDhcp: boolean;
};

/** What an assignment's machines of an architecture boot, and which do not. Never throws. */
export async function checkTarget(
  assignment: Assignment,
  architecture: string,
  parts: TargetParts,
): Promise<TargetCheck> {
  try {
    const image = await parts.images.resolve(assignment.image, wishFor(assignment, architecture));
    return judgeTarget(assignment, architecture, image, parts);
  } catch (thrown) {
    return { architecture, kind: 'refused', reason: describeError(thrown) };
  }
}

function judgeTarget(
  assignment: Assignment,
  architecture: string,
  image: ResolvedImage,
  parts: TargetParts,
): TargetCheck {
  const { manifestDigest: digest, variant, contents } = image;
  const clients = clientsFor(assignment, architecture);
  const whom = { subject: anybody(architecture), assignment };
  const judged = clients.map((client) => ({ client, prepared: prepareAs(client, whom, image, parts) }));
  const refused = judged.flatMap(({ client, prepared }) =>
    isRefusedForAll(prepared) ? { client, reason: prepared.reason } : [],
  );
  const [first] = refused;
  if (first !== undefined && refused.length === judged.length)
    return {
      architecture,
      kind: 'refused',
      digest,
      reason: [...new Set(refused.map(({ reason }) => reason))].join('; '),
    };
  const ready = judged.filter(({ prepared }) => !isRefusedForAll(prepared));
  // What is told to a machine of which more is known cannot be seen of anybody.
  const told = judged.find(({ prepared }) => prepared.kind === 'ready');
  const neverDone = told && untoldBecause(assignment, told.prepared, parts.mapping);
  const coming = clients.filter((client) => client !== 'uefi-http' || parts.seesDhcp);
  const lostArguments = lossesFor(coming, assignment, image, architecture);
  const unled = unledOf(coming, whom, image, parts);
  const discs = ready.filter(({ prepared }) => wayOf(prepared) === 'iso').map(({ client }) => client);
  const unused = unusedIso(assignment, image, ready);
  const unread = contents?.uki?.kind === 'refused' ? contents.uki.reason : undefined;
  return {
    ...{ architecture, kind: 'boots', digest, refused, clients: ready.map(({ client }) => client) },
    blobs: image.artifacts.map(({ descriptor }) => ({ digest: descriptor.digest, size: descriptor.size })),
    ...(variant !== undefined && { variant }),
    ...(unread !== undefined && { unread }),
    ...foundInIso(
      image,
      judged.map(({ prepared }) => prepared),
    ),
    ...(discs.length > 0 && { discs }),
    ...(unused !== undefined && { unusedIso: unused }),
    ...(lostArguments.length > 0 && { lostArguments }),
    ...(unled.length > 0 && { unled }),
    ...(neverDone !== undefined && { neverDone }),
  };
}

function unledOf(clients: readonly Client[], whom: Whom, image: ResolvedImage, { mapping, urls }: TargetParts) {
  const { assignment, subject } = whom;
  if (assignment.provision === undefined) return [];
  const { architecture = image.platform.architecture } = subject.facts;
  const starters: readonly Starter[] = clients.flatMap((client) => [
    { client, architecture },
    ...(client === 'ipxe-uefi' ? [{ client, architecture, secureBoot: true }] : []),
  ]);
  const { kernelArgs: defaults } = mapping.defaults;
  // Nobody is anybody: what is not known of it would keep it from booting, and of machines it is known.
  const reported = { ...subject, facts: reporting(subject.facts) };
  const judged = starters.map((starter) => ({
    starter,
    prepared: prepareBoot({ subject: reported, assignment }, image, { defaults, urls, starter }).preparation,
  }));
  return unledMachines(judged, { assignment, image });
}

/** Nothing where its firmware alone starts it, or nobody. */
function foundInIso(image: ResolvedImage, prepared: readonly Prepared['preparation'][]): { readonly iso?: FoundInIso } {
  const opened = openedIso(image);
  const isOpened = prepared.some((one) => one.kind === 'ready' && wayOf(one) === 'iso-files');
  if (opened === undefined || !isOpened) return {};
  const { by, menu, system, kernel, initrds } = opened;
  const found = { by, ...(menu !== undefined && { menu }), ...(system !== undefined && { system }) };
  return { iso: { ...found, kernel: kernel.path, initramfs: initrds.map(({ path }) => path) } };
}

type Whom = { readonly subject: Subject; readonly assignment: Assignment };

/** What such a client gets in the end: UEFI HTTP Boot may be given iPXE first. Pure. */
export function prepareAs(
  client: Client,
  whom: Whom,
  image: ResolvedImage,
  { mapping, urls }: Pick<TargetParts, 'mapping' | 'urls'>,
): Prepared['preparation'] {
  const { architecture = image.platform.architecture } = whom.subject.facts;
  const starter = { client, architecture };
  return prepareBoot(whom, image, { defaults: mapping.defaults.kernelArgs, urls, starter }).preparation;
}

/** What is wanting of anybody is looked for at each machine. */
export function isRefusedForAll(
  prepared: Prepared['preparation'],
): prepared is Extract<Prepared['preparation'], { kind: 'refused' }> {
  return prepared.kind === 'refused' && prepared.isOfMachine !== true;
}

const FIRMWARE_OF: Readonly<Record<Client, Firmware>> = {
  'ipxe-bios': 'bios',
  'ipxe-uefi': 'uefi',
  'uefi-http': 'uefi-http',
};

/** Those that the assignment may be for. */
export function clientsFor({ match: { firmware } }: Assignment, architecture: string): readonly Client[] {
  return CLIENTS.filter(
    (client) => hasClient(architecture, client) && (firmware === undefined || firmware.includes(FIRMWARE_OF[client])),
  );
}

/** A machine of which nothing matters but its architecture. */
export function anybody(architecture: string): Subject {
  const facts = { macs: [], sourceAddress: '', architecture };
  return { name: 'anybody', contradictions: [], mayBeKnown: false, facts };
}

/** As if it said all that machines say of themselves, and not what is left to records: its name, its hostname and its labels. */
export function reporting(facts: MachineFacts): MachineFacts {
  const [mac, uuid, ip] = [parseMac('02-00-00-00-00-01'), parseUuid(SOME_UUID), parseIp('192.0.2.1')];
  return { ...facts, macs: mac === undefined ? [] : [mac], ...(uuid && { uuid }), serial: 'S1', ...(ip && { ip }) };
}

const SOME_UUID = '00000000-0000-4000-8000-000000000001';
