import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { metricsSink } from '../../src/booter/metrics-sink.js';
import { createMetrics } from '../../src/metrics.js';
import { digestOf } from '../../src/oci/digest.js';
import { DEPLOY, judged } from '../fixtures/deploy.js';
import { groupedBy, metricsThatExist, selectionsIn } from '../fixtures/prometheus.js';

const ALERTS = readFileSync(join(DEPLOY, 'alerts.yaml'), 'utf8');
const README = readFileSync(new URL('../../README.md', import.meta.url), 'utf8');

type Rule = {
  readonly alert: string;
  readonly expr: string;
  readonly labels: { readonly severity: string };
  readonly annotations: Readonly<Record<string, string>>;
};

let text = '';
let labels: ReadonlyMap<string, readonly string[]>;

beforeAll(async () => {
  ({ text, labels } = await metricsThatExist());
});

const ours = () => [...text.matchAll(/^# TYPE (bootlayer_\S+)/gm)].map(([, name = '']) => name);

describe('the alerts of Prometheus', () => {
  const { groups } = parse(ALERTS) as { readonly groups: readonly { readonly rules: readonly Rule[] }[] };
  const rules = groups.flatMap((group) => group.rules);

  it.each(rules.map((rule) => [rule.alert, rule] as const))(
    '%s asks for what there is',
    (_name, { expr, labels: own, annotations }) => {
      const selections = selectionsIn(expr);
      if (!expr.startsWith('up{')) expect(selections).not.toEqual([]);
      for (const { metric, matchers } of selections) {
        const known = labels.get(metric) ?? expect.fail(`there is no ${metric}`);
        for (const label of [...matchers.map((one) => one.label), ...groupedBy(expr)])
          expect([...known, 'instance', 'le']).toContain(label);
      }
      expect(['page', 'ticket']).toContain(own.severity);
      expect(Object.keys(annotations).toSorted()).toEqual(['description', 'summary']);
    },
  );

  it('asks by outcomes that are counted', async () => {
    const metrics = createMetrics();
    const sink = metricsSink(metrics);
    const digest = digestOf(Buffer.from('blob'));
    const failed = { code: 'REGISTRY_UNREACHABLE', reason: 'it does not answer' };
    sink({ event: 'image.failed', reference: 'lab:5000/os:1', ...failed });
    sink({ event: 'fill.failed', digest, bytes: 0, seconds: 1, source: 'lab:5000', ...failed });
    const counted = await metrics.text();
    const asked = [...ALERTS.matchAll(/bootlayer_\w+\{outcome="\w+"\}/g)].map(([series]) => series);
    expect(asked).toHaveLength(2);
    expect(asked.filter((series) => !counted.includes(`${series} 1\n`))).toEqual([]);
  });
});

it('promtool finds nothing wrong with the alerts', () => {
  expect(judged('promtool', ['check', 'rules', join(DEPLOY, 'alerts.yaml')])).toMatchObject({ status: 0 });
});

it('the README says what each metric is', () => {
  const tables = [...README.matchAll(/\n\| metric of `\/metrics` \| is \|\n\| --- \| --- \|\n([\s\S]*?)\n\n/g)];
  const told = tables.flatMap(([, rows = '']) => [...rows.matchAll(/^\| `(\w+)` \|/gm)].map(([, name = '']) => name));
  expect(told.toSorted()).toEqual(ours().toSorted());
});
