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
  await buildTestImage(image, ['amd64', 'arm64']);
  const config = await writeConfiguration(folder, {
    advertise: '10.0.2.2',
    plainHttp: [registry.host],
    assignments: [
      `{ name: others, match: {}, image: "${registry.host}/os/none:1" }`,
      `{ name: this-one, match: { mac: "${MAC}" }, image: "${image}", kernelArgs: { append: [mark=first-light], remove: [quiet] } }`,
    ],
  });
  const log: LogLine[] = [];
  const server = await startServer(config, { onLog: (line) => log.push(line) });
  onTestFinished(async () => void (await server.stop()));

  const script = `http://10.0.2.2:${server.http.split(':').at(-1)}/boot.ipxe`;
  const booted = await bootMachine({ firmware: 'bios', architecture: 'amd64', script });
  expect(booted.line).toContain(
    'BOOT-OK arch=x86_64 firmware=bios cmdline=initrd=initrd console=ttyS0 panic=-1 mark=first-light',
  );
  // Its kernel speaks too, now that it need not be quiet.
  expect(booted.lines.join('\n')).toContain('Linux version 6.1');

  const events = log.map(({ event, machine, role }) => [event, machine, role].filter(Boolean).join(' '));
  const milestones = [`script.sent ${MAC}`, `artifact.sent ${MAC} kernel`, `artifact.sent ${MAC} initramfs`];
  expect(events.filter((event) => milestones.includes(event))).toEqual(milestones);
  expect(events.filter((event) => event === 'fill.finished')).toHaveLength(2);
  const metrics = await (await fetch(`http://${server.api}/metrics`)).text();
  expect(metrics).toContain('bootlayer_transfers_total{role="kernel",outcome="sent"} 1');
  expect(metrics).toContain('bootlayer_scripts_total{outcome="sent"} 1');
  expect(await server.stop()).toBe(0);
});
