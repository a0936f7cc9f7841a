import { describe, expect, it } from 'vitest';
import { artifactsOf } from '../../src/boot/plan.js';
import type { PlanStore } from '../../src/boot/ports.js';
import { digestOf } from '../../src/oci/digest.js';
import { bootPlan, OPENED, openedPlan, ukiPlan } from '../fixtures/plans.js';

/** What every store of plans answers of UKIs that are opened; what was saved last was issued last. */
export function openedPlansContract(open: () => Promise<PlanStore>): void {
  describe('as a store of plans of opened UKIs', () => {
    const plan = openedPlan();
    const { descriptor } = plan.kernel;
    const { digest } = descriptor;
    const { location } = plan.image;

    it('finds the parts of a layer that plans start, and which of them is the last', async () => {
      const store = await open();
      await store.savePlan(plan, 1000);
      const { linux, initrds } = OPENED;
      const found = await Promise.all([linux, ...initrds].map((part) => store.findPlannedArtifact(digest, 999, part)));
      expect(found).toEqual([
        { role: 'kernel', descriptor, location, part: linux, slice: 'earlier' },
        { role: 'initramfs', descriptor, location, part: initrds[0], slice: 'earlier' },
        { role: 'initramfs', descriptor, location, part: initrds[1], slice: 'last' },
      ]);
      const other = bootPlan().kernel.descriptor.digest;
      expect(await store.findPlannedArtifact(other, 999, linux)).toBeUndefined();
      expect(await store.findPlannedArtifact(digest, 999, { ...linux, length: 1 })).toBeUndefined();
    });

    it('finds the layer itself as what that is', async () => {
      const store = await open();
      await store.savePlan(plan, 1000);
      expect(await store.findPlannedArtifact(digest, 999)).toEqual({ role: 'uki', descriptor, location });
    });

    it('takes a kernel alone for the last', async () => {
      const store = await open();
      await store.savePlan(openedPlan('node-01', []), 1000);
      expect(await store.findPlannedArtifact(digest, 999, OPENED.linux)).toMatchObject({ slice: 'last' });
    });

    it('finds them behind any number of newer plans that start all of the layer', async () => {
      const store = await open();
      await store.savePlan(plan, 1000);
      for (let number = 0; number < 9; number += 1)
        await store.savePlan(ukiPlan(`node-${number}`, ['uki']), 2000 + number);
      expect(await store.findPlannedArtifact(digest, 999, OPENED.linux)).toMatchObject({ role: 'kernel' });
    });

    it('finds no parts of layers that plans start as they are', async () => {
      const store = await open();
      await store.savePlan(ukiPlan(), 1000);
      const all = { offset: 0, length: descriptor.size };
      expect(await store.findPlannedArtifact(digest, 999, all)).toBeUndefined();
    });
  });
}

/** What every store of plans does. `open` gives an empty one. */
export function planStoreContract(open: () => Promise<PlanStore>): void {
  openedPlansContract(open);

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
      const opened = openedPlan();
      await store.savePlan(opened, 1000);
      const find = () => store.findPlannedArtifact(opened.kernel.descriptor.digest, 1000, OPENED.linux);
      expect(await find()).toBeUndefined();
      await store.savePlan(opened, 2000);
      expect(await find()).toMatchObject({ role: 'kernel' });
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
