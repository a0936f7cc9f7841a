import { describe, expect, it } from 'vitest';
import { Attribution } from '../../src/booter/attribution.js';
import { type Digest, digestOf } from '../../src/oci/digest.js';
import { bootPlan } from '../fixtures/plans.js';

const [ONE, OTHER] = ['one', 'other'].map((text) => digestOf(Buffer.from(text))) as [Digest, Digest];
const planOf = (manifestDigest: Digest) => {
  const plan = bootPlan();
  return { ...plan, image: { ...plan.image, manifestDigest } };
};

describe('Attribution', () => {
  it('attributes an address to the machine that last asked for its script there, for a while', () => {
    let now = 0;
    const attribution = new Attribution(() => now);
    attribution.saw('node-01', '10.0.0.1');
    expect(attribution.machineAt('10.0.0.1')).toBe('node-01');
    expect(attribution.machineAt('10.0.0.2')).toBeUndefined();
    now = 600_001;
    expect(attribution.machineAt('10.0.0.1')).toBeUndefined();
  });

  it('blames nobody when two live machines share an address', () => {
    const attribution = new Attribution(() => 0);
    attribution.saw('node-01', '10.0.0.1');
    attribution.saw('node-02', '10.0.0.1');
    expect(attribution.machineAt('10.0.0.1')).toBeUndefined();
  });

  it('goes by the live lease where one had an address before another', () => {
    let holder: string | undefined = 'node-02';
    const attribution = new Attribution(
      () => 0,
      (address) => (address === '10.0.0.1' ? holder : undefined),
    );
    attribution.saw('node-01', '10.0.0.1', { plan: planOf(ONE), isShown: true });
    expect(attribution.machineAt('10.0.0.1')).toBe('node-01');
    attribution.saw('node-02', '10.0.0.1', { plan: planOf(OTHER) });
    expect(attribution.machineAt('10.0.0.1')).toBe('node-02');
    expect(attribution.at('10.0.0.1').image).toBe(OTHER);
    expect(attribution.at('10.0.0.1').isShown).toBe(false);
    for (holder of ['node-03', undefined]) expect(attribution.machineAt('10.0.0.1')).toBeUndefined();
  });

  it('knows the image that the only machine at an address got last', () => {
    const attribution = new Attribution(() => 0);
    attribution.saw('node-01', '10.0.0.1');
    expect(attribution.at('10.0.0.1').image).toBeUndefined();
    attribution.saw('node-01', '10.0.0.1', { plan: planOf(ONE) });
    attribution.saw('node-01', '10.0.0.1');
    expect(attribution.at('10.0.0.1').image).toBe(ONE);
    attribution.saw('node-02', '10.0.0.1', { plan: planOf(OTHER) });
    expect(attribution.at('10.0.0.1').image).toBeUndefined();
  });

  it('knows what the only machine at an address was told to fetch', () => {
    const attribution = new Attribution(() => 0);
    const NOTHING = { start: [], later: [] };
    const plan = planOf(ONE);
    expect(attribution.at('10.0.0.1').fetches).toEqual(NOTHING);
    attribution.saw('node-01', '10.0.0.1', { plan });
    attribution.saw('node-01', '10.0.0.1');
    expect(attribution.at('10.0.0.1').fetches).toEqual({
      start: [plan.kernel, ...plan.initramfs],
      later: plan.extras,
      isDisc: false,
    });
    attribution.saw('node-02', '10.0.0.1', { plan: planOf(OTHER) });
    expect(attribution.at('10.0.0.1').fetches).toEqual(NOTHING);
  });

  it('stays bounded', () => {
    const attribution = new Attribution(() => 0);
    for (let number = 0; number < 60_000; number += 1) attribution.saw(`node-${number}`, `address-${number}`);
    expect(attribution.machineAt('address-0')).toBeUndefined();
    expect(attribution.machineAt('address-59999')).toBe('node-59999');
  });
});
