import type { BootEvent, EventSink } from '../boot/event.js';
import { FINDINGS } from '../boot/finding.js';
import { isProvisionEvent, type ProvisionEvent } from '../boot/provision-event.js';
import { isLeaseEvent, type LeaseEvent } from '../lease/event.js';
import type { Metrics } from '../metrics.js';

/** Counts every event. */
export function metricsSink(metrics: Metrics): EventSink {
  // A series that begins with its first event hides that event from Prometheus' increase().
  for (const outcome of ['reloaded', 'refused']) metrics.reloads.inc({ outcome }, 0);
  for (const kind of ['new', 'extended']) metrics.leasesGiven.inc({ kind }, 0);
  for (const outcome of ['source', 'pinned', 'last-good', 'failed']) metrics.resolutions.inc({ outcome }, 0);
  for (const outcome of ['started', 'resumed', 'finished', 'failed']) metrics.fills.inc({ outcome }, 0);
  for (const protocol of ['dhcp', 'tftp']) metrics.droppedDatagrams.inc({ protocol }, 0);
  for (const finding of Object.keys(FINDINGS)) metrics.findings.inc({ finding }, 0);
  return (event) => {
    if (isLeaseEvent(event)) countLease(metrics, event);
    else if (isProvisionEvent(event)) metrics.provisions.inc({ outcome: outcomeOf(event) });
    else count(metrics, event);
  };
}

function outcomeOf(event: ProvisionEvent): string {
  return event.event === 'provision.refused' ? event.why : event.event.slice('provision.'.length);
}

function count(metrics: Metrics, event: Exclude<BootEvent, LeaseEvent | ProvisionEvent>): void {
  switch (event.event) {
    case 'greeting.sent':
    case 'script.sent':
    case 'script.waiting':
    case 'script.refused':
    case 'script.local':
      metrics.scripts.inc({
        outcome: event.event === 'greeting.sent' ? 'greeting' : event.event.slice('script.'.length),
      });
      return;
    case 'dhcp.answered':
    case 'dhcp.unanswered':
    case 'dhcp.dropped':
      metrics.dhcp.inc({ outcome: event.event.slice('dhcp.'.length) });
      return;
    case 'loader.repeated':
      metrics.loaderLoops.inc();
      return;
    case 'boot.finding':
      metrics.findings.inc({ finding: event.finding });
      return;
    case 'boot.held':
      metrics.heldBoots.inc();
      return;
    case 'boot.done':
      metrics.doneBoots.inc({ by: event.by });
      return;
    case 'identity.mismatch':
      metrics.identityMismatches.inc();
      return;
    case 'fault':
      metrics.faults.inc();
      return;
    case 'plan.unsaved':
      metrics.unsavedPlans.inc();
      return;
    case 'journal.lost':
      metrics.lostSteps.inc(event.steps);
      return;
    case 'machine.contradicted':
      metrics.contradictions.inc();
      return;
    case 'mapping.reloaded':
    case 'mapping.refused':
      metrics.reloads.inc({ outcome: event.event.slice('mapping.'.length) });
      metrics.mappingPending.set(event.event === 'mapping.refused' ? 1 : 0);
      return;
    case 'image.resolved':
      metrics.resolutions.inc({ outcome: event.from });
      if (event.from === 'source') metrics.resolutionSeconds.observe(event.seconds);
      return;
    case 'image.failed':
      metrics.resolutions.inc({ outcome: 'failed' });
      return;
    default:
      countTransfer(metrics, event);
  }
}

function countTransfer(metrics: Metrics, event: BootEvent): void {
  switch (event.event) {
    case 'artifact.started':
      metrics.transfersUnderWay.inc();
      return;
    case 'loader.sent':
    case 'loader.aborted':
      metrics.loaders.inc({ protocol: event.protocol, outcome: event.event.slice('loader.'.length) });
      return;
    case 'file.unanswered':
      metrics.unansweredFiles.inc({ protocol: event.protocol });
      return;
    case 'file.refused':
      metrics.refusedFiles.inc({ protocol: event.protocol });
      return;
    case 'artifact.sent':
    case 'artifact.aborted':
      metrics.transfersUnderWay.dec();
      countArtifact(metrics, event);
      return;
    default:
      countCache(metrics, event);
  }
}

function countArtifact(
  metrics: Metrics,
  { event, protocol, role, bytes }: Extract<BootEvent, { event: 'artifact.sent' | 'artifact.aborted' }>,
): void {
  metrics.transfers.inc({ protocol, role, outcome: event.slice('artifact.'.length) });
  metrics.transferBytes.inc({ protocol, role }, bytes);
}

function countCache(metrics: Metrics, event: BootEvent): void {
  switch (event.event) {
    case 'fill.started':
    case 'fill.resumed':
    case 'fill.finished':
    case 'fill.failed':
      metrics.fills.inc({ outcome: event.event.slice('fill.'.length) });
      return;
    case 'blob.evicted':
      metrics.evictions.inc();
      return;
    case 'blob.damaged':
      metrics.damaged.inc();
      return;
    default:
  }
}

function countLease(metrics: Metrics, event: LeaseEvent): void {
  switch (event.event) {
    case 'lease.given':
      metrics.leasesGiven.inc({ kind: event.isExtended ? 'extended' : 'new' });
      return;
    case 'lease.none':
      metrics.leasesMissing.inc();
      metrics.dhcp.inc({ outcome: 'unanswered' });
      return;
    case 'lease.elsewhere':
    case 'lease.freed':
    case 'lease.imported':
      return;
    case 'lease.refused':
      metrics.leasesRefused.inc();
      return;
    case 'lease.released':
      metrics.leasesReleased.inc();
      metrics.dhcp.inc({ outcome: 'noted' });
      return;
    case 'lease.declined':
      metrics.leasesDeclined.inc();
      metrics.dhcp.inc({ outcome: 'noted' });
      return;
    case 'lease.unsaved':
      metrics.leasesUnsaved.inc();
      // What a machine says counts all the same, until this server ends; no machine says that of a conflict.
      if (event.state === 'released' || event.state === 'declined') metrics.dhcp.inc({ outcome: 'noted' });
      return;
    case 'lease.conflict':
      metrics.addressConflicts.inc();
      return;
    case 'pool.exhausted':
      metrics.exhaustedPools.inc({ subnet: event.subnet });
      return;
    case 'pool.regained':
      return;
    case 'dhcp.other':
      metrics.otherDhcpServers.inc();
  }
}
