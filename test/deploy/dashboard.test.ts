import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { BOOT_STATES } from '../../src/boot/boot.js';
import { DEPLOY } from '../fixtures/deploy.js';
import { groupedBy, judgeExpressions, metricsThatExist, selectionsIn } from '../fixtures/prometheus.js';

type Datasource = { readonly type: string; readonly uid: string };
type Target = { readonly refId: string; readonly expr: string; readonly legendFormat: string };
type Panel = {
  readonly id: number;
  readonly type: string;
  readonly title: string;
  readonly datasource?: Datasource;
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
  readonly targets?: readonly Target[];
};
type Variable = { readonly name: string; readonly type: string; readonly query: string | { readonly query: string } };

const { panels, templating } = JSON.parse(readFileSync(join(DEPLOY, 'grafana-dashboard.json'), 'utf8')) as {
  readonly panels: readonly Panel[];
  readonly templating: { readonly list: readonly Variable[] };
};
const README = readFileSync(new URL('../../README.md', import.meta.url), 'utf8');

const targets = panels.flatMap(({ id, title, targets: own = [] }) =>
  own.map((target) => ({ ...target, id, name: `${title} ${target.refId}` })),
);
/** As Grafana asks, all servers being shown. */
const asked = (expr: string) =>
  expr.replaceAll('$__rate_interval', '5m').replaceAll('$__range', '6h').replaceAll('$instance', '.*');

let labels: ReadonlyMap<string, readonly string[]>;

beforeAll(async () => {
  ({ labels } = await metricsThatExist());
});

/** Whether a metric is counted by that value of a label: states by those of boots, and all others by the README's row of it. */
function isCounted(metric: string, label: string, value: string): boolean {
  if (label === 'state' && metric === 'bootlayer_boots_total') return BOOT_STATES.some((state) => state === value);
  // How long requests take is told by the same labels as how many there are.
  const name = metric.replace(/_(bucket|sum|count)$/, '').replace('http_request_seconds', 'http_requests_total');
  const row = README.split('\n').find((line) => line.startsWith(`| \`${name}\` |`)) ?? '';
  if (/^[2-5]xx$/.test(value)) return row.includes('`2xx` … `5xx`');
  return row.includes(`\`${value}\``);
}

describe.each(targets.map((target) => [target.name, target] as const))(
  'the panel %s',
  (_name, { expr, legendFormat }) => {
    const selections = selectionsIn(expr);

    it('asks for what there is, of the servers that are chosen', () => {
      expect(selections.length).toBeGreaterThan(0);
      for (const { metric, matchers } of selections) {
        const known = labels.get(metric) ?? expect.fail(`there is no ${metric}`);
        expect(matchers[0]).toEqual({ label: 'instance', values: ['$instance'] });
        for (const { label, values } of matchers.slice(1)) {
          expect(known).toContain(label);
          for (const value of values) expect([value, isCounted(metric, label, value)]).toEqual([value, true]);
        }
        for (const label of groupedBy(expr)) expect([...known, 'instance']).toContain(label);
      }
    });

    it('names its lines by what it tells apart', () => {
      const named = [...legendFormat.matchAll(/\{\{(\w+)\}\}/g)].map(([, label = '']) => label);
      const told = groupedBy(expr).filter((label) => label !== 'le');
      const isBare = !expr.includes('sum') && !expr.includes('max');
      expect(named.toSorted()).toEqual(isBare ? ['instance'] : told.toSorted());
      expect(legendFormat).not.toBe('');
    });
  },
);

describe('the dashboard of Grafana', () => {
  it('has each panel once, beside the others', () => {
    expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length);
    const taken = panels.flatMap(({ gridPos: { x, y, w, h } }) => {
      expect(x + w).toBeLessThanOrEqual(24);
      return Array.from({ length: w * h }, (_, at) => `${x + (at % w)},${y + Math.floor(at / w)}`);
    });
    expect(new Set(taken).size).toBe(taken.length);
    expect(new Set(panels.map(({ title }) => title)).size).toBe(panels.length);
  });

  it('asks the Prometheus that whoever looks has chosen', () => {
    for (const { datasource } of panels.filter(({ type }) => type !== 'row'))
      expect(datasource).toEqual({ type: 'prometheus', uid: '${datasource}' });
    expect(templating.list.map(({ name, type }) => [name, type])).toEqual([
      ['datasource', 'datasource'],
      ['instance', 'query'],
    ]);
    expect(templating.list[1]?.query).toMatchObject({ query: 'label_values(bootlayer_build_info, instance)' });
    expect(labels.has('bootlayer_build_info')).toBe(true);
  });

  it('shows every metric of ours', () => {
    const shown = new Set(targets.flatMap(({ expr }) => selectionsIn(expr).map(({ metric }) => metric)));
    // Of a histogram, its buckets.
    const ours = [...labels.keys()].filter((name) => name.startsWith('bootlayer_') && !/_(sum|count)$/.test(name));
    expect(ours.filter((name) => !shown.has(name))).toEqual([]);
  });

  it('has expressions that promtool understands', async () => {
    const named = targets.map(({ id, refId, expr }) => [`panel_${id}_${refId}`, asked(expr)] as const);
    const { status, out } = await judgeExpressions(Object.fromEntries(named));
    expect([status, out]).toEqual([0, expect.stringContaining(`${named.length} rules found`)]);
    const [[name, expr]] = named as [(typeof named)[number]];
    expect((await judgeExpressions({ [name]: `${expr})` })).status).not.toBe(0);
  });
});
