import { expect, it } from 'vitest';
import { formatSubnet } from '../../src/net/ip.js';
import { parseRoutes } from '../../src/net/ip4-routes.js';

const HEAD = 'Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT';

it('reads what Linux says of routes, and leaves out those that are down', () => {
  const lines = [
    'br0\t00000000\t014DA8C0\t0003\t0\t0\t0\t00000000\t0\t0\t0',
    'br0\t004DA8C0\t00000000\t0001\t0\t0\t0\t00FFFFFF\t0\t0\t0',
    'eth1\t0000010A\t00000000\t0000\t0\t0\t0\t0000FFFF\t0\t0\t0',
    '',
  ];
  expect(parseRoutes([HEAD, ...lines].join('\n')).map(formatSubnet)).toEqual(['0.0.0.0/0', '192.168.77.0/24']);
  expect(parseRoutes('')).toEqual([]);
  expect(parseRoutes(`${HEAD}\nnonsense 1 2 3`)).toEqual([]);
});
