import { createHash, randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { writeConfiguration } from '../fixtures/configuration.js';
import { temporaryFolder } from '../fixtures/folder.js';
import { buildTestImage } from '../fixtures/program.js';
import { bootMachine, MAC } from '../setup/qemu.js';
import { startRegistry } from '../setup/registry.js';
import { type LogLine, startServer } from '../setup/server.js';

it('boots a machine from a registry: resolved, pulled, verified, cached, served', async () => {
  const folder = await temporaryFolder();
  const registry = await startRegistry();
  onTestFinished(registry.stop);
  const image = `${registry.host}/os/test:1`;
  const root = randomBytes(5_000_000);
  await writeFile(join(folder, 'root.squashfs'), root);
  await buildTestImage(image, ['amd64', 'arm64'], ['--squashfs', join(folder, 'root.squashfs')]);
  const config = await writeConfiguration(folder, {
    advertise: '10.0.2.2',
    plainHttp: [registry.host],
    assignments: [
      `{ name: others, match: {}, image: "${registry.host}/os/none:1" }`,
      `{ name: this-one, match: { mac: "${MAC}" }, image: "${image}", kernelArgs: { append: [mark=first-light, "fetch={blob.squashfs.url}"], remove: [quiet] } }`,
    ],
  });
  const log: LogLine[] = [];
  const server = await startServer(config, { onLog: (line) => log.push(line) });
  onTestFinished(async () => void (await server.stop()));

  const script = `http://10.0.2.2:${server.http.split(':').at(-1)}/boot.ipxe`;
  const booted = await bootMachine({ firmware: 'bios', architecture: 'amd64', script, expect: /FETCHED .*/ });
  // The kernel was told where its root file system is, and its initramfs fetched it whole.
  const sha256 = createHash('sha256').update(root).digest('hex');
  expect(booted.line).toBe(`FETCHED status=0 size=${root.length} sha256=${sha256}`);
  expect(booted.lines.join('\n')).toContain(
    'BOOT-OK arch=x86_64 firmware=bios cmdline=initrd=initrd console=ttyS0 panic=-1 mark=first-light',
  );
  // Its kernel speaks too, now that it need not be quiet.
  expect(booted.lines.join('\n')).toMatch(/Linux version \d/);

  const events = () =>
    log.filter(({ machine }) => machine === MAC).map(({ event, role }) => [event, role].filter(Boolean).join(' '));
  const milestones = ['script.sent', 'artifact.sent kernel', 'artifact.sent initramfs', 'artifact.sent squashfs'];
  await expect.poll(() => events().filter((event) => milestones.includes(event))).toEqual(milestones);
  // Its own three; what the other architecture needs may come ahead of need.
  const fills = log.filter(({ event }) => event === 'fill.finished').map(({ digest }) => digest);
  expect(new Set(fills).size).toBe(fills.length);
  expect(fills.length).toBeGreaterThanOrEqual(3);
  const metrics = await (await fetch(`http://${server.api}/metrics`)).text();
  expect(metrics).toContain('bootlayer_transfers_total{protocol="http",role="kernel",outcome="sent"} 1');
  expect(metrics).toContain('bootlayer_scripts_total{outcome="sent"} 1');
  expect(await server.stop()).toBe(0);
});
