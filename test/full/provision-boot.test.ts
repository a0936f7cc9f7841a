import { writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { describe, it } from 'vitest';
import { useBootFolder } from '../fixtures/boot-folder.js';
import { temporaryFolder } from '../fixtures/folder.js';
import { type SiteContext, startProxied, writeProxiedConfig } from '../fixtures/proxied-site.js';
import { startSite } from '../fixtures/segment.js';
import { bootCloudInit } from '../setup/cloud-init.js';
import type { NetworkNamespace } from '../setup/network-namespace.js';
import { busyboxProgram } from '../setup/parts.js';
import { bootMachine, MAC, type Machine } from '../setup/qemu.js';

const MACHINES = `machines: [{ name: node-01, mac: "${MAC}", labels: { rack: r1 } }]`;
const IGNITION = '{"ignition":{"version":"3.4.0"},"rack":"{{ machine.labels.rack }}","token":"{{ secrets.token }}"}';
const USER_DATA = [
  '#cloud-config',
  'write_files:',
  '  - { path: /etc/rack, content: {{ machine.labels.rack | quote }} }',
  '  - { path: /etc/done-url, content: {{ done.url | quote }} }',
  '',
].join('\n');
const SECRET = 'a secret "of" the rack';

/** A site that hands that out, whose files lie beside its configuration. */
async function startProvisioning(
  context: SiteContext,
  options: {
    readonly folder: string;
    readonly provision: string;
    readonly append?: string;
    readonly machines?: string;
  },
) {
  const { folder, provision, append = '', machines = MACHINES } = options;
  const assignment = `{ name: all, match: {}, image: "oci:../image:1", ${append} provision: ${provision} }`;
  const config = await writeProxiedConfig({ folder, assignments: [assignment], more: [machines] });
  const files = { 'worker.ign': IGNITION, 'user-data': USER_DATA, token: `${SECRET}\n` };
  for (const [name, text] of Object.entries(files)) await writeFile(join(dirname(config), name), text, { mode: 0o600 });
  const { segment } = await startSite(context);
  return { segment, ...(await startProxied(context, config, segment.network.within)) };
}

/** What it gets of that path, and the status. */
async function fetched(host: NetworkNamespace, server: string, path: string) {
  const { status, out } = await host.run([busyboxProgram(), 'wget', '-q', '-O', '-', `http://${server}${path}`]);
  return { isFetched: status === 0, out };
}

const EVERY: readonly Pick<Machine, 'firmware' | 'architecture'>[] = [
  { firmware: 'bios', architecture: 'amd64' },
  { firmware: 'uefi', architecture: 'amd64' },
  { firmware: 'uefi-http', architecture: 'amd64' },
  { firmware: 'uefi', architecture: 'arm64' },
];
const table = EVERY.map((machine) => [`${machine.firmware} ${machine.architecture}`, machine] as const);

describe('the configuration of a machine', () => {
  const folder = useBootFolder();

  it.concurrent.for(table)('is handed to it, and to nobody else: %s', async ([_name, machine], context) => {
    const { expect } = context;
    const provision = '{ ignition: { template: ./worker.ign }, secrets: { token: { file: ./token } } }';
    const append = 'kernelArgs: { append: ["done={done.url}"] },';
    const { segment, server, log, told } = await startProvisioning(context, { folder: folder(), provision, append });
    const { lines } = await bootMachine({
      ...machine,
      ...{ tap: await segment.addTap(), seconds: 300, expect: /REPORTED .*/ },
    });
    const bytes = Buffer.byteLength(
      IGNITION.replace('{{ machine.labels.rack }}', 'r1').replace('{{ secrets.token }}', SECRET.replaceAll('"', '\\"')),
    );
    expect(lines.filter((line) => /^(IGNITION|REPORTED)/.test(line))).toEqual([
      `IGNITION ${bytes} 3.4.0`,
      'REPORTED status=0',
    ]);
    await expect.poll(() => told('boot.done')).toMatchObject([{ machine: 'node-01', by: 'report' }]);
    const document = 'config.ign';
    await expect.poll(() => told('provision.sent')).toMatchObject([{ machine: 'node-01', document, bytes }]);
    // Its console says what its kernel was told, as /proc/cmdline does to every program there.
    const word = /\/provision\/([\w-]{43})\//.exec(lines.join('\n'))?.[1] ?? '';
    const stranger = await segment.addHost('192.168.77.66/24');
    const at = server.http.replace('0.0.0.0', '192.168.77.1');
    expect(await fetched(stranger, at, `/provision/${word}/${document}`)).toMatchObject({ isFetched: false });
    const script = await fetched(stranger, at, `/boot/script?mac=${MAC}&buildarch=x86_64&platform=pcbios`);
    expect(script.out).toContain('nothing to boot for node-01');
    expect(script.out).not.toContain('/provision/');
    await expect.poll(() => told('provision.refused')).toMatchObject([{ why: 'foreign', address: '192.168.77.66' }]);
    const all = JSON.stringify(log);
    // Its beginning, which no quoting changes.
    expect([all.includes(word), all.includes(SECRET.slice(0, 'a secret'.length))]).toEqual([false, false]);
    expect(told('fault')).toEqual([]);
  });

  it.concurrent.for(['bookworm', 'trixie'] as const)(
    "is taken by Debian's cloud-init, which goes by what its script says: %s",
    async (release, context) => {
      const { expect } = context;
      const host = '192.168.77.9';
      const { segment, server, told } = await startProvisioning(context, {
        ...{ folder: folder(), provision: '{ cloudInit: { userData: { template: ./user-data } }, once: true }' },
        machines: 'machines: [{ name: rack7, mac: "52:54:00:77:00:09", labels: { rack: r7 } }]',
      });
      const network = await segment.addHost(`${host}/24`);
      await network.ip('link', 'set', 'eth0', 'address', '52:54:00:77:00:09');
      const at = server.http.replace('0.0.0.0', '192.168.77.1');
      const query = '/boot/script?mac=52-54-00-77-00-09&buildarch=x86_64&platform=pcbios';
      const script = await fetched(network, at, query);
      const commandLine = /ds=nocloud;\S+/.exec(script.out)?.[0] ?? '';
      const disk = join(await temporaryFolder(context), 'disk');
      const booted = await bootCloudInit({ network, folder: disk, release, commandLine });
      expect(booted).toMatchObject({ status: 0, instanceId: 'rack7', hostname: 'rack7' });
      expect(booted.result?.errors).toEqual([]);
      expect(booted.file('etc/rack')).toBe('r7');
      expect(booted.file('etc/done-url')).toMatch(/\/boot\/done\/[\w-]{43}$/);
      expect(told('provision.sent')).toContainEqual(expect.objectContaining({ document: 'seed/user-data' }));
      expect([...told('provision.refused'), ...told('fault')]).toEqual([]);
    },
  );
});
