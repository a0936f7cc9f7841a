import { expect, it } from 'vitest';
import { readConfigText } from '../src/config/read.js';
import { IPXE_BINARIES } from '../src/ipxe/binaries.js';
import { findMissingIpxe } from '../src/missing-ipxe.js';

const FOLDERS = ['/srv/ipxe', '/usr/lib/ipxe'];
const PROXY = 'dhcp: { mode: proxy }';

/** Of which files somebody misses which, when these are there. */
async function missed(there: readonly string[], lines: readonly string[], architectures?: readonly string[]) {
  const missing = async () => IPXE_BINARIES.filter(({ file }) => !there.includes(file));
  const { config } = readConfigText(lines.join('\n'), '/etc/bootlayer/bootlayer.yaml', {});
  const found = await findMissingIpxe({ folders: FOLDERS, missing }, config, architectures && new Set(architectures));
  return found;
}

const filesOf = async (...args: Parameters<typeof missed>) => (await missed(...args))?.files;

it('names what is missing, for which machines, and what to do', async () => {
  expect(await missed(['snponly.efi', 'ipxe-arm64.efi'], [PROXY])).toEqual({
    files: ['undionly.kpxe'],
    folders: FOLDERS,
    text: 'no iPXE for some machines: undionly.kpxe (BIOS) cannot be read in /srv/ipxe, /usr/lib/ipxe; run "npm run ipxe" in a checkout, install Debian 13\'s package ipxe, or set ipxe.binaries to a folder of your own',
  });
  const own = await missed([], [PROXY, 'ipxe: { binaries: /srv/ipxe }'], ['arm64']);
  expect(own?.text).toMatch(/^no iPXE .* ipxe-arm64\.efi \(UEFI arm64\) .*; put them there, or run "npm run ipxe -- /);
});

it('is content with one of two that do for the same machines, where its own DHCP names the one that is there', async () => {
  const other = ['undionly.kpxe', 'ipxe.efi', 'ipxe-arm64.efi'];
  expect(await filesOf(other, [PROXY])).toBeUndefined();
  expect(await filesOf(other, [])).toEqual(['snponly.efi']);
  expect(await filesOf(['undionly.kpxe', 'ipxe-arm64.efi'], [PROXY])).toEqual(['snponly.efi', 'ipxe.efi']);
});

it('minds which machines come, and whether they can load by TFTP', async () => {
  expect(await filesOf([], [PROXY], ['arm64'])).toEqual(['ipxe-arm64.efi']);
  expect(await filesOf([], [PROXY], ['386'])).toEqual(['undionly.kpxe']);
  expect(await filesOf([], [PROXY], [])).toBeUndefined();
  // UEFI HTTP Boot gets them by HTTP.
  expect(await filesOf([], [PROXY, 'tftp: { enabled: false }'], ['amd64'])).toEqual(['snponly.efi', 'ipxe.efi']);
  expect(
    await filesOf(
      IPXE_BINARIES.map(({ file }) => file),
      [],
    ),
  ).toBeUndefined();
});
