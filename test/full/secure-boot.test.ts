import { rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it } from 'vitest';
import { useImageFolder } from '../fixtures/boot-folder.js';
import { startProxiedSite } from '../fixtures/proxied-site.js';
import { buildUkiImage, signingEnvironment, UKI_ARGUMENTS } from '../fixtures/uki-images.js';
import { run } from '../setup/command.js';
import { bootMachine } from '../setup/qemu.js';
import { secureBootSigner } from '../setup/uefi-firmware.js';

const MACHINE = { architecture: 'amd64', secureBoot: true, seconds: 200 } as const;
/** It is not for a UKI that is started as it is. */
const MORE = ', kernelArgs: { append: [extra=more] }';
const assigned = (tag: string, more = '') => [`{ name: all, match: {}, image: "oci:../image:${tag}"${more} }`];

/** `image` has a UKI that is signed, and the same one as it was; of the binaries, `snponly.efi` is signed. */
describe('with Secure Boot', () => {
  const folder = useImageFolder(async (image, own) => {
    const { key, cert } = secureBootSigner();
    const signed = { key: join(own, 'db.key'), cert: join(own, 'db.crt') };
    await writeFile(signed.key, key);
    await writeFile(signed.cert, cert);
    await buildUkiImage({ reference: `${image}:signed`, architecture: 'amd64', signed });
    await buildUkiImage({ reference: `${image}:unsigned`, architecture: 'amd64' });
    const loader = join(own, 'ipxe/snponly.efi');
    const args = ['--key', signed.key, '--cert', signed.cert, '--output', `${loader}.signed`, loader];
    await run('sbsign', args, { env: { ...process.env, ...signingEnvironment() } });
    await rename(`${loader}.signed`, loader);
  });

  it.concurrent.for(['uefi-http', 'uefi'] as const)(
    '%s starts a signed UKI with its own arguments',
    async (firmware, context) => {
      const { expect } = context;
      const { segment, told } = await startProxiedSite(context, {
        folder: folder(),
        assignments: assigned('signed', MORE),
      });
      const { line } = await bootMachine({ ...MACHINE, firmware, tap: await segment.addTap() });
      // Those that iPXE names are not signed: the stub has no use for them.
      expect(line.endsWith(` cmdline=${UKI_ARGUMENTS.amd64}`)).toBe(true);
      await expect.poll(() => told('artifact.sent').map(({ role }) => role)).toEqual(['uki']);
      expect(told('uki.planned').map(({ unmet }) => unmet)).toEqual(firmware === 'uefi-http' ? [['arguments']] : []);
      expect(told('fault')).toEqual([]);
    },
  );

  it.concurrent('uefi-http starts no UKI that is not signed', async (context) => {
    const { expect } = context;
    const { segment, told } = await startProxiedSite(context, { folder: folder(), assignments: assigned('unsigned') });
    const denied = /^BdsDxe: failed to load Boot\d+ "UEFI HTTPv4 .*: Access Denied$/;
    await bootMachine({ ...MACHINE, firmware: 'uefi-http', expect: denied, tap: await segment.addTap() });
    await expect.poll(() => told('artifact.sent').map(({ role }) => role)).toEqual(['uki']);
  });

  it.concurrent('uefi is told by iPXE why there is nothing to start', async (context) => {
    const { expect } = context;
    const { segment, told } = await startProxiedSite(context, {
      folder: folder(),
      assignments: assigned('unsigned', MORE),
    });
    const why = /cannot be booted: .*/;
    const { line } = await bootMachine({ ...MACHINE, firmware: 'uefi', expect: why, tap: await segment.addTap() });
    expect(line).toContain('Secure Boot is on, and its UKI is not signed');
    await expect.poll(() => told('script.refused')).toHaveLength(1);
  });
});
