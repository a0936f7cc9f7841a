/** The validators a client sent (RFC 9110, 13.1). */
export type Conditions = {
  readonly ifMatch?: string | undefined;
  readonly ifNoneMatch?: string | undefined;
  readonly ifUnmodifiedSince?: string | undefined;
  readonly ifModifiedSince?: string | undefined;
  readonly ifRange?: string | undefined;
};

export type Verdict =
  | { readonly kind: 'go-on'; readonly rangeHolds: boolean }
  | { readonly kind: 'status'; readonly status: 304 | 412 };

/**
 * The same for every blob and every start of the server: EDK2 resumes with If-Unmodified-Since, and content that goes
 * by its digest never changes.
 */
export const LAST_MODIFIED = 'Thu, 01 Jan 2015 00:00:00 GMT';
const LAST_MODIFIED_MILLISECONDS = Date.parse(LAST_MODIFIED);

/** Evaluates the conditions in the RFC's order (13.2.2) for a body with this strong ETag. Pure. */
export function evaluateConditions(etag: string, conditions: Conditions): Verdict {
  const { ifMatch, ifNoneMatch, ifUnmodifiedSince, ifModifiedSince, ifRange } = conditions;
  if (ifMatch !== undefined) {
    if (!listHolds(ifMatch, etag)) return { kind: 'status', status: 412 };
  } else if (ifUnmodifiedSince !== undefined && isBefore(ifUnmodifiedSince)) {
    return { kind: 'status', status: 412 };
  }
  if (ifNoneMatch !== undefined) {
    if (listHolds(ifNoneMatch.replaceAll('W/', ''), etag)) return { kind: 'status', status: 304 };
  } else if (
    ifModifiedSince !== undefined &&
    !isBefore(ifModifiedSince) &&
    !Number.isNaN(Date.parse(ifModifiedSince))
  ) {
    return { kind: 'status', status: 304 };
  }
  return { kind: 'go-on', rangeHolds: ifRange === undefined || ifRange === etag || ifRange === LAST_MODIFIED };
}

/** Whether a list of ETags has this one, or is `*`. Pure. */
export function listHolds(list: string, etag: string): boolean {
  return list.trim() === '*' || list.split(',').some((tag) => tag.trim() === etag);
}

/** Whether the date lies before the body's; unreadable dates are ignored (13.1.4). */
function isBefore(date: string): boolean {
  const milliseconds = Date.parse(date);
  return !Number.isNaN(milliseconds) && milliseconds < LAST_MODIFIED_MILLISECONDS;
}
