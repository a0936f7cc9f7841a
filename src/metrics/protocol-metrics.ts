import { Counter, Gauge, Histogram, type Registry } from 'prom-client';

/** Of what machines, operators and registries are told by each protocol. Labels are words of ours alone. */
export type ProtocolMetrics = {
  readonly httpRequests: Counter<'listener' | 'route' | 'status'>;
  readonly httpSeconds: Histogram<'listener' | 'route'>;
  readonly tftpRequests: Counter<'outcome'>;
  readonly tftpBytes: Counter;
  readonly tftpResends: Counter;
  readonly tftpSeconds: Histogram;
  readonly dhcpSeconds: Histogram;
  readonly registryRequests: Counter<'status'>;
  readonly traceSpans: Counter<'outcome'>;
  readonly buildInfo: Gauge<'version'>;
};

export function protocolMetrics(registers: Registry[]): ProtocolMetrics {
  return {
    httpRequests: new Counter({
      name: 'bootlayer_http_requests_total',
      help: 'requests by HTTP, by what was asked for, and the first digit of the status, or that the client hung up',
      labelNames: ['listener', 'route', 'status'],
      registers,
    }),
    httpSeconds: new Histogram({
      name: 'bootlayer_http_request_seconds',
      help: 'time from the head of a request to the end of its answer',
      labelNames: ['listener', 'route'],
      buckets: [0.001, 0.005, 0.02, 0.1, 0.5, 2, 10, 60, 300],
      registers,
    }),
    ...tftpMetrics(registers),
    dhcpSeconds: new Histogram({
      name: 'bootlayer_dhcp_answer_seconds',
      help: 'time from when a request is taken up to its answer, with what makes a lease durable',
      buckets: [0.0001, 0.0005, 0.001, 0.005, 0.02, 0.1, 0.5, 2],
      registers,
    }),
    registryRequests: new Counter({
      name: 'bootlayer_registry_requests_total',
      help: 'requests to registries and their token servers, by the first digit of the status, or that there was none',
      labelNames: ['status'],
      registers,
    }),
    traceSpans: new Counter({
      name: 'bootlayer_trace_spans_total',
      help: 'spans of traces: sent to the collector or dropped, since it does not take them',
      labelNames: ['outcome'],
      registers,
    }),
    buildInfo: new Gauge({
      name: 'bootlayer_build_info',
      help: '1, with the version of the program',
      labelNames: ['version'],
      registers,
    }),
  };
}

function tftpMetrics(
  registers: Registry[],
): Pick<ProtocolMetrics, 'tftpRequests' | 'tftpBytes' | 'tftpResends' | 'tftpSeconds'> {
  return {
    tftpRequests: new Counter({
      name: 'bootlayer_tftp_requests_total',
      help: 'requests by TFTP: sent, unconfirmed, probed, aborted, failed, unanswered or refused',
      labelNames: ['outcome'],
      registers,
    }),
    tftpBytes: new Counter({
      name: 'bootlayer_tftp_sent_bytes_total',
      help: 'bytes of files that clients of TFTP have acknowledged',
      registers,
    }),
    tftpResends: new Counter({
      name: 'bootlayer_tftp_resends_total',
      help: 'times that something was sent again by TFTP, since it was lost, or its acknowledgement',
      registers,
    }),
    tftpSeconds: new Histogram({
      name: 'bootlayer_tftp_transfer_seconds',
      help: 'time that files took by TFTP which were sent to their end',
      buckets: [0.05, 0.2, 1, 5, 20, 60, 300],
      registers,
    }),
  };
}
