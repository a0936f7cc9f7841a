import type { ErrorCode } from '../errors.js';
import { counted } from '../format.js';
import type { StepEvent } from './boot.js';
import type { Finding, FindingName } from './finding.js';
import type { FoundIn } from './findings.js';
import type { Told } from './trace.js';

type Named = Pick<Finding, 'finding' | 'remedy'>;

/** What stands behind a script that only waits, or refuses. */
const BY_CODE: Readonly<Partial<Record<ErrorCode, Named>>> = {
  IMAGE_NOT_FOUND: named(
    'image-missing',
    'push it, or correct the reference: "bootlayer check" asks for every image that is mapped',
  ),
  IMAGE_INVALID: named('image-unusable', '"bootlayer image inspect" says what of it cannot be read'),
  PLAN_IMPOSSIBLE: named('image-unusable', '"bootlayer plan" says what the machine can start, and what the image has'),
  IMAGE_NO_PLATFORM: named(
    'architecture-missing',
    'build the image for that architecture as well, or assign it to machines that it has; "bootlayer image inspect" lists what it has',
  ),
  REGISTRY_DENIED: named(
    'registry-denied',
    'correct the credentials of that registry (registries): "bootlayer check" tries them',
  ),
  REGISTRY_UNREACHABLE: named(
    'registry-unreachable',
    'see name server, route, proxy and certificate from this host to the registry; the boot goes on by itself when it answers',
  ),
  DIGEST_MISMATCH: named(
    'digest-mismatch',
    'compare the registry with its mirrors: one of them, or a proxy between, changes what it sends; push the image anew where it is damaged',
  ),
  DISK_FULL: named(
    'disk-full',
    'make room on the disk of the data folder, or set cache.maxSize lower; "bootlayer cache gc" helps at once',
  ),
  DATA_UNUSABLE: named('state-unusable', "see the server's log, and whether it may write its data folder"),
};

function named(finding: FindingName, remedy: string): Named {
  return { finding, remedy };
}

/** From the first script to the one that boots. Pure. */
export function scriptFindings({ boot: { state }, trace }: FoundIn): readonly Finding[] {
  if (state === 'waiting') return waiting(trace.last('script.waiting'));
  if (state === 'refused') return refused(trace.last('script.refused', 'uki.refused'));
  const replaced = trace.last('uki.replaced');
  const isLast = replaced !== undefined && !trace.wentOn(replaced, 'script.sent', 'script.local', 'uki.planned');
  return isLast && replaced.event.code !== undefined ? of(replaced, 'image-waiting', WAITING) : [];
}

const WAITING = 'it boots by itself when it is: "bootlayer watch" shows what is on its way';

/** One that waits for no image waits until somebody mends what is in its way. */
function waiting(last: Told<Extract<StepEvent, { event: 'script.waiting' }>> | undefined): readonly Finding[] {
  return last?.event.image === undefined ? refused(last) : of(last, 'image-waiting', WAITING);
}

function refused<E extends StepEvent & Reasoned>(last: Told<E> | undefined): readonly Finding[] {
  const isUnassigned = last?.event.reason.startsWith('no assignment matches') === true;
  if (last !== undefined && isUnassigned)
    return of(last, 'assignment-missing', 'assign it something: "bootlayer plan" says what each assignment lacks');
  return of(
    last,
    'boot-refused',
    'mend what is said there; "bootlayer plan" says the same before the machine asks again',
  );
}

type Reasoned = { readonly reason: string; readonly code?: ErrorCode };

function of<E extends Told['event'] & Reasoned>(
  told: Told<E> | undefined,
  other: FindingName,
  remedy: string,
): readonly Finding[] {
  if (told === undefined) return [];
  const { code, reason } = told.event;
  const known = code === undefined ? undefined : BY_CODE[code];
  const times = told.times === 1 ? '' : ` (told ${counted(told.times, 'time')})`;
  return [{ at: told.at, evidence: `${reason}${times}`, ...(known ?? named(other, remedy)) }];
}

/** Of what breaks off, or cannot be had, later: undefined where the network may be to blame as well. */
export function findingBehind(code: ErrorCode | undefined): Named | undefined {
  return code === undefined ? undefined : BY_CODE[code];
}
