import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { FINDINGS, type FindingName } from '../../src/boot/finding.js';

/** Where each is brought about for real: by the program as built, with what is sent to it, or what its host does to it. */
const PROOFS: Readonly<Record<string, readonly FindingName[]>> = {
  'findings-firmware.test.ts': [
    ...(['answer-ignored', 'other-server-won', 'http-boot-refused', 'loader-missing', 'loader-repeated'] as const),
    ...(['loader-aborted', 'loader-unanswered', 'loader-not-started', 'loader-of-other-architecture'] as const),
    ...(['file-refused', 'identity-doubted'] as const),
  ],
  'findings.test.ts': [
    ...(['assignment-missing', 'assignment-undecided', 'clock-unset', 'standing-unknown', 'image-waiting'] as const),
    ...(['image-missing', 'image-unusable', 'architecture-missing', 'registry-denied'] as const),
    ...(['registry-unreachable', 'digest-mismatch', 'state-unusable', 'boot-refused'] as const),
    ...(['script-without-kernel', 'file-unknown', 'download-aborted', 'memory-short'] as const),
    ...(['configuration-not-fetched', 'configuration-refused', 'done-not-reported'] as const),
    ...(['machine-contradicted', 'attempts-used-up'] as const),
  ],
  'full-disk.test.ts': ['disk-full'],
};

it('brings about each that there is', () => {
  expect(Object.values(PROOFS).flat().toSorted()).toEqual(Object.keys(FINDINGS).toSorted());
});

/** A name in quotes, in a test that expects it of the log or of the API, and not of a list. */
it.each(Object.entries(PROOFS))('by %s', (file, names) => {
  const text = readFileSync(new URL(file, import.meta.url), 'utf8');
  expect(names.filter((name) => !text.includes(`'${name}'`))).toEqual([]);
});
