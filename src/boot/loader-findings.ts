import { counted, formatBytes, formatSeconds } from '../format.js';
import type { StepEvent } from './boot.js';
import type { Finding, FindingName } from './finding.js';
import type { FoundIn } from './findings.js';
import { abortedRemedy, httpRemedy, otherServerRemedy, REMEDY } from './remedies.js';
import { ago, type Told, type Trace } from './trace.js';

/** What shows that a program of ours runs, or that firmware is past DHCP and TFTP. */
const BEYOND_LOADER = [
  ...['greeting.sent', 'script.sent', 'script.waiting', 'script.refused', 'script.local', 'boot.held'],
  ...['uki.planned', 'uki.local', 'uki.refused', 'artifact.started'],
] as readonly StepEvent['event'][];
const BEYOND_DHCP = [
  ...BEYOND_LOADER,
  ...['loader.sent', 'loader.aborted', 'file.refused', 'file.unanswered', 'uki.replaced'],
] as readonly StepEvent['event'][];

/** What is not so while something is on its way to the machine: a loader is told of when it was sent. */
export const UNASKED: ReadonlySet<FindingName> = new Set(['answer-ignored', 'http-boot-refused']);

/**
 * Firmware asks for what it was told as soon as it has an address, and repeats a DISCOVER after 4, 8 and 16 s until then (PXE 2.1,
 * 2.2.3; edk2: PxeBcDhcp4.c). How often says nothing: two relays hand each of them on twice.
 */
export const UNASKED_MILLISECONDS = 30_000;
/** iPXE has its address again, and asks for its script, within seconds; some links are blocked for half a minute (STP). */
export const UNSTARTED_MILLISECONDS = 60_000;

/** Up to a program of ours that runs. Pure. */
export function loaderFindings({ trace, now }: FoundIn): readonly Finding[] {
  if (trace.last(...BEYOND_LOADER) !== undefined) return [];
  const findings = [
    otherArchitecture(trace),
    repeated(trace),
    aborted(trace),
    unanswered(trace),
    refusedFile(trace),
    notStarted(trace, now),
  ];
  const known = findings.filter((finding) => finding !== undefined);
  if (trace.last(...BEYOND_DHCP) !== undefined) return known;
  return [...known, ...afterDhcp(trace, now)];
}

/** Nobody is told to by us. */
function otherArchitecture(trace: Trace): Finding | undefined {
  const told = trace.last('loader.sent');
  const has = told?.event.platform;
  // Firmware that is told to may try UEFI first, and BIOS after it.
  const asked = trace.all('dhcp.answered').flatMap(({ event: { platform } }) => platform ?? []);
  if (told === undefined || has === undefined || asked.length === 0 || asked.includes(has)) return undefined;
  return {
    ...{ finding: 'loader-of-other-architecture', at: told.at },
    evidence: `it loaded ${told.event.file}, which is for ${has}, and its firmware is ${asked.join(' or ')}`,
    remedy: REMEDY.otherArchitecture,
  };
}

function repeated(trace: Trace): Finding | undefined {
  const told = trace.last('loader.repeated');
  if (told === undefined) return undefined;
  const { loader, times, seconds } = told.event;
  return {
    ...{ finding: 'loader-repeated', at: told.at },
    evidence: `firmware was told to load ${loader} ${times} times in ${formatSeconds(seconds)}, and no script was asked for`,
    remedy:
      'look at its screen: Secure Boot may refuse the program, or the program does not reach this server by HTTP; another build of iPXE may know the card (ipxe.binaries)',
  };
}

function aborted(trace: Trace): Finding | undefined {
  const told = trace.last('loader.aborted');
  if (told === undefined || trace.wentOn(told, 'loader.sent')) return undefined;
  const { file, bytes, protocol, blksize, reason } = told.event;
  const blocks = blksize === undefined ? '' : ` in blocks of ${blksize} bytes`;
  return {
    ...{ finding: 'loader-aborted', at: told.at },
    evidence: `${file} broke off by ${protocol.toUpperCase()} after ${formatBytes(bytes)}${blocks}: ${reason}`,
    remedy: abortedRemedy(blksize),
  };
}

function unanswered(trace: Trace): Finding | undefined {
  const told = trace.last('file.unanswered');
  if (told === undefined || trace.wentOn(told, 'loader.sent')) return undefined;
  return {
    ...{ finding: 'loader-unanswered', at: told.at },
    evidence: `${told.event.address} asked for ${JSON.stringify(told.event.file)} by TFTP, and never answered what it was sent`,
    remedy: REMEDY.unanswered,
  };
}

function refusedFile(trace: Trace): Finding | undefined {
  const told = trace.last('file.refused');
  return told === undefined || trace.wentOn(told, 'loader.sent') ? undefined : fileRefused(told);
}

/** Also of firmware that begins anew. */
export function fileRefused({ at, event }: Told<Extract<StepEvent, { event: 'file.refused' }>>): Finding {
  const { address, file, protocol, platform, code, reason } = event;
  return {
    ...{ finding: 'file-refused', at },
    evidence: `${address} asked for ${JSON.stringify(file)} by ${protocol.toUpperCase()}: ${reason}`,
    remedy: code === 'NOT_FOUND' && platform !== undefined ? REMEDY.missing : REMEDY.misnamed,
  };
}

function notStarted(trace: Trace, now: number): Finding | undefined {
  const told = trace.last('loader.sent');
  if (told === undefined || now - told.at < UNSTARTED_MILLISECONDS) return undefined;
  if (trace.last('loader.repeated') !== undefined || otherArchitecture(trace) !== undefined) return undefined;
  const asked = trace.last('dhcp.answered');
  // The program runs, and asks by DHCP itself.
  if (asked !== undefined && asked.event.firmware === undefined && asked.order > told.order) return ignored(asked, now);
  return {
    ...{ finding: 'loader-not-started', at: told.at },
    evidence: `${told.event.file} was sent whole ${ago(told.at, now)}, and no script was asked for since`,
    remedy: REMEDY.notStarted,
  };
}

/** It was told what to load, and nothing came of it. */
function afterDhcp(trace: Trace, now: number): readonly Finding[] {
  const told = trace.last('dhcp.answered');
  if (told === undefined) return [];
  const elsewhere = trace.last('dhcp.elsewhere');
  if (elsewhere !== undefined) return [otherServer(elsewhere)];
  const finding = ignored(told, now);
  return finding === undefined ? [] : [finding];
}

function ignored(told: Told<Extract<StepEvent, { event: 'dhcp.answered' }>>, now: number): Finding | undefined {
  const { firmware, client, answer } = told.event;
  if (now - told.firstAt < UNASKED_MILLISECONDS) return undefined;
  const evidence = `${client} was told ${counted(told.times, 'time')} to load ${answer}, the last time ${ago(told.at, now)}, and asked for nothing`;
  if (firmware === 'uefi-http')
    return { finding: 'http-boot-refused', at: told.at, evidence, remedy: httpRemedy(answer) };
  return {
    finding: 'answer-ignored',
    at: told.at,
    evidence,
    remedy: firmware === undefined ? REMEDY.unreached : REMEDY.ignored,
  };
}

/** What it is told to load there is said to it alone, at a port that is the client's. */
function otherServer({ at, event, times }: Told<Extract<StepEvent, { event: 'dhcp.elsewhere' }>>): Finding {
  const { server, taken } = event;
  const what = taken === undefined ? 'the offer' : `the offer of ${taken}`;
  return {
    ...{ finding: 'other-server-won', at },
    evidence: `it took ${what} by the DHCP server ${server}${times === 1 ? '' : ` ${times} times`}, not ours`,
    remedy: otherServerRemedy(server),
  };
}
