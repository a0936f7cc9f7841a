import { formatBytes, formatSeconds } from '../format.js';
import type { StepEvent } from './boot.js';
import type { Finding } from './finding.js';
import type { FoundIn } from './findings.js';
import { fileRefused } from './loader-findings.js';
import { describeShortage } from './memory-need.js';
import { findingBehind } from './script-findings.js';
import type { Told, Trace } from './trace.js';

/** iPXE asks for the kernel as soon as it has the script. */
const NO_KERNEL_MILLISECONDS = 30_000;
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
  return {
    ...{ finding: 'script-without-kernel', at: told.at },
    evidence: `${told.event.address} was sent its script ${ago(told, now)}, and asks for nothing that it names`,
    remedy:
      'see that the URL of this server (advertise) is one that the machine reaches from where it is, and what its screen says; "bootlayer plan" prints the script',
  };
}

function unknownFile(trace: Trace): Finding | undefined {
  const told = trace.last('file.refused');
  if (told === undefined || trace.last('script.sent', 'uki.planned') === undefined) return undefined;
  if (trace.wentOn(told, 'script.sent', 'uki.planned', 'artifact.started')) return undefined;
  const { file, code, protocol, reason } = told.event;
  if (protocol === 'tftp' && code === undefined) return fileRefused(told);
  const behind = findingBehind(code);
  const evidence = `it asked for /${file}: ${reason}`;
  if (behind !== undefined) return { at: told.at, evidence, ...behind };
  return {
    ...{ finding: 'file-unknown', at: told.at },
    evidence,
    remedy:
      'it has the script of an earlier plan, or a proxy keeps one: reset the machine, so that it asks for its script anew',
  };
}

type Aborted = Extract<StepEvent, { event: 'artifact.aborted' }>;

function aborted(trace: Trace): readonly Finding[] {
  return trace.all('artifact.aborted').flatMap((told) => {
    const isOver = trace
      .all('artifact.sent', 'artifact.started')
      .some(({ order, event }) => order > told.order && event.digest === told.event.digest);
    return isOver ? [] : [abortedDownload(told)];
  });
}

function abortedDownload({ at, event }: Told<Aborted>): Finding {
  const { role, bytes, reason, code, address, protocol } = event;
  const evidence = `the ${role} broke off at ${formatBytes(bytes)} by ${protocol.toUpperCase()} to ${address}: ${reason}`;
  const remedy =
    'see its screen: out of memory, a reset, or loss on the way; a proxy or firewall that ends long transfers shows by the same number of bytes each time';
  return { at, evidence, ...(findingBehind(code) ?? { finding: 'download-aborted', remedy }) };
}

function refusedConfiguration(trace: Trace): Finding | undefined {
  const told = trace.last('provision.refused');
  if (told === undefined || trace.wentOn(told, 'provision.sent')) return undefined;
  return {
    ...{ finding: 'configuration-refused', at: told.at },
    evidence: `${told.event.address} asked for ${told.event.document}: ${told.event.reason}`,
    remedy: 'boot the machine anew, so that it is given another URL, once what is said there is mended',
  };
}

function noConfiguration({ boot, trace, expected, now }: FoundIn): Finding | undefined {
  const { startSentAt } = boot;
  if (!expected.configuration || startSentAt === undefined || now - startSentAt < NO_CONFIGURATION_MILLISECONDS)
    return undefined;
  if (trace.last('provision.sent', 'provision.refused', 'boot.done') !== undefined) return undefined;
  return {
    ...{ finding: 'configuration-not-fetched', at: startSentAt },
    evidence: `its kernel was sent ${since(startSentAt, now)} ago, and its system has not asked for what it is handed`,
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
    evidence: `its kernel was sent ${since(startSentAt, now)} ago, and it is not reported as done`,
    remedy:
      'see its console; where it is installed, "bootlayer machine done" says so in its place, else it is installed again: let the installer ask the URL {done.url}',
  };
}

function ago({ at }: Pick<Told, 'at'>, now: number): string {
  return `${since(at, now)} ago`;
}

function since(at: number, now: number): string {
  return formatSeconds(Math.max(0, now - at) / 1_000);
}
