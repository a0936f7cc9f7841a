import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onPath } from './command.js';
import { firmwareFile } from './parts.js';
import { ChildProcess } from './process.js';
import { SetupError } from './steps.js';

/** @typedef {import('./parts.js').Architecture} Architecture */

/**
 * A virtual machine that boots from the network: QEMU's user-mode network, which makes the host 10.0.2.2 and needs no
 * privileges, or a network of the test's own with servers of its own. The CPU is emulated, so it runs the same everywhere.
 * @typedef {{
 *   firmware: 'bios' | 'uefi',
 *   architecture: Architecture,
 *   script?: string,
 *   tap?: { name: string, within: readonly string[] },
 *   mac?: string,
 *   uuid?: string,
 *   serial?: string,
 *   onLine?: (line: string) => void,
 *   expect?: RegExp,
 *   seconds?: number,
 * }} Machine `script`: the URL of the script its iPXE starts, in the user-mode network; `tap`: the card of the other network,
 *   and the command that runs the rest of its arguments there; `expect`: what it must print
 * @typedef {{ line: string, seconds: number, lines: readonly string[] }} Booted
 */

export const MAC = '52:54:00:12:34:56';
export const UUID = '4c4c4544-0042-3010-8057-b7c04f4d3732';

/** Boots a machine until it prints what is expected, and ends it. @param {Machine} machine @returns {Promise<Booted>} */
export async function bootMachine(machine) {
  const { expect = /BOOT-OK .*/, seconds = 180 } = machine;
  const emulator = machine.architecture === 'amd64' ? 'qemu-system-x86_64' : 'qemu-system-aarch64';
  const program = onPath(emulator);
  if (program === undefined) {
    const name = machine.architecture === 'amd64' ? 'qemu-system-x86' : 'qemu-system-arm';
    throw new SetupError(
      `${emulator} is not installed`,
      `install it with: apt-get install --no-install-recommends ${name}`,
    );
  }
  const folder = mkdtempSync(join(tmpdir(), 'bootlayer-machine-'));
  const since = Date.now();
  const command = [...(machine.tap?.within ?? []), program];
  const args = [
    ...commonArguments(machine),
    ...firmwareArguments(machine, folder),
    ...networkArguments(machine, folder),
  ];
  const child = new ChildProcess(command[0] ?? program, [...command.slice(1), ...args], {
    name: 'the virtual machine',
  });
  try {
    child.onLine((line) => machine.onLine?.(readable(line)));
    const line = await child.waitForLine((text) => expect.exec(readable(text))?.[0], seconds);
    return { line, seconds: (Date.now() - since) / 1000, lines: child.lines.map(readable) };
  } finally {
    await child.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** @param {Machine} machine */
function commonArguments({ architecture, firmware, mac = MAC, uuid = UUID, serial = 'SN-1' }) {
  const board =
    architecture === 'arm64'
      ? ['-M', 'virt', '-cpu', 'cortex-a57']
      : ['-M', firmware === 'bios' ? 'q35,graphics=off' : 'q35', '-cpu', 'qemu64'];
  const nic = ['virtio-net-pci', 'netdev=n0', `mac=${mac}`];
  // AAVMF drops its network entries when QEMU names a boot order; by itself it tries them first.
  if (architecture === 'amd64') nic.push('bootindex=0');
  // QEMU writes the card's id only into its own ROM: the one given here wants a modern card. UEFI has its own driver.
  if (firmware === 'bios')
    nic.push('disable-legacy=on', `romfile=${value(firmwareFile('ipxe-qemu', 'usr/share/qemu/pxe-virtio.rom'))}`);
  else nic.push('romfile=');
  return [
    ...board,
    ...['-accel', 'tcg', '-m', '1024', '-nodefaults', '-display', 'none', '-serial', 'stdio', '-no-reboot'],
    ...['-uuid', uuid, '-smbios', `type=1,manufacturer=Test & Sons #1,product=\${x} Machine,serial=${serial}`],
    ...['-device', nic.join(','), '-device', 'virtio-rng-pci'],
  ];
}

/** @param {Machine} machine @param {string} folder */
function firmwareArguments({ architecture, firmware }, folder) {
  if (firmware === 'bios') return [];
  const [code, variables] =
    architecture === 'amd64'
      ? [firmwareFile('ovmf', 'usr/share/OVMF/OVMF_CODE_4M.fd'), firmwareFile('ovmf', 'usr/share/OVMF/OVMF_VARS_4M.fd')]
      : [
          firmwareFile('qemu-efi-aarch64', 'usr/share/AAVMF/AAVMF_CODE.no-secboot.fd'),
          firmwareFile('qemu-efi-aarch64', 'usr/share/AAVMF/AAVMF_VARS.fd'),
        ];
  copyFileSync(variables, join(folder, 'variables.fd'));
  return [
    ...['-drive', `if=pflash,format=raw,unit=0,readonly=on,file=${value(code)}`],
    ...['-drive', `if=pflash,format=raw,unit=1,file=${value(join(folder, 'variables.fd'))}`],
  ];
}

/** @param {Machine} machine @param {string} folder */
function networkArguments({ architecture, firmware, script = '', tap }, folder) {
  if (tap !== undefined) return ['-netdev', `tap,id=n0,ifname=${tap.name},script=no,downscript=no`];
  const network = 'user,id=n0,ipv6=off';
  if (firmware === 'bios') return ['-netdev', `${network},bootfile=${value(script)}`];
  // The firmware loads iPXE by TFTP, and iPXE looks for autoexec.ipxe beside itself.
  const ipxe = architecture === 'amd64' ? 'usr/lib/ipxe/ipxe-amd64.efi' : 'usr/lib/ipxe/ipxe-arm64.efi';
  copyFileSync(firmwareFile('ipxe', ipxe), join(folder, 'ipxe.efi'));
  writeFileSync(join(folder, 'autoexec.ipxe'), `#!ipxe\ndhcp\nchain ${script}\n`);
  return ['-netdev', `${network},tftp=${value(folder)},bootfile=ipxe.efi`];
}

/** QEMU takes a comma for the next option. @param {string} text */
function value(text) {
  return text.replaceAll(',', ',,');
}

/** Serial consoles send escape sequences and carriage returns. @param {string} line */
function readable(line) {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is to be removed
  return line.replace(/\x1b\[[0-9;?]*[A-Za-z]|\x1b[()=>][0-9A-B]?|[\x00-\x08\x0b-\x1f]/g, '').trimEnd();
}
