import { checkMapping } from '../booter/check.js';
import type { CheckReport } from '../booter/check-report.js';
import { findRoomWarnings } from '../booter/check-warnings.js';
import { waitFor } from '../clock.js';
import { counted } from '../format.js';
import { parseReference, placeOf } from '../oci/reference.js';
import { NO_DOCUMENTS } from '../provision/documents.js';
import { type CheckResult, warned } from './doctor-result.js';
import type { DoctorSite } from './doctor-site.js';
import { explainedImages, explainedUrls } from './explained.js';
import { inOneLine } from './output.js';

const CHECK = 'images';
const PATIENCE_MILLISECONDS = 4_500;
const MOST_NAMED = 5;
const NO_ANSWER = 'a registry does not answer in time';

/** As `check` looks at all that is mapped; undefined where that takes too long. */
export async function lookAtImages({
  config,
  mapping,
  documents = NO_DOCUMENTS,
}: DoctorSite): Promise<CheckReport | undefined> {
  return explainedImages(config, (images) => {
    const urls = explainedUrls(config);
    const { dhcp, identity } = config;
    const work = checkMapping({
      ...{ mapping, images, urls, documents },
      ...{ offline: false, seesDhcp: dhcp !== undefined, verifies: identity.verify },
    });
    const ended = new AbortController();
    const late = waitFor(PATIENCE_MILLISECONDS, ended.signal).then(
      () => undefined,
      () => undefined,
    );
    return Promise.race([work, late]).finally(() => ended.abort());
  });
}

/** `failing`: registries that are told of already. Pure. */
export function judgeImages(
  report: CheckReport | undefined,
  failing: ReadonlySet<string>,
  maxSize?: number,
): readonly CheckResult[] {
  if (report === undefined && failing.size > 0) {
    return [{ check: CHECK, state: 'skipped', what: `what is mapped was not looked at: ${NO_ANSWER}` }];
  }
  if (report === undefined) {
    const what = `what is mapped could not be looked at in ${PATIENCE_MILLISECONDS / 1_000} s`;
    return [{ check: CHECK, state: 'warn', what, remedy: '"bootlayer check" takes its time' }];
  }
  const { assignments, machines, warnings } = report;
  const isTold = (image: string) => failing.has(placeOf(parseReference(image)));
  const bad = assignments.flatMap(({ assignment, image, targets }) =>
    isTold(image) ? [] : targets.flatMap((target) => whyNot(target).map((why) => `${assignment}: ${image}: ${why}`)),
  );
  const skipped = assignments.filter(({ image }) => isTold(image)).length;
  const all = [...bad, ...machines.map(({ machine, reason }) => `machine ${machine} cannot be booted: ${reason}`)];
  const remedy = '"bootlayer check" tells all of it';
  const told = all
    .slice(0, MOST_NAMED)
    .map((what): CheckResult => ({ check: CHECK, state: 'fail', what: inOneLine(what) }));
  const more = all.length - told.length;
  return [
    ...told,
    ...(more > 0 ? [{ check: CHECK, state: 'fail', what: `${more} more cannot be booted`, remedy } as const] : []),
    ...(skipped > 0
      ? [{ check: CHECK, state: 'skipped', what: `${counted(skipped, 'assignment')} of registries that fail` } as const]
      : []),
    ...(all.length === 0 && skipped < assignments.length ? [wellOf(report, skipped)] : []),
    ...(assignments.length === 0 ? [NOTHING] : []),
    ...warned(CHECK, [...warnings, ...findRoomWarnings(assignments, maxSize)].map(inOneLine)),
  ];
}

const NOTHING: CheckResult = {
  ...{ check: CHECK, state: 'warn', what: 'nothing is mapped: no machine boots anything' },
  remedy: 'write assignments, unless the API has them',
};

function wellOf({ assignments }: CheckReport, skipped: number): CheckResult {
  return { check: CHECK, state: 'ok', what: `${counted(assignments.length - skipped, 'assignment')} can be booted` };
}

function whyNot(target: CheckReport['assignments'][number]['targets'][number]): readonly string[] {
  if (target.kind === 'refused') return [target.reason];
  return target.kind === 'boots' && target.neverDone !== undefined ? [target.neverDone] : [];
}
