import { truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it } from 'vitest';
import { useImageFolder } from '../fixtures/boot-folder.js';
import { EVERY_FIRMWARE, firmwareTable } from '../fixtures/firmware-matrix.js';
import { buildTestImage } from '../fixtures/program.js';
import { startProxiedSite } from '../fixtures/proxied-site.js';
import { bootMachine } from '../setup/qemu.js';

/** More than machines have here. Nobody fetches it. */
const ROOT_BYTES = 1024 ** 3 + 1;
const BY_IPXE = EVERY_FIRMWARE.filter(
  ({ firmware, architecture, release }) =>
    release === 'trixie' && (firmware === 'bios' || (firmware === 'uefi' && architecture === 'arm64')),
);

describe('a machine with too little memory', () => {
  const folder = useImageFolder(async (image, own) => {
    const root = join(own, 'root.squashfs');
    await writeFile(root, '');
    await truncate(root, ROOT_BYTES);
    await buildTestImage(`${image}:1`, ['amd64', 'arm64'], ['--squashfs', root]);
  });

  it.concurrent.for(firmwareTable(BY_IPXE))('%s is warned, and boots', async ([_name, machine], context) => {
    const { expect } = context;
    const assignments = [
      '{ name: all, match: {}, image: "oci:../image:1", kernelArgs: { append: ["gl.url={blob.squashfs.url}"] } }',
    ];
    const { segment, told } = await startProxiedSite(context, { folder: folder(), assignments });
    const { lines } = await bootMachine({ ...machine, tap: await segment.addTap(), seconds: 200 });
    const warning = /it needs at least 10\d\d MiB of memory, and the machine has 1024 MiB/;
    expect(told('script.sent')).toEqual([
      expect.objectContaining({
        shortage: { needed: expect.any(Number) as number, has: 1024 ** 3 },
        msg: expect.stringMatching(warning) as string,
      }),
    ]);
    expect(lines.find((line) => line.startsWith('Bootlayer: it needs'))).toMatch(warning);
    expect(told('fault')).toEqual([]);
  });
});
