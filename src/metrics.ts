import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import { type BootMetrics, bootMetrics } from './metrics/boot-metrics.js';
import { type LeaseMetrics, leaseMetrics } from './metrics/lease-metrics.js';
import { type ProtocolMetrics, protocolMetrics } from './metrics/protocol-metrics.js';

/** The counters behind `/metrics`. One registry per server, so that several can live in one process (tests). */
export type Metrics = LeaseMetrics &
  BootMetrics &
  ProtocolMetrics & {
    readonly contentType: string;
    /** The Prometheus text format. */
    text(): Promise<string>;
    readonly scripts: Counter<'outcome'>;
    readonly faults: Counter;
    readonly unsavedPlans: Counter;
    readonly lostSteps: Counter;
    readonly contradictions: Counter;
    readonly reloads: Counter<'outcome'>;
    readonly mappingPending: Gauge;
    readonly mapped: Gauge<'kind'>;
    readonly resolutions: Counter<'outcome'>;
    readonly resolutionSeconds: Histogram;
    readonly fills: Counter<'outcome'>;
    readonly fillBytes: Counter;
    readonly cacheOpens: Counter<'result'>;
    readonly evictions: Counter;
    readonly damaged: Counter;
    readonly transfers: Counter<'protocol' | 'role' | 'outcome'>;
    readonly transferBytes: Counter<'protocol' | 'role'>;
    readonly transfersUnderWay: Gauge;
    readonly loaders: Counter<'protocol' | 'outcome'>;
    readonly refusedFiles: Counter<'protocol'>;
    readonly unansweredFiles: Counter<'protocol'>;
    readonly droppedDatagrams: Counter<'protocol'>;
    readonly dhcp: Counter<'outcome'>;
    readonly loaderLoops: Counter;
    readonly findings: Counter;
    readonly heldBoots: Counter;
    readonly doneBoots: Counter<'by'>;
    readonly identityMismatches: Counter;
    readonly provisions: Counter<'outcome'>;
  };

export function createMetrics(): Metrics {
  const registry = new Registry();
  const registers = [registry];
  collectDefaultMetrics({ register: registry });
  return {
    contentType: registry.contentType,
    text: () => registry.metrics(),
    scripts: new Counter({
      name: 'bootlayer_scripts_total',
      help: 'iPXE scripts answered: greeting, sent, waiting, local or refused',
      labelNames: ['outcome'],
      registers,
    }),
    ...policyMetrics(registers),
    ...mappingMetrics(registers),
    resolutions: new Counter({
      name: 'bootlayer_resolutions_total',
      help: 'image references resolved: source, pinned, last-good or failed',
      labelNames: ['outcome'],
      registers,
    }),
    resolutionSeconds: new Histogram({
      name: 'bootlayer_resolution_seconds',
      help: 'time it took to resolve a reference at its source',
      buckets: [0.01, 0.05, 0.2, 1, 5, 30],
      registers,
    }),
    ...cacheMetrics(registers),
    ...transferMetrics(registers),
    ...dhcpMetrics(registers),
    ...leaseMetrics(registers),
    ...bootMetrics(registers),
    ...protocolMetrics(registers),
  };
}

function mappingMetrics(
  registers: Registry[],
): Pick<Metrics, 'faults' | 'unsavedPlans' | 'lostSteps' | 'contradictions' | 'reloads' | 'mappingPending' | 'mapped'> {
  return {
    faults: new Counter({ name: 'bootlayer_faults_total', help: 'faults of this program', registers }),
    unsavedPlans: new Counter({
      name: 'bootlayer_unsaved_plans_total',
      help: 'issued plans that could not be kept',
      registers,
    }),
    lostSteps: new Counter({
      name: 'bootlayer_lost_boot_steps_total',
      help: 'steps of boots that could not be kept',
      registers,
    }),
    contradictions: new Counter({
      name: 'bootlayer_contradictions_total',
      help: 'script requests whose facts name several known machines',
      registers,
    }),
    reloads: new Counter({
      name: 'bootlayer_mapping_reloads_total',
      help: 'times the configuration was read anew: reloaded or refused',
      labelNames: ['outcome'],
      registers,
    }),
    mappingPending: new Gauge({
      name: 'bootlayer_mapping_refused',
      help: '1 while the newest configuration is refused and an older one counts: the next start would fail',
      registers,
    }),
    mapped: new Gauge({
      name: 'bootlayer_mapping_entries',
      help: 'machines and assignments that count, and entries of the API that do not',
      labelNames: ['kind'],
      registers,
    }),
  };
}

function cacheMetrics(
  registers: Registry[],
): Pick<Metrics, 'fills' | 'fillBytes' | 'cacheOpens' | 'evictions' | 'damaged'> {
  return {
    fills: new Counter({
      name: 'bootlayer_fills_total',
      help: 'downloads into the cache: started, resumed, finished or failed',
      labelNames: ['outcome'],
      registers,
    }),
    fillBytes: new Counter({
      name: 'bootlayer_fill_bytes_total',
      help: 'bytes downloaded into the cache, as they come',
      registers,
    }),
    cacheOpens: new Counter({
      name: 'bootlayer_cache_opens_total',
      help: 'blobs wanted: hit, filling (their download is under way already) or miss',
      labelNames: ['result'],
      registers,
    }),
    evictions: new Counter({
      name: 'bootlayer_evictions_total',
      help: 'blobs that made room for others',
      registers,
    }),
    damaged: new Counter({
      name: 'bootlayer_damaged_blobs_total',
      help: 'blobs that were found damaged on the disk and dropped',
      registers,
    }),
  };
}

function transferMetrics(
  registers: Registry[],
): Pick<
  Metrics,
  | 'transfers'
  | 'transferBytes'
  | 'transfersUnderWay'
  | 'loaders'
  | 'refusedFiles'
  | 'unansweredFiles'
  | 'droppedDatagrams'
> {
  return {
    transfers: new Counter({
      name: 'bootlayer_transfers_total',
      help: 'artifacts asked for: sent or aborted',
      labelNames: ['protocol', 'role', 'outcome'],
      registers,
    }),
    transferBytes: new Counter({
      name: 'bootlayer_transfer_bytes_total',
      help: 'bytes of artifacts sent to machines',
      labelNames: ['protocol', 'role'],
      registers,
    }),
    transfersUnderWay: new Gauge({
      name: 'bootlayer_transfers_under_way',
      help: 'artifacts being sent now',
      registers,
    }),
    loaders: new Counter({
      name: 'bootlayer_loaders_total',
      help: 'iPXE binaries asked for: sent or aborted',
      labelNames: ['protocol', 'outcome'],
      registers,
    }),
    refusedFiles: new Counter({
      name: 'bootlayer_refused_files_total',
      help: 'files asked for that are not there or cannot be had',
      labelNames: ['protocol'],
      registers,
    }),
    unansweredFiles: new Counter({
      name: 'bootlayer_unanswered_files_total',
      help: 'files asked for by somebody who never answered what was sent',
      labelNames: ['protocol'],
      registers,
    }),
    droppedDatagrams: new Counter({
      name: 'bootlayer_dropped_datagrams_total',
      help: 'requests that were dropped unread, the oldest first, since more came than could be handled',
      labelNames: ['protocol'],
      registers,
    }),
  };
}

function dhcpMetrics(registers: Registry[]): Pick<Metrics, 'dhcp' | 'loaderLoops'> {
  return {
    dhcp: new Counter({
      name: 'bootlayer_dhcp_requests_total',
      help: 'datagrams at the ports of DHCP: answered; unanswered, since the machine is not to be booted, or there is no address for it; noted, since a machine gives its address back or declines it; dropped, since it is nothing that this server answers',
      labelNames: ['outcome'],
      registers,
    }),
    loaderLoops: new Counter({
      name: 'bootlayer_loader_loops_total',
      help: 'machines that load the same boot loader again and again, and never ask for a script',
      registers,
    }),
  };
}

function policyMetrics(
  registers: Registry[],
): Pick<Metrics, 'findings' | 'heldBoots' | 'doneBoots' | 'identityMismatches' | 'provisions'> {
  return {
    findings: new Counter({
      name: 'bootlayer_findings_total',
      help: 'boots that do not go on, by the finding that says why',
      labelNames: ['finding'],
      registers,
    }),
    heldBoots: new Counter({
      name: 'bootlayer_boots_held_total',
      help: 'boots that were not, since the machine was booted as often as its policy allows',
      registers,
    }),
    doneBoots: new Counter({
      name: 'bootlayer_boots_done_total',
      help: 'boots in which a machine was installed, by whose word: report, start or operator',
      labelNames: ['by'],
      registers,
    }),
    provisions: new Counter({
      name: 'bootlayer_provisions_total',
      help: 'documents of configurations that were asked for, by what became of that: sent, or why not',
      labelNames: ['outcome'],
      registers,
    }),
    identityMismatches: new Counter({
      name: 'bootlayer_identity_mismatches_total',
      help: 'requests in the name of a machine that were not shown to be its own',
      registers,
    }),
  };
}
