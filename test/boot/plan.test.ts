import { describe, expect, it } from 'vitest';
import { artifactsOf, type PlanInput, planBoot, planUki, startOf } from '../../src/boot/plan.js';
import type { Role } from '../../src/image/role.js';
import { digestOf } from '../../src/oci/digest.js';
import { assignment, facts, machine } from '../fixtures/mappings.js';
import { resolvedImage } from '../fixtures/plans.js';

const ROLES: readonly Role[] = ['kernel', 'initramfs', 'squashfs', 'cmdline', 'uki', 'iso', 'disk'];

const input = (roles: readonly Role[] = ROLES, more: Partial<PlanInput> = {}): PlanInput => ({
  subject: { name: 'node-01', facts: facts(), contradictions: [], mayBeKnown: false },
  assignment: assignment(),
  image: resolvedImage(roles),
  defaults: {},
  ...more,
});

function ukiPlan(...args: Parameters<typeof input>) {
  const planning = planUki(input(...args));
  return planning.kind === 'plan' ? planning.plan : expect.unreachable(planning.reason);
}

describe('planUki', () => {
  it('names the UKI, what it may ask for, and where all of it is from', () => {
    const { id, ...plan } = ukiPlan();
    const { reference, location, digest, manifestDigest, artifacts } = resolvedImage(ROLES);
    const of = (role: Role) => artifacts.find((artifact) => artifact.role === role);
    expect(plan).toEqual({
      ...{ kind: 'uki', machine: 'node-01', assignment: 'all', image: { reference, location, digest, manifestDigest } },
      ...{ uki: of('uki'), extras: [of('squashfs'), of('disk')] },
    });
    expect(id).toBe(digestOf(Buffer.from(JSON.stringify(plan))));
  });

  it('fetches the UKI first', () => {
    const plan = ukiPlan();
    expect(startOf(plan).map(({ role }) => role)).toEqual(['uki']);
    expect(artifactsOf(plan).map(({ role }) => role)).toEqual(['uki', 'squashfs', 'disk']);
  });

  it('needs no kernel, and is no plan without a UKI', () => {
    expect(ukiPlan(['uki']).extras).toEqual([]);
    expect(planUki(input(['kernel', 'initramfs']))).toEqual({
      kind: 'refused',
      reason: 'registry.lab:5000/os/debian:12 holds no UKI',
    });
  });

  it('is the same for the same, whatever the arguments are, and another for another machine or image', () => {
    const { id } = ukiPlan();
    const kernelArgs = { append: ['quiet'] };
    const subject = { ...input().subject, machine: machine({ kernelArgs }) };
    expect(
      ukiPlan(ROLES, { subject, defaults: kernelArgs, assignment: assignment({ kernelArgs: [kernelArgs] }) }).id,
    ).toBe(id);
    const others = [
      ukiPlan(ROLES, { subject: { ...subject, name: 'node-02' } }),
      ukiPlan(ROLES, { assignment: assignment({ name: 'other' }) }),
      ukiPlan(ROLES, { image: resolvedImage(ROLES, { manifestDigest: digestOf(Buffer.from('other')) }) }),
      ukiPlan(['uki']),
    ].map((plan) => plan.id);
    expect(new Set([id, ...others]).size).toBe(5);
  });
});

it('a plan for iPXE of the same image is another, and fetches kernel and initramfs first', () => {
  const planning = planBoot(input());
  if (planning.kind === 'refused') return expect.unreachable(planning.reason);
  const { plan } = planning;
  expect([plan.kind, startOf(plan).map(({ role }) => role)]).toEqual(['kernel', ['kernel', 'initramfs']]);
  expect(artifactsOf(plan).map(({ role }) => role)).toEqual(['kernel', 'initramfs', 'squashfs', 'disk']);
  expect(plan.id).not.toBe(ukiPlan().id);
});
