import { readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { parse, stringify } from 'yaml';
import { DEPLOY, judged } from '../fixtures/deploy.js';
import { temporaryFolder } from '../fixtures/folder.js';

const FILE = join(DEPLOY, 'alerts.yaml');

type Rule = {
  readonly alert: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
};
const { groups } = parse(readFileSync(FILE, 'utf8')) as {
  readonly groups: readonly { readonly rules: readonly Rule[] }[];
};
const RULES = groups.flatMap(({ rules }) => rules);

/** By their labels, what is read each minute, as promtool writes it: `0 1x3` is 0, 1, 1, 1, 1. */
type Series = Readonly<Record<string, string>>;
type Case = {
  /** When it is to be told, in minutes. */
  readonly at: number;
  readonly bad: Series;
  readonly healthy: Series;
  /** Of what is told, but for its severity and the server. */
  readonly labels?: Readonly<Record<string, string>>;
  readonly value?: string;
};

const HTTP = 'bootlayer_http_requests_total';
const REGISTRY = 'bootlayer_registry_requests_total';
const ENOUGH = { 'bootlayer_boot_seconds_count{until="started"}': '0+1x60' };
/** Of boots, one a minute, as long as `most` seconds at most. */
const boots = (most: number): Series => ({
  ...ENOUGH,
  ...Object.fromEntries(
    ['60', '600', '1800', '+Inf'].map((le) => [
      `bootlayer_boot_seconds_bucket{until="started",le="${le}"}`,
      Number(le.replace('+Inf', 'Infinity')) < most ? '0x60' : '0+1x60',
    ]),
  ),
});
const answers = (most: number): Series =>
  Object.fromEntries(
    ['0.001', '0.1', '0.5', '2', '+Inf'].map((le) => [
      `bootlayer_dhcp_answer_seconds_bucket{le="${le}"}`,
      Number(le.replace('+Inf', 'Infinity')) < most ? '0x60' : '0+10x60',
    ]),
  );
const kept = (plans: string): Series => ({
  bootlayer_unsaved_plans_total: plans,
  bootlayer_lost_boot_steps_total: '0x20',
  bootlayer_dhcp_leases_unsaved_total: '0x20',
});

const CASES: Readonly<Record<string, Case>> = {
  BootlayerDown: {
    ...{ at: 3, bad: { 'up{job="bootlayer"}': '0x10' }, labels: { job: 'bootlayer' } },
    healthy: { 'up{job="bootlayer"}': '0 1 0 1x10' },
  },
  BootlayerBootsStop: {
    ...{ at: 15, labels: { finding: 'image-missing' }, value: '3' },
    bad: { 'bootlayer_findings_total{finding="image-missing"}': '0 1 2 3x12' },
    healthy: {
      'bootlayer_findings_total{finding="image-missing"}': '0 1x15',
      'bootlayer_findings_total{finding="image-waiting"}': '0 0 1 2x15',
    },
  },
  BootlayerConfigurationRefused: {
    ...{ at: 6, bad: { bootlayer_mapping_refused: '1x10' }, healthy: { bootlayer_mapping_refused: '1 1 1 0x10' } },
  },
  BootlayerImagesUnresolved: {
    ...{ at: 65, labels: { outcome: 'failed' } },
    bad: { 'bootlayer_resolutions_total{outcome="failed"}': '0+1x70' },
    healthy: {
      'bootlayer_resolutions_total{outcome="failed"}': '0 1x70',
      'bootlayer_resolutions_total{outcome="last-good"}': '0+1x70',
    },
  },
  BootlayerDownloadsFail: {
    ...{ at: 30, labels: { outcome: 'failed' } },
    bad: { 'bootlayer_fills_total{outcome="failed"}': '0 1 2 3x30' },
    healthy: {
      'bootlayer_fills_total{outcome="failed"}': '0 1 1 1x30',
      'bootlayer_fills_total{outcome="finished"}': '0+9x33',
    },
  },
  BootlayerBlobsDamaged: {
    ...{ at: 10, bad: { bootlayer_damaged_blobs_total: '0 1x10' }, healthy: { bootlayer_damaged_blobs_total: '0x10' } },
  },
  BootlayerStateNotKept: { at: 10, bad: kept('0 1x10'), healthy: kept('0x10') },
  BootlayerNoAddresses: {
    ...{ at: 10, labels: { subnet: '10.0.0.0/24' } },
    bad: { 'bootlayer_dhcp_pools_exhausted_total{subnet="10.0.0.0/24"}': '0 1x10' },
    healthy: { 'bootlayer_dhcp_pools_exhausted_total{subnet="10.0.0.0/24"}': '0x10' },
  },
  BootlayerOtherDhcpServer: {
    ...{ at: 10, bad: { bootlayer_dhcp_other_servers_total: '0 1x10' } },
    healthy: { bootlayer_dhcp_other_servers_total: '0x10' },
  },
  BootlayerTooBusy: {
    ...{ at: 6, bad: { nodejs_eventloop_lag_p99_seconds: '0.8x10' } },
    healthy: {
      nodejs_eventloop_lag_p99_seconds: '0.8 0.8 0.02x10',
      'bootlayer_dropped_datagrams_total{protocol="tftp"}': '0x12',
    },
  },
  BootlayerHttpErrors: {
    ...{ at: 15, labels: { route: 'blob' } },
    bad: { [`${HTTP}{listener="boot",route="blob",status="5xx"}`]: '0 1 2 3x12' },
    healthy: {
      [`${HTTP}{listener="boot",route="blob",status="5xx"}`]: '0 1x14',
      [`${HTTP}{listener="boot",route="blob",status="4xx"}`]: '0+9x15',
      [`${HTTP}{listener="boot",route="health",status="5xx"}`]: '0+9x15',
      [`${HTTP}{listener="api",route="api",status="5xx"}`]: '0+9x15',
    },
  },
  BootlayerRegistriesFail: {
    at: 35,
    bad: {
      [`${REGISTRY}{status="2xx"}`]: '0+1x40',
      [`${REGISTRY}{status="5xx"}`]: '0+1x40',
      [`${REGISTRY}{status="none"}`]: '0+1x40',
    },
    healthy: {
      [`${REGISTRY}{status="2xx"}`]: '0+3x40',
      [`${REGISTRY}{status="4xx"}`]: '0+9x40',
      [`${REGISTRY}{status="none"}`]: '0+1x40',
    },
  },
  BootlayerBootsSlow: { at: 60, bad: boots(1_000), healthy: boots(300) },
  BootlayerDhcpSlow: { at: 15, bad: answers(1), healthy: answers(0.05) },
  BootlayerFault: {
    ...{ at: 10, bad: { bootlayer_faults_total: '0 1x10' }, healthy: { bootlayer_faults_total: '5x10' } },
  },
};

const INSTANCE = 'boot-1:8081';

function seriesOf(series: Series) {
  return Object.entries(series).map(([name, values]) => {
    const labels = /\{(.*)\}/.exec(name)?.[1] ?? '';
    return { series: `${name.replace(/\{.*/, '')}{instance="${INSTANCE}"${labels && `,${labels}`}}`, values };
  });
}

/** As Prometheus fills in what an alert says. */
function toldBy({ labels, annotations }: Rule, { labels: own = {}, value = '' }: Case) {
  const said: Readonly<Record<string, string>> = { ...own, instance: INSTANCE };
  const filled = (text: string) =>
    text
      .replace('{{ $value | humanize }}', value)
      .replace(/\{\{ \$labels\.(\w+) \}\}/g, (_, label: string) => said[label] ?? '');
  const texts = Object.fromEntries(Object.entries(annotations).map(([key, text]) => [key, filled(text)]));
  return { exp_labels: { ...said, ...labels }, exp_annotations: texts };
}

/** What promtool says of rules at series: each alert is told at the bad ones, and at no minute of the healthy ones. */
async function judgedAt(rules: readonly Rule[], cases: Readonly<Record<string, Case>>) {
  const tests = rules.flatMap((rule) => {
    const each = cases[rule.alert] ?? expect.fail(`nothing is known of ${rule.alert}`);
    const minutes = Array.from({ length: each.at + 1 }, (_, minute) => minute);
    const told = { eval_time: `${each.at}m`, alertname: rule.alert, exp_alerts: [toldBy(rule, each)] };
    const untold = minutes.map((minute) => ({ eval_time: `${minute}m`, alertname: rule.alert, exp_alerts: [] }));
    return [
      { name: `${rule.alert}, bad`, interval: '1m', input_series: seriesOf(each.bad), alert_rule_test: [told] },
      { name: `${rule.alert}, healthy`, interval: '1m', input_series: seriesOf(each.healthy), alert_rule_test: untold },
    ];
  });
  const file = join(await temporaryFolder(), 'tests.yaml');
  await writeFile(file, stringify({ rule_files: [FILE], evaluation_interval: '1m', tests }));
  return judged('promtool', ['test', 'rules', file]);
}

it('are told where somebody should look, and not where all is well', async () => {
  expect(Object.keys(CASES).toSorted()).toEqual(RULES.map(({ alert }) => alert).toSorted());
  expect(await judgedAt(RULES, CASES)).toMatchObject({ status: 0, out: expect.stringContaining('SUCCESS') as string });
});

it.each(RULES.map((rule) => [rule.alert, rule] as const))('%s is not told at healthy series', async (_name, rule) => {
  const { [rule.alert]: each } = CASES;
  if (each === undefined) expect.fail();
  const { status, out } = await judgedAt([rule], { [rule.alert]: { ...each, bad: each.healthy } });
  expect([status, out]).toEqual([1, expect.stringContaining('got:[]')]);
});
