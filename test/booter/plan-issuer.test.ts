import { describe, expect, it } from 'vitest';
import type { BootEvent } from '../../src/boot/event.js';
import { PlanIssuer } from '../../src/booter/plan-issuer.js';
import { BootlayerError, type ErrorCode } from '../../src/errors.js';
import { MemoryPlans, TestClock } from '../fixtures/booter.js';
import { bootPlan } from '../fixtures/plans.js';

const HOUR = 3_600_000;

function issuer() {
  const plans = new MemoryPlans();
  const clock = new TestClock();
  const events: BootEvent[] = [];
  return { plans, clock, events, issuer: new PlanIssuer({ plans, clock, events: (event) => void events.push(event) }) };
}

/** The disk does not take it. */
function failing(code: ErrorCode) {
  const parts = issuer();
  const save = parts.plans.savePlan.bind(parts.plans);
  parts.plans.savePlan = () => Promise.reject(new BootlayerError(code, `it is ${code}`));
  const mend = () => {
    parts.plans.savePlan = save;
  };
  return { ...parts, mend };
}

describe('PlanIssuer', () => {
  it('keeps a plan before it is issued, and again an hour later at most', async () => {
    const { plans, clock, issuer: issues } = issuer();
    const [plan, other] = [bootPlan(), bootPlan('node-02')];
    const keep = async (milliseconds: number, one = plan) => {
      clock.milliseconds = milliseconds;
      await issues.issue(one);
      return plans.plans.length;
    };
    expect([
      await keep(0),
      await keep(HOUR - 1),
      await keep(HOUR - 1, other),
      await keep(HOUR),
      await keep(HOUR),
    ]).toEqual([1, 1, 2, 3, 3]);
    expect(plans.plans).toEqual([plan, other, plan]);
  });

  it.each(['DISK_FULL', 'DATA_UNUSABLE'] as const)(
    'lets a machine boot whose plan cannot be kept: %s',
    async (code) => {
      const { plans, events, issuer: issues, mend } = failing(code);
      const plan = bootPlan();
      await issues.issue(plan);
      expect(events).toEqual([{ event: 'plan.unsaved', machine: 'node-01', plan: plan.id, reason: `it is ${code}` }]);
      mend();
      await issues.issue(plan);
      expect([plans.plans, events.length]).toEqual([[plan], 1]);
    },
  );

  it('hides no fault of ours', async () => {
    const { events, issuer: issues } = failing('INTERNAL');
    await expect(issues.issue(bootPlan())).rejects.toMatchObject({ code: 'INTERNAL' });
    expect(events).toEqual([]);
  });
});
