import { describe, expect, it } from 'vitest';
import { evaluateConditions, LAST_MODIFIED } from '../../src/http/conditional.js';

const ETAG = '"sha256:aa"';
const goOn = (rangeHolds = true) => ({ kind: 'go-on', rangeHolds });
const status = (code: number) => ({ kind: 'status', status: code });
const LATER = 'Fri, 01 Jan 2027 00:00:00 GMT';
const EARLIER = 'Wed, 01 Jan 2014 00:00:00 GMT';

describe('evaluateConditions', () => {
  it.each([
    ['none', {}, goOn()],
    ['If-Match with it', { ifMatch: `"x", ${ETAG}` }, goOn()],
    ['If-Match with anything', { ifMatch: '*' }, goOn()],
    ['If-Match with another', { ifMatch: '"x"' }, status(412)],
    ['If-Match never matches weakly', { ifMatch: `W/${ETAG}` }, status(412)],
    ['If-Unmodified-Since as EDK2 resumes', { ifUnmodifiedSince: LAST_MODIFIED }, goOn()],
    ['If-Unmodified-Since earlier', { ifUnmodifiedSince: EARLIER }, status(412)],
    ['If-Unmodified-Since unreadable', { ifUnmodifiedSince: 'yesterday' }, goOn()],
    ['If-Match decides before If-Unmodified-Since', { ifMatch: ETAG, ifUnmodifiedSince: EARLIER }, goOn()],
    ['If-None-Match with it', { ifNoneMatch: ETAG }, status(304)],
    ['If-None-Match weakly', { ifNoneMatch: `W/${ETAG}` }, status(304)],
    ['If-None-Match with another', { ifNoneMatch: '"x"', ifModifiedSince: LATER }, goOn()],
    ['If-Modified-Since later', { ifModifiedSince: LATER }, status(304)],
    ['If-Modified-Since earlier', { ifModifiedSince: EARLIER }, goOn()],
    ['If-Range with it', { ifRange: ETAG }, goOn(true)],
    ['If-Range with its date', { ifRange: LAST_MODIFIED }, goOn(true)],
    ['If-Range with another', { ifRange: '"x"' }, goOn(false)],
  ])('%s', (_name, conditions, verdict) => expect(evaluateConditions(ETAG, conditions)).toEqual(verdict));
});
