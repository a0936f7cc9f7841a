import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { temporaryFolder } from '../fixtures/folder.js';
import { serve } from '../fixtures/serving.js';
import { startLeaseServer } from '../setup/dnsmasq.js';
import type { NetworkNamespace } from '../setup/network-namespace.js';
import { busyboxProgram } from '../setup/parts.js';
import { Segment } from '../setup/segment.js';
import { PROGRAM } from '../setup/server.js';

const CONFIG = [
  'advertise: 192.168.77.1',
  'data: data',
  'tftp: { enabled: false }',
  'dhcp:',
  '  mode: server',
  '  interfaces: [br0]',
  '  allowOtherServers: true',
  '  probe: false',
  '  subnets: [{ subnet: 192.168.77.0/24, range: 192.168.77.100-192.168.77.149 }]',
  'assignments: [{ name: all, match: {}, image: "oci:none:1" }]',
  'machines: [{ name: of-file, mac: "52:54:00:00:05:03" }]',
  '',
].join('\n');

/** A host whose card has that MAC, and asks for an address; answers which it is given. */
async function addressOf(host: NetworkNamespace, mac: string, script: string): Promise<string | undefined> {
  await host.ip('link', 'set', 'eth0', 'down');
  await host.ip('link', 'set', 'eth0', 'address', mac);
  await host.ip('link', 'set', 'eth0', 'up');
  const udhcpc = ['udhcpc', '-i', 'eth0', '-n', '-q', '-f', '-t', '5', '-x', 'hostname:db-1', '-s', script];
  const { out } = await host.run([busyboxProgram(), ...udhcpc]);
  return /^ip=(\S+)$/m.exec(out)?.[1];
}

it('leases are taken over, shown, reserved and freed while machines have them', async () => {
  const folder = await temporaryFolder();
  const config = join(folder, 'bootlayer.yaml');
  const script = join(folder, 'script');
  await writeFile(config, CONFIG);
  await writeFile(script, '#!/bin/sh\nenv\n', { mode: 0o755 });
  const segment = await Segment.start();
  onTestFinished(() => segment.stop());
  const host = await segment.addHost('192.168.77.3/24');
  // A machine that has an address of dnsmasq, which is stopped then.
  const dnsmasq = await startLeaseServer(segment.network, {
    card: 'br0',
    more: ['dhcp-host=52:54:00:00:05:01,192.168.77.140'],
  });
  const before = await addressOf(host, '52:54:00:00:05:01', script).finally(async () => {
    const until = Math.floor(Date.now() / 1_000) + 3_600;
    const leases = `${await readFile(dnsmasq.leases, 'utf8')}${until} 52:54:00:00:05:09 10.9.9.9 * *\n`;
    await writeFile(join(folder, 'dnsmasq.leases'), leases).finally(dnsmasq.stop);
  });
  expect(before).toBe('192.168.77.140');
  const { server, log } = await serve(config, { within: segment.network.within });
  expect(log.find(({ event }) => event === 'server.listening')?.['msg']).toMatch(/, and get their addresses here$/);
  const bootlayer = async (...args: readonly string[]) => {
    const { status, out } = await segment.network.run([process.execPath, PROGRAM, ...args, '-c', config], {
      cwd: folder,
    });
    return { status, out };
  };
  const lease = (...args: readonly string[]) => bootlayer('lease', ...args);

  const refusal = 'refused: no subnet of dhcp.subnets has 10.9.9.9';
  const dry = await lease('import', 'dnsmasq.leases', '--dry-run');
  expect([dry.status, dry.out]).toEqual([1, expect.stringContaining(`the lease of 10.9.9.9 would be ${refusal}`)]);
  expect((await lease('ls')).out).toBe('nobody has, or had, an address\n');
  const imported = await lease('import', 'dnsmasq.leases');
  expect(imported.status).toBe(1);
  expect(imported.out).toContain(
    'dnsmasq.leases:2: the lease of 10.9.9.9 is refused: no subnet of dhcp.subnets has 10.9.9.9',
  );
  expect(imported.out).toContain('\n1 lease taken over\n');
  // It keeps what the other server gave, and another gets one that nobody has.
  expect(await addressOf(host, '52:54:00:00:05:01', script)).toBe('192.168.77.140');
  const given = await addressOf(host, '52:54:00:00:05:02', script);
  expect(given).toMatch(/^192\.168\.77\.1[0-4]\d$/);
  expect(given).not.toBe('192.168.77.140');

  const { out: listed } = await lease('ls', '--state', 'bound', '--json');
  const told = JSON.parse(listed) as readonly { readonly address: string; readonly mac: string }[];
  expect(new Set(told.map(({ address, mac }) => `${mac} ${address}`))).toEqual(
    new Set(['52:54:00:00:05:01 192.168.77.140', `52:54:00:00:05:02 ${given}`]),
  );
  expect((await lease('pools')).out).toMatch(/^192\.168\.77\.0\/24 +1 h +50 +48 +1 +2 /m);

  expect((await lease('reserve', given ?? '')).out).toContain(`${given} is reserved for db-1\n`);
  expect((await lease('show', given ?? '')).out).toContain(`${given}: bound, reserved\n  machine    db-1\n`);
  const beforehand = await bootlayer('machine', 'set', 'other', '--ip', '192.168.77.140', '--dry-run', '--json');
  expect(beforehand.out).toContain('52:54:00:00:05:01 has 192.168.77.140 until 2');
  const set = await bootlayer('machine', 'set', 'other', '--ip', '10.9.9.9', '--json');
  expect(set.out).toContain('no subnet of dhcp.subnets (192.168.77.0/24) holds 10.9.9.9: other is not given it');
  expect((await lease('release', '192.168.77.140')).status).toBe(1);
  expect((await lease('release', '192.168.77.140', '--force')).out).toBe('192.168.77.140 is free\n');
  expect((await lease('show', '192.168.77.140')).status).toBe(1);
  await expect
    .poll(() => log.filter(({ event }) => event === 'lease.freed'))
    .toMatchObject([{ machine: '52:54:00:00:05:01', address: '192.168.77.140', state: 'bound' }]);
  const ofFile = await addressOf(host, '52:54:00:00:05:03', script);
  expect((await lease('reserve', ofFile ?? '')).status).toBe(1);
  expect(log.filter(({ event }) => event === 'fault')).toEqual([]);
  expect(await server.stop()).toBe(0);
});
