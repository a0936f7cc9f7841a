import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, it, onTestFinished } from 'vitest';
import { countRequests, routeClassOf } from '../../src/http/request-metrics.js';
import { createMetrics } from '../../src/metrics.js';

async function counted(answer: (request: IncomingMessage, response: ServerResponse) => void) {
  const metrics = createMetrics();
  const server = createServer(answer);
  countRequests(server, metrics, 'boot');
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const ask = (path: string) => fetch(`http://127.0.0.1:${(server.address() as AddressInfo).port}${path}`);
  const series = async (name: string) =>
    (await metrics.text()).split('\n').filter((line) => line.startsWith(`bootlayer_http_${name}`));
  return { ask, series };
}

it.each([
  ['/blobs/sha256/00/kernel', 'blob'],
  ['//boot.ipxe', 'script'],
  ['/boot/script?mac=52-54-00-00-00-01', 'script'],
  ['/ipxe/autoexec.ipxe', 'script'],
  ['/ipxe/snponly.efi', 'loader'],
  ['/uefi/amd64/a/b/boot.efi', 'firmware'],
  ['/provision/secret/user-data', 'provision'],
  ['/boot/done/secret', 'done'],
  ['/readyz', 'health'],
  ['/metrics', 'metrics'],
  ['/api/v1/events', 'events'],
  ['/api/v1/boots', 'api'],
  ['/whatever/somebody/writes', 'other'],
  ['*', 'other'],
])('takes %s for one of few kinds: %s', (url, kind) => {
  expect(routeClassOf(url)).toBe(kind);
});

it('counts answers by what was asked for, and how they ended', async () => {
  const { ask, series } = await counted(({ url }, response) => {
    if (url === '/blobs/cut') {
      response.writeHead(200, { 'content-length': '100' }).write('half');
      response.socket?.destroySoon();
    } else response.writeHead(url === '/none' ? 404 : 204).end();
  });
  await ask('/boot/script?mac=a');
  await ask('/boot/script?mac=b');
  await ask('/none');
  await (await ask('/blobs/cut')).arrayBuffer().catch(() => undefined);
  await expect
    .poll(async () => (await series('requests')).filter((line) => !line.endsWith(' 0')).toSorted())
    .toEqual([
      'bootlayer_http_requests_total{listener="boot",route="blob",status="aborted"} 1',
      'bootlayer_http_requests_total{listener="boot",route="other",status="4xx"} 1',
      'bootlayer_http_requests_total{listener="boot",route="script",status="2xx"} 2',
    ]);
  expect(await series('request_seconds_count')).toContain(
    'bootlayer_http_request_seconds_count{listener="boot",route="script"} 2',
  );
});

it('knows of each kind that there was no error yet', async () => {
  const { series } = await counted(() => undefined);
  const none = await series('requests');
  expect(none).toHaveLength(11);
  for (const line of none) expect(line).toMatch(/\{listener="boot",route="\w+",status="5xx"\} 0$/);
});
