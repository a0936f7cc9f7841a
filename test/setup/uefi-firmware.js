import { createPrivateKey } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { firmwareFile } from './parts.js';
import { SetupError } from './steps.js';

/**
 * UEFI and its variables at first. With Secure Boot it starts what `secureBootSigner` has signed, and is there for amd64.
 * @param {Pick<import('./qemu.js').Machine, 'architecture' | 'release' | 'secureBoot'>} machine
 */
export function uefiFiles({ architecture, release = 'trixie', secureBoot = false }) {
  if (architecture === 'amd64') {
    const variant = secureBoot ? '_4M.snakeoil' : '_4M';
    return {
      code: firmwareFile('ovmf', `usr/share/OVMF/OVMF_CODE${variant}.fd`, release),
      variables: firmwareFile('ovmf', `usr/share/OVMF/OVMF_VARS${variant}.fd`, release),
    };
  }
  if (secureBoot) throw new SetupError('Secure Boot is tried on amd64 alone', 'leave it out for other machines');
  const code = release === 'trixie' ? 'AAVMF_CODE.no-secboot.fd' : 'AAVMF_CODE.fd';
  return {
    code: firmwareFile('qemu-efi-aarch64', `usr/share/AAVMF/${code}`, release),
    // Bookworm's has nothing in it but zeros.
    variables: firmwareFile('qemu-efi-aarch64', 'usr/share/AAVMF/AAVMF_VARS.fd', 'trixie'),
  };
}

/** Debian's key for tests, which everybody has, and its certificate, both PEM. */
export function secureBootSigner() {
  const pem = (/** @type {string} */ end) =>
    readFileSync(firmwareFile('ovmf', `usr/share/ovmf/PkKek-1-snakeoil.${end}`), 'utf8');
  // Its password is in README.Debian of the package.
  const key = createPrivateKey({ key: pem('key'), passphrase: 'snakeoil' });
  return { key: key.export({ format: 'pem', type: 'pkcs8' }).toString(), cert: pem('pem') };
}
