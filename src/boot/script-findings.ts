import type { ErrorCode } from '../errors.js';
import { counted } from '../format.js';
import type { SelectorKey } from '../machine/selector.js';
import type { StepEvent } from './boot.js';
import type { Undecided } from './event.js';
import type { Finding, FindingName } from './finding.js';
import type { FoundIn } from './findings.js';
import type { UnsureWhy } from './policy.js';
import type { Told, Trace } from './trace.js';

/** A finding, but for what was seen. */
type Kind = Pick<Finding, 'finding' | 'remedy'>;

/** What stands behind a script that only waits, or refuses. */
const BY_CODE: Readonly<Partial<Record<ErrorCode, Kind>>> = {
  IMAGE_NOT_FOUND: kind(
    'image-missing',
    'push it, or correct the reference: "bootlayer check" asks for every image that is mapped',
  ),
  IMAGE_INVALID: kind('image-unusable', '"bootlayer image inspect" says what of it cannot be read'),
  PLAN_IMPOSSIBLE: kind('image-unusable', '"bootlayer plan" says what the machine can start, and what the image has'),
  IMAGE_NO_PLATFORM: kind(
    'architecture-missing',
    'build the image for that architecture as well, or assign it to machines that it has; "bootlayer image inspect" lists what it has',
  ),
  REGISTRY_DENIED: kind(
    'registry-denied',
    'correct the credentials of that registry (registries): "bootlayer check" tries them',
  ),
  REGISTRY_UNREACHABLE: kind(
    'registry-unreachable',
    'see name server, route, proxy and certificate from this host to the registry, and the clock of this host; the boot goes on by itself when it answers',
  ),
  DIGEST_MISMATCH: kind(
    'digest-mismatch',
    'compare the registry with its mirrors: one of them, or a proxy between, changes what it sends; push the image anew where it is damaged',
  ),
  DISK_FULL: kind(
    'disk-full',
    'make room on the disk of the data folder, or set cache.maxSize lower; "bootlayer cache gc" helps at once',
  ),
  DATA_UNUSABLE: kind('state-unusable', "see the server's log, and whether it may write its data folder"),
};

function kind(finding: FindingName, remedy: string): Kind {
  return { finding, remedy };
}

/** An image that is fetched for the first time is waited for in a boot where nothing is wrong. */
const WAITED_MILLISECONDS = 120_000;

/** From the first script to the one that boots. Pure. */
export function scriptFindings({ boot: { state, isStranger }, trace, now }: FoundIn): readonly Finding[] {
  if (state === 'unanswered') return isStranger === true ? [] : toldNothing(trace);
  if (state === 'waiting') return waiting(trace, now);
  if (state === 'local') return sentOn(trace.last('script.local'));
  if (state === 'refused') return refused(trace.last('script.refused', 'uki.refused'));
  const replaced = trace.last('uki.replaced');
  const isLast = replaced !== undefined && !trace.wentOn(replaced, 'script.sent', 'script.local', 'uki.planned');
  return isLast && replaced.event.code !== undefined ? withReason(replaced, 'image-waiting', WAITING) : [];
}

/** By DHCP, so that it goes on to its next boot device. Anybody may be a stranger. */
function toldNothing(trace: Trace): readonly Finding[] {
  const told = trace.last('dhcp.unanswered');
  switch (told?.event.why) {
    case 'unassigned':
      return withReason(told, 'assignment-missing', UNASSIGNED);
    case 'no-loader':
      return withReason(
        told,
        'loader-missing',
        'put it into a folder of ipxe.binaries: "bootlayer plan" says which is wanted',
      );
    default:
      return [];
  }
}

const WAITING = 'it boots by itself when that is over: "bootlayer watch" shows what is on its way';
const UNASSIGNED = 'assign it something: "bootlayer plan" says what each assignment lacks';

function waiting(trace: Trace, now: number): readonly Finding[] {
  const told = trace.last('script.waiting');
  if (told === undefined) return [];
  const { image, code } = told.event;
  // One that waits for no image waits until somebody mends what is in its way.
  if (image === undefined) return refused(told);
  if (findingBehind(code) === undefined && now - told.firstAt < WAITED_MILLISECONDS) return [];
  return withReason(told, 'image-waiting', WAITING);
}

const MEND =
  'mend what is said there; "bootlayer plan" (of what files say) and "bootlayer machine standing" say the same before the machine asks again';

function refused<E extends StepEvent & Reasoned>(told: Told<E> | undefined): readonly Finding[] {
  const { isUnassigned, undecided, unsure } = told?.event ?? {};
  if (told !== undefined && undecided !== undefined) return [withoutFacts(told, undecided)];
  if (isUnassigned === true) return withReason(told, 'assignment-missing', UNASSIGNED);
  if (unsure !== undefined) return notKnown(told, unsure);
  return withReason(told, 'boot-refused', MEND);
}

type Reasoned = {
  readonly reason: string;
  readonly code?: ErrorCode;
  readonly isUnassigned?: true;
  readonly undecided?: Undecided;
  readonly unsure?: UnsureWhy;
};

function withoutFacts<E extends StepEvent & Reasoned>({ at, event }: Told<E>, undecided: Undecided): Finding {
  const { assignment, facts } = undecided;
  return {
    ...{ finding: 'assignment-undecided', at },
    evidence: `${event.reason}: "${assignment}" goes by ${facts.join(', ')}, of which the machine reports nothing`,
    remedy: `${facts.every((fact) => SMBIOS.has(fact)) ? LET_SMBIOS_SAY : LET_SCRIPT_SAY}, or assign by what it does report: "bootlayer plan" says what each assignment lacks`,
  };
}

const SMBIOS: ReadonlySet<SelectorKey> = new Set(['uuid', 'serial', 'asset', 'manufacturer', 'product']);
const LET_SMBIOS_SAY = 'let its firmware say that (SMBIOS), and its iPXE report it, as /boot.ipxe does';
const LET_SCRIPT_SAY = 'let its iPXE begin with /boot.ipxe, which reports all that the machine says';

/** It waited, and went to its local disk then. */
function sentOn(told: Told<Extract<StepEvent, { event: 'script.local' }>> | undefined): readonly Finding[] {
  return told?.event.unsure === undefined ? [] : notKnown(told, told.event.unsure);
}

function notKnown<E extends StepEvent & Reasoned>(told: Told<E> | undefined, why: UnsureWhy): readonly Finding[] {
  switch (why) {
    case 'clock':
      return withReason(told, 'clock-unset', CLOCK);
    case 'standing':
      return withReason(told, 'standing-unknown', STANDING);
    case 'out-of-force':
    case 'room':
      return withReason(told, 'boot-refused', MEND);
  }
}

const CLOCK = 'set the clock of the server, and have it kept by NTP (timedatectl set-ntp true): the machine boots then';
const STANDING =
  'see what is on it: "bootlayer machine done" or "bootlayer machine reprovision" says it of one machine, "bootlayer state accept" of all';

function withReason<E extends StepEvent & Reasoned>(
  told: Told<E> | undefined,
  other: FindingName,
  remedy: string,
): readonly Finding[] {
  if (told === undefined) return [];
  const { code, reason } = told.event;
  const times = told.times === 1 ? '' : ` (told ${counted(told.times, 'time')})`;
  return [{ at: told.at, evidence: `${reason}${times}`, ...(findingBehind(code) ?? kind(other, remedy)) }];
}

/** Of what breaks off, or cannot be had, later: undefined where the network may be to blame as well. */
export function findingBehind(code: ErrorCode | undefined): Kind | undefined {
  return code === undefined ? undefined : BY_CODE[code];
}
