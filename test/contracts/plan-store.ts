import { describe, expect, it } from 'vitest';
import { artifactsOf } from '../../src/boot/plan.js';
import type { PlanStore } from '../../src/boot/ports.js';
import { digestOf } from '../../src/oci/digest.js';
import { bootPlan, ukiPlan } from '../fixtures/plans.js';

/** What every store of plans does. `open` gives an empty one. */
export function planStoreContract(open: () => Promise<PlanStore>): void {
  describe('as a plan store', () => {
    const plan = bootPlan();

    it('gives back what it was given', async () => {
      const store = await open();
      await store.savePlan(plan, 1000);
      expect(await store.findPlan(plan.id)).toEqual(plan);
      expect(await store.findPlan(digestOf(Buffer.from('other')))).toBeUndefined();
    });

    it('keeps plans for UEFI HTTP Boot beside those for iPXE', async () => {
      const store = await open();
      const uki = ukiPlan();
      await store.savePlan(plan, 1000);
      await store.savePlan(uki, 1000);
      expect([await store.findPlan(uki.id), await store.findPlan(plan.id)]).toEqual([uki, plan]);
      const { location } = uki.image;
      expect(await store.findPlannedArtifact(uki.uki.descriptor.digest, 999)).toEqual({ ...uki.uki, location });
      const digests = [...artifactsOf(plan), ...artifactsOf(uki)].map(({ descriptor }) => descriptor.digest);
      expect([...(await store.plannedDigests(999))].sort()).toEqual([...new Set(digests)].sort());
    });

    it('finds every artifact of a plan with the place it comes from', async () => {
      const store = await open();
      await store.savePlan(plan, 1000);
      for (const artifact of artifactsOf(plan)) {
        expect(await store.findPlannedArtifact(artifact.descriptor.digest, 999)).toEqual({
          ...artifact,
          location: plan.image.location,
        });
      }
      expect(await store.findPlannedArtifact(digestOf(Buffer.from('other')), 0)).toBeUndefined();
    });

    it('counts only plans issued after the given time, and issuing again renews', async () => {
      const store = await open();
      const { digest } = plan.kernel.descriptor;
      await store.savePlan(plan, 1000);
      expect(await store.findPlannedArtifact(digest, 1000)).toBeUndefined();
      await store.savePlan(plan, 2000);
      expect((await store.findPlannedArtifact(digest, 1000))?.role).toBe('kernel');
    });

    it('names the digests of all that was planned since, once each', async () => {
      const store = await open();
      const other = bootPlan('node-02');
      await store.savePlan(plan, 1000);
      await store.savePlan(other, 2000);
      const digests = artifactsOf(plan)
        .map(({ descriptor }) => descriptor.digest)
        .sort();
      expect([...(await store.plannedDigests(0))].sort()).toEqual(digests);
      expect(await store.plannedDigests(2000)).toEqual([]);
    });

    it('prefers the place that the newest plan names', async () => {
      const store = await open();
      const moved = bootPlan('node-02');
      const location = 'mirror.lab/os/debian';
      await store.savePlan({ ...moved, image: { ...moved.image, location } }, 2000);
      await store.savePlan(plan, 1000);
      const { digest } = plan.kernel.descriptor;
      expect((await store.findPlannedArtifact(digest, 0))?.location).toBe(location);
      await store.savePlan(plan, 3000);
      expect((await store.findPlannedArtifact(digest, 0))?.location).toBe(plan.image.location);
    });

    it('forgets old plans and only them, with their artifacts', async () => {
      const store = await open();
      const newer = bootPlan('node-02');
      await store.savePlan(plan, 1000);
      await store.savePlan(newer, 2000);
      expect(await store.prunePlans(1500)).toBe(1);
      expect(await store.findPlan(plan.id)).toBeUndefined();
      expect(await store.findPlan(newer.id)).toEqual(newer);
      expect((await store.findPlannedArtifact(plan.kernel.descriptor.digest, 0))?.role).toBe('kernel');
      expect(await store.prunePlans(2500)).toBe(1);
      expect(await store.findPlannedArtifact(plan.kernel.descriptor.digest, 0)).toBeUndefined();
    });

    it('takes many at once', async () => {
      const store = await open();
      const plans = Array.from({ length: 200 }, (_, number) => bootPlan(`node-${number}`));
      await Promise.all(plans.map((one) => store.savePlan(one, 1000)));
      expect(await Promise.all(plans.map(({ id }) => store.findPlan(id)))).toEqual(plans);
    });
  });
}
