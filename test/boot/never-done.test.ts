import { describe, expect, it } from 'vitest';
import type { Chosen } from '../../src/boot/choose-way.js';
import { neverDoneBecause, neverDoneByFirmware } from '../../src/boot/never-done.js';
import { ALWAYS, type Policy } from '../../src/boot/policy.js';

const REPORTED: Policy = { mode: 'once', doneWhen: 'reported' };
const STARTED: Policy = { mode: 'once', doneWhen: 'started' };

/** None of them is ever to be done. */
const OTHERS: readonly Policy[] = [
  ALWAYS,
  { mode: 'always', doneWhen: 'started' },
  { mode: 'hold', doneWhen: 'reported' },
  { mode: 'hold', doneWhen: 'started' },
];

const DISC = { way: 'iso', by: 'ipxe', unmet: [] } as const;
const HIDDEN = 'it is done when it has started, and an ISO that iPXE reads as a disc does not show when that is';

describe('what is started', () => {
  it.each<[string, Policy, Pick<Chosen, 'way' | 'by' | 'unmet'>, string | undefined]>([
    ['as a disc of iPXE', STARTED, DISC, HIDDEN],
    ['as a disc of firmware', STARTED, { ...DISC, by: 'firmware' }, undefined],
    ['as a UKI by iPXE', STARTED, { way: 'uki', by: 'ipxe', unmet: ['arguments'] }, undefined],
    ['out of an ISO', STARTED, { way: 'iso-files', by: 'ipxe', unmet: [] }, undefined],
    ['as a disc of iPXE, which somebody else may tell', REPORTED, DISC, undefined],
    [
      'as a disc that is not told',
      REPORTED,
      { ...DISC, unmet: ['iso-arguments'] },
      'it is to report that it is done, and an ISO is not told where',
    ],
    [
      'as a UKI that is not told',
      REPORTED,
      { way: 'uki', by: 'ipxe', unmet: ['arguments'] },
      'it is to report that it is done, and a UKI is not told where',
    ],
    ['without its device tree', REPORTED, { way: 'opened', by: 'ipxe', unmet: ['dtb'] }, undefined],
  ])('lets it be known that its machine is done, or never: %s', (_how, policy, chosen, reason) => {
    expect(neverDoneBecause(policy, chosen)).toBe(reason);
  });

  it.each(OTHERS)('need not be done by $mode, whatever doneWhen says: $doneWhen', (policy) => {
    expect(neverDoneBecause(policy, { ...DISC, unmet: ['arguments', 'iso-arguments'] })).toBeUndefined();
    expect(neverDoneByFirmware(policy)).toBeUndefined();
  });
});

it('is told nothing where firmware starts it, whatever it is', () => {
  expect(neverDoneByFirmware(REPORTED)).toBe(
    'it is to report that it is done, and what firmware starts is not told where',
  );
  expect(neverDoneByFirmware(STARTED)).toBeUndefined();
});
