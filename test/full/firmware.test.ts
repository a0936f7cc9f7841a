import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { writeConfiguration } from '../fixtures/configuration.js';
import { buildTestImage } from '../fixtures/program.js';
import { bootMachine, type Machine } from '../setup/qemu.js';
import { type Server, startServer } from '../setup/server.js';

/** One image for a rack of mixed firmware and architectures, from a layout folder. */
describe('every firmware', () => {
  let folder = '';
  let server: Server;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'bootlayer-full-'));
    await buildTestImage(`oci:${join(folder, 'image')}:1`, ['amd64', 'arm64']);
    const config = await writeConfiguration(folder, {
      advertise: '10.0.2.2',
      assignments: [
        '{ name: arm, match: { arch: aarch64 }, image: "oci:image:1", kernelArgs: { append: [mark=arm] } }',
        '{ name: rest, match: {}, image: "oci:image:1", kernelArgs: { append: [mark=rest] } }',
      ],
    });
    server = await startServer(config);
  });

  afterAll(async () => {
    await server.stop();
    await rm(folder, { recursive: true });
  });

  it.concurrent.each<[string, Pick<Machine, 'firmware' | 'architecture' | 'mac'>, string]>([
    [
      'BIOS, iPXE ROM',
      { firmware: 'bios', architecture: 'amd64', mac: '52:54:00:00:00:01' },
      'arch=x86_64 firmware=bios',
    ],
    [
      'UEFI amd64, iPXE by TFTP',
      { firmware: 'uefi', architecture: 'amd64', mac: '52:54:00:00:00:02' },
      'arch=x86_64 firmware=efi',
    ],
    [
      'UEFI arm64, iPXE by TFTP',
      { firmware: 'uefi', architecture: 'arm64', mac: '52:54:00:00:00:03' },
      'arch=aarch64 firmware=efi',
    ],
  ])('%s', async (_name, machine, marker) => {
    const script = `http://10.0.2.2:${server.http.split(':').at(-1)}/boot.ipxe`;
    const booted = await bootMachine({ ...machine, script, seconds: 300 });
    expect(booted.line).toContain(`BOOT-OK ${marker}`);
    expect(booted.line).toContain(machine.architecture === 'arm64' ? 'mark=arm' : 'mark=rest');
  });
});
