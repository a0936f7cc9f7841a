import { formatBytes } from '../format.js';
import type { StepEvent } from './boot.js';
import type { Finding } from './finding.js';
import type { FoundIn } from './findings.js';
import { fileRefused } from './loader-findings.js';
import { describeShortage } from './memory-need.js';
import type { RefusedProvision } from './provision-event.js';
import { REMEDY } from './remedies.js';
import { findingBehind } from './script-findings.js';
import { ago, type Told, type Trace } from './trace.js';

/** iPXE asks for the kernel as soon as it has the script. */
export const NO_KERNEL_MILLISECONDS = 30_000;
/** What shows that it went on with its script, or asked anew. A proxy may have had its kernel. */
const BEYOND_SCRIPT: readonly StepEvent['event'][] = [
  'artifact.started',
  'provision.sent',
  'file.refused',
  'script.waiting',
  'script.refused',
  'script.local',
];
/** Systems fetch their configuration early: ten minutes are long for firmware, kernel and a slow disk. */
const NO_CONFIGURATION_MILLISECONDS = 600_000;
/** Installations take minutes. */
const NOT_DONE_MILLISECONDS = 3_600_000;

/** From the script that boots on. Pure. */
export function startFindings(found: FoundIn): readonly Finding[] {
  const { trace } = found;
  const findings = [
    ...[shortOfMemory(trace), withoutKernel(found), unknownFile(trace), ...aborted(trace)],
    ...[refusedConfiguration(trace), noConfiguration(found), notDone(found)],
  ];
  return findings.filter((finding) => finding !== undefined);
}

function shortOfMemory(trace: Trace): Finding | undefined {
  const told = trace.last('script.sent');
  if (told?.event.shortage === undefined) return undefined;
  return {
    ...{ finding: 'memory-short', at: told.at },
    evidence: describeShortage(told.event.shortage),
    remedy:
      'add memory, or assign it a smaller image: a root file system that is fetched later, or installed, takes less',
  };
}

function withoutKernel({ trace, now }: FoundIn): Finding | undefined {
  const told = trace.last('script.sent', 'uki.planned');
  if (told === undefined || now - told.at < NO_KERNEL_MILLISECONDS) return undefined;
  if (trace.wentOn(told, ...BEYOND_SCRIPT)) return undefined;
  if (told.event.event === 'uki.planned') return withoutFile(told.at, told.event, now);
  return {
    ...{ finding: 'script-without-kernel', at: told.at },
    evidence: `${told.event.address} was sent its script ${ago(told.at, now)}, and asks for nothing that it names`,
    remedy: REMEDY.scriptLeft,
  };
}

/** Firmware asks for the size before it fetches. */
function withoutFile(
  at: number,
  { address, isIso }: Extract<StepEvent, { event: 'uki.planned' }>,
  now: number,
): Finding {
  return {
    ...{ finding: 'script-without-kernel', at },
    evidence: `the firmware at ${address} was told of the ${isIso === true ? 'ISO' : 'UKI'} ${ago(at, now)}, and does not fetch it`,
    remedy: REMEDY.notFetched,
  };
}

function unknownFile(trace: Trace): Finding | undefined {
  const told = trace.last('file.refused');
  if (told === undefined || trace.last('script.sent', 'uki.planned') === undefined) return undefined;
  if (trace.wentOn(told, 'script.sent', 'uki.planned', 'artifact.started')) return undefined;
  const { address, file, code, reason } = told.event;
  if (code === undefined || code === 'NOT_FOUND') return fileRefused(told);
  const behind = findingBehind(code);
  const evidence = `${address} asked for ${JSON.stringify(`/${file}`)}: ${reason}`;
  if (behind !== undefined) return { at: told.at, evidence, ...behind };
  if (code !== 'BLOB_UNKNOWN') return { finding: 'download-aborted', at: told.at, evidence, remedy: NOT_GIVEN };
  return {
    ...{ finding: 'file-unknown', at: told.at },
    evidence,
    remedy: REMEDY.unknownFile,
  };
}

const NOT_GIVEN = 'it asks again, and goes on when it is given that; the log of this server says what is in the way';

type Aborted = Extract<StepEvent, { event: 'artifact.aborted' }>;
type Transferred = Extract<StepEvent, { event: 'artifact.started' | 'artifact.sent' }>;

function aborted(trace: Trace): readonly Finding[] {
  return trace.all('artifact.aborted').flatMap((told) => {
    const ofIt = ({ event }: Told<Transferred>) => event.digest === told.event.digest && event.role === told.event.role;
    const begun = trace.all('artifact.started').filter(ofIt);
    const sent = trace.all('artifact.sent').filter(ofIt);
    const isOver = [...begun, ...sent].some(({ order }) => order > told.order);
    // What a machine had before it was reset breaks off while it fetches the same anew.
    const isUnderWay = timesOf(begun) > timesOf(sent) + told.times;
    return isOver || isUnderWay ? [] : [abortedDownload(told)];
  });
}

function timesOf(told: readonly Told[]): number {
  return told.reduce((sum, { times }) => sum + times, 0);
}

function abortedDownload({ at, event }: Told<Aborted>): Finding {
  const { role, bytes, reason, code, address, protocol } = event;
  const evidence = `the ${role} broke off at ${formatBytes(bytes)} by ${protocol.toUpperCase()} to ${address}: ${reason}`;
  const broken = { finding: 'download-aborted', remedy: REMEDY.brokenDownload } as const;
  return { at, evidence, ...(findingBehind(code) ?? broken) };
}

function refusedConfiguration(trace: Trace): Finding | undefined {
  const told = trace.last('provision.refused');
  if (told === undefined || trace.wentOn(told, 'provision.sent')) return undefined;
  const { address, document, why, reason } = told.event;
  // Systems ask for more than there need be.
  if (why === 'absent' && trace.last('provision.sent') !== undefined) return undefined;
  return {
    ...{ finding: 'configuration-refused', at: told.at },
    evidence: `${address} asked for ${JSON.stringify(document)}: ${reason}`,
    remedy: REFUSED_REMEDIES[why] ?? ANEW,
  };
}

const ANEW = 'boot the machine anew: it is given another URL then';
const REFUSED_REMEDIES: Partial<Readonly<Record<RefusedProvision, string>>> = {
  absent: 'correct the name that the system asks by, or hand out a document of that name; its URL is still good',
  broken:
    'mend the document, or what it needs of the machine: its URL is still good ("bootlayer plan --provision" shows it)',
  changed: 'see what the machine is assigned now ("bootlayer plan"), and boot it anew',
  foreign: 'if that is the machine, name the card that asks among its "mac", and boot it anew',
  spent: 'once is set, and a system that asks twice needs it left out; boot the machine anew',
};

function noConfiguration({ boot, trace, expected, now }: FoundIn): Finding | undefined {
  const { startSentAt } = boot;
  if (!expected.configuration || startSentAt === undefined || now - startSentAt < NO_CONFIGURATION_MILLISECONDS)
    return undefined;
  if (trace.last('provision.sent', 'provision.refused', 'boot.done') !== undefined) return undefined;
  return {
    ...{ finding: 'configuration-not-fetched', at: startSentAt },
    evidence: `its kernel was sent ${ago(startSentAt, now)}, and its system has not asked for what it is handed`,
    remedy:
      'see its console: the kernel may have stopped, its initramfs may lack the driver of the card, or the system does not read that kind of configuration ("bootlayer plan --provision")',
  };
}

function notDone({ boot, expected, now }: FoundIn): Finding | undefined {
  const { startSentAt, isDoneByStart = false } = boot;
  if (!expected.done || isDoneByStart || startSentAt === undefined || now - startSentAt < NOT_DONE_MILLISECONDS)
    return undefined;
  return {
    ...{ finding: 'done-not-reported', at: startSentAt },
    evidence: `its kernel was sent ${ago(startSentAt, now)}, and it is not reported as done`,
    remedy:
      'see its console; where it is installed, "bootlayer machine done" says so in its place, else it is installed again: let the installer POST to {done.url}',
  };
}
