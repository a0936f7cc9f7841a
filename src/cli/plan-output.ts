import type { Tried } from '../boot/explain.js';
import type { Policy } from '../boot/policy.js';
import type { BootExplanation, Explanation } from '../booter/explanation.js';
import { toldPolicy } from '../booter/told-policy.js';
import { counted, formatBytes, formatDuration, harmless } from '../format.js';
import type { Machine } from '../machine/machine.js';
import { formatSubnet } from '../net/ip.js';
import { formatPlatform } from '../oci/platform.js';
import { formatReference } from '../oci/reference.js';
import { type AddressExplanation, describeAddress } from './explained-address.js';
import type { DhcpExplanation } from './explained-dhcp.js';
import type { Site } from './explained-site.js';
import { emphasize, type Output, writeLine, writeTable } from './output.js';
import { provisionDocument, writeDocuments, writeProvision } from './planned-provision.js';
import { writePreparation } from './planned-way.js';

/** All that `plan` shows. */
export type Shown = {
  readonly explanation: Explanation;
  readonly dhcp: DhcpExplanation;
  /** Where the machine is. */
  readonly site: Pick<Site, 'name' | 'address' | 'others' | 'subnet'>;
  /** Missing where another server gives addresses. */
  readonly address?: AddressExplanation;
  /** A system that is installed, which loads nothing of us. */
  readonly isInstalled: boolean;
};

const NOTHING_LOADED = 'a system that is installed loads nothing of us';

/** The same as one JSON document. */
export function planDocument({ explanation, dhcp, site, address: given, isInstalled }: Shown) {
  const { name: served, address, others, subnet } = site;
  const { subject, missing, selection, tried, boot } = explanation;
  const { name, machine, knownBy, contradictions, mayBeKnown, facts } = subject;
  return {
    machine: { name, known: machine !== undefined, knownBy, record: machine, contradictions, mayBeKnown },
    facts,
    missing,
    selection: {
      kind: selection.kind,
      ...(selection.kind !== 'none' && { assignment: selection.assignment.name }),
      ...(selection.kind === 'undecided' && { fallback: selection.fallback?.name ?? null }),
    },
    tried: tried.map(({ assignment, answer, keys, outcome }) => ({
      assignment: assignment.name,
      priority: assignment.priority,
      image: formatReference(assignment.image),
      answer,
      outcome,
      ...(assignment.outOfForce !== undefined && { outOfForce: assignment.outOfForce }),
      keys,
    })),
    interface: { name: served ?? null, address, others },
    ...(subnet !== undefined && { subnet: formatSubnet(subnet) }),
    ...(given !== undefined && { address: given }),
    dhcp,
    boot: isInstalled ? { kind: 'nothing', reason: NOTHING_LOADED } : bootDocument(boot),
  };
}

/** Durations in seconds, as the API tells them. */
function bootDocument(boot: BootExplanation) {
  if (boot.kind !== 'image') return boot;
  const { policy, provision, ...others } = boot;
  return {
    ...others,
    policy: toldPolicy(policy),
    ...(provision !== undefined && { provision: provisionDocument(provision) }),
  };
}

/** How many assignments that differ are shown one by one. */
const MAX_DIFFERING = 10;

const BY_CONFIGURATION =
  'by the configuration alone: machines of the API, and who has which address now, only the server knows (bootlayer machine standing NAME, bootlayer lease ls)';

/** `bytes`: those of the DHCP answer, too. */
export function writePlan(
  output: Output,
  { explanation, dhcp, site, address, isInstalled }: Shown,
  { bytes }: { readonly bytes: boolean },
): void {
  writeMachine(output, explanation);
  heading(output, 'assignments, in their order');
  writeTried(output, explanation.tried);
  writeSelection(output, explanation);
  writeSite(output, site);
  if (address !== undefined) {
    heading(output, `address: ${harmless(describeAddress(address))}`);
    writeLine(output, `  ${BY_CONFIGURATION}`);
  }
  writeDhcp(output, dhcp, { bytes });
  if (isInstalled) heading(output, `nothing is booted: ${NOTHING_LOADED}`);
  else writeBoot(output, explanation.boot);
}

function writeMachine(output: Output, { subject, missing }: Explanation): void {
  const { name, machine, knownBy, contradictions, mayBeKnown, facts } = subject;
  const { macs, sourceAddress: _address, firmware, memory, ...others } = facts;
  const who = machine !== undefined ? `known by its ${knownBy}` : mayBeKnown ? 'not known yet' : 'not known';
  heading(output, `machine ${harmless(name)}, ${who}`);
  for (const { by, machine: other } of contradictions) writeLine(output, `  but its ${by} is that of ${other}`);
  if (macs.length > 0) writeLine(output, `  mac ${macs.join(' ')}`);
  for (const [key, value] of Object.entries(others)) writeLine(output, `  ${key} ${harmless(String(value))}`);
  if (memory !== undefined) writeLine(output, `  memory ${formatBytes(memory)}`);
  if (firmware !== undefined) writeLine(output, `  firmware ${firmware.join(' or ')}`);
  if (machine !== undefined) writeRecord(output, machine);
  if (missing.length > 0) writeLine(output, `  not said: ${sayable(missing).join(', ')}`);
}

/** A machine does not say its name or labels: they are known with who it is. */
function sayable(missing: Explanation['missing']): readonly string[] {
  const own = missing.filter((key) => key !== 'machine' && key !== 'labels');
  return own.length === missing.length ? own : ['who it is (mac, uuid, serial)', ...own];
}

/** What is not said by the machine but by the configuration. */
function writeRecord(output: Output, { macs, labels, ip, hostname, serial, uuid }: Machine): void {
  const shown = { macs: macs.join(' '), uuid, serial, ip, hostname };
  const pairs = Object.entries(shown).flatMap(([key, value]) => (value ? `${key} ${value}` : []));
  const tags = Object.entries(labels).map(([label, value]) => `${label}=${value}`);
  const record = [...pairs, ...(tags.length > 0 ? [`labels ${tags.join(' ')}`] : [])].join(', ');
  if (record !== '') writeLine(output, `  its record: ${harmless(record)}`);
}

function writeTried(output: Output, tried: readonly Tried[]): void {
  const differing = tried.filter(({ outcome }) => outcome === 'differs');
  const hidden = new Set(differing.slice(MAX_DIFFERING));
  const rows = tried
    .filter((one) => !hidden.has(one))
    .map((one) => [`  ${one.assignment.name}`, String(one.assignment.priority), outcomeOf(one), reasonOf(one)]);
  if (rows.length > 0) writeTable(output, ['  NAME', 'PRIORITY', 'OUTCOME', 'WHY'], rows);
  if (hidden.size > 0) writeLine(output, `  and ${hidden.size} more that do not match (--json lists them)`);
}

const OUTCOMES: Readonly<Record<Tried['outcome'], string>> = {
  wins: 'wins',
  open: 'not yet knowable',
  outranked: 'outranked',
  differs: 'does not match',
};

function outcomeOf({ outcome, assignment }: Tried): string {
  return outcome === 'wins' && assignment.outOfForce !== undefined ? 'is out of force' : OUTCOMES[outcome];
}

function reasonOf({ keys, answer }: Tried): string {
  if (keys.length === 0) return 'matches every machine';
  const named = (wanted: Tried['answer']) =>
    keys
      .filter((key) => key.answer === wanted)
      .map(({ key }) => key)
      .join(', ');
  if (answer === 'no') return `differs in ${named('no')}`;
  return answer === 'unknown' ? `not said: ${named('unknown')}` : `fits in ${named('yes')}`;
}

function writeSelection(output: Output, { selection }: Explanation): void {
  if (selection.kind !== 'undecided') return;
  const { assignment, fallback } = selection;
  writeLine(output, `  "${assignment.name}" cannot be judged yet, so a later step of the boot decides;`);
  const otherwise = fallback === undefined ? 'nothing is booted' : `"${fallback.name}" is booted, as below`;
  writeLine(output, `  what the machine never says counts as different, and then ${otherwise}`);
}

function writeSite(output: Output, { name = '', address, others }: Shown['site']): void {
  if (others.length === 0) return;
  writeLine(output, `As on ${name} (${address}); with --interface, as on another that is served: ${others.join(', ')}`);
}

function writeDhcp(output: Output, dhcp: DhcpExplanation, { bytes }: { readonly bytes: boolean }): void {
  if (dhcp.kind === 'undescribed') {
    writeLine(output, `The DHCP answer is not shown: ${dhcp.reason}`);
    return;
  }
  const off = dhcp.isOn ? '' : ', if dhcp.mode were proxy';
  if (dhcp.kind === 'unanswered') {
    heading(output, `DHCP answer${off}: none, since ${harmless(dhcp.reason)}`);
    if (dhcp.isOn)
      writeLine(output, '  what follows is for a machine that comes to us by other ways: nothing here leads it');
    return;
  }
  heading(output, `DHCP answer${off}, as ${dhcp.asker} asks`);
  writeTable(
    output,
    ['  FIELD', 'VALUE', 'WHY'],
    dhcp.fields.map(({ field, value, why }) => [`  ${field}`, harmless(value), why]),
  );
  if (bytes) writeBytes(output, dhcp.bytes);
  else writeLine(output, `  ${dhcp.bytes.length / 2} bytes: --bytes shows them`);
  writeWarnings(output, dhcp.warnings);
}

const BYTES_IN_LINE = 32;

/** Of hexadecimal digits. */
function writeBytes(output: Output, bytes: string): void {
  const lines = bytes.match(new RegExp(`.{1,${2 * BYTES_IN_LINE}}`, 'g')) ?? [];
  for (const [index, line] of lines.entries()) {
    writeLine(output, `  ${(index * BYTES_IN_LINE).toString(16).padStart(4, '0')}  ${line}`);
  }
}

function writeWarnings(output: Output, warnings: readonly string[]): void {
  for (const warning of warnings) writeLine(output, `${emphasize(output, 'bold', 'warning')}: ${harmless(warning)}`);
}

function writeBoot(output: Output, boot: BootExplanation): void {
  switch (boot.kind) {
    case 'nothing':
      heading(output, `nothing is booted: ${harmless(boot.reason)}`);
      writeScript(output, boot.script);
      break;
    case 'unresolved':
      heading(output, `assignment ${boot.assignment}: its image cannot be had: ${harmless(boot.reason)}`);
      writeScript(output, boot.script);
      break;
    case 'image':
      writeImage(output, boot);
  }
}

function writeImage(output: Output, boot: BootExplanation & { readonly kind: 'image' }): void {
  const { image, client, method, clients, files, provision, warnings, script } = boot;
  heading(output, `image ${image.reference} (assignment ${boot.assignment})`);
  writeLine(output, `  digest    ${image.digest}`);
  writeLine(output, `  manifest  ${image.manifestDigest}`);
  const variant = image.variant === undefined ? '' : `, ${harmless(image.variant)}`;
  writeLine(output, `  platform  ${harmless(formatPlatform(image.platform))}${variant}`);
  writeLine(output, `  policy    ${describePolicy(boot.policy)}`);
  const comesAs =
    client === undefined
      ? 'firmware not said: planned as for iPXE on a BIOS, where it may have one'
      : `this machine comes as ${client}`;
  const by = method === 'auto' ? '' : `, by boot: ${method}`;
  writeLine(output, `  boots     ${clients.join(', ') || 'nothing'}${by} (${comesAs})`);
  if (provision !== undefined) writeProvision(output, provision);
  writePreparation(output, boot);
  writeWarnings(output, warnings);
  if (files.length > 0) {
    heading(output, 'files');
    const rows = files.map(({ role, descriptor, part, url }) => [
      `  ${role}`,
      formatBytes(part?.length ?? descriptor.size),
      url,
    ]);
    writeTable(output, ['  ROLE', 'SIZE', 'URL'], rows);
  }
  if (script !== undefined) writeScript(output, script);
  writeDocuments(output, provision?.documents ?? []);
}

function describePolicy({ mode, doneWhen, limit }: Policy): string {
  const how = {
    always: 'always boots it',
    once: `boots it until ${doneWhen === 'reported' ? 'the machine reports that it is done' : 'it has started'}, then its local disk`,
    hold: 'held: boots its local disk',
  } as const;
  const most = limit && `, ${counted(limit.maxAttempts, 'time')} within ${formatDuration(limit.window)} at most`;
  const known = mode === 'always' && limit === undefined ? '' : ' (where it stands: bootlayer machine standing NAME)';
  return `${mode}: ${how[mode]}${most ?? ''}${known}`;
}

function writeScript(output: Output, script: string): void {
  heading(output, 'script');
  for (const line of script.trimEnd().split('\n')) writeLine(output, `  ${line}`);
}

function heading(output: Output, text: string): void {
  writeLine(output, emphasize(output, 'bold', text));
}
