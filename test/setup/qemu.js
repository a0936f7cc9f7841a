import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onPath } from './command.js';
import { firmwareFile } from './parts.js';
import { ChildProcess } from './process.js';
import { signatureLists } from './signature-list.js';
import { SetupError } from './steps.js';
import { uefiFiles } from './uefi-firmware.js';

/** @typedef {import('./parts.js').Architecture} Architecture */

/**
 * A virtual machine that boots from the network: QEMU's user-mode network, which makes the host 10.0.2.2 and needs no
 * privileges, or a network of the test's own with servers of its own. The CPU is emulated, so it runs the same everywhere.
 * @typedef {{
 *   firmware: 'bios' | 'uefi' | 'uefi-http',
 *   architecture: Architecture,
 *   release?: import('./parts.js').FirmwareRelease,
 *   script?: string,
 *   first?: string,
 *   tap?: { name: string, within: readonly string[] },
 *   mac?: string,
 *   uuid?: string,
 *   serial?: string,
 *   trust?: string,
 *   secureBoot?: boolean,
 *   disk?: boolean,
 *   capture?: string,
 *   onLine?: (line: string) => void,
 *   expect?: RegExp,
 *   seconds?: number,
 * }} Machine `firmware`: `uefi` boots by PXE, `uefi-http` by HTTP Boot, both over IPv4; `release`: whose iPXE ROM or UEFI it
 *   has; `script`: the URL of the script its iPXE starts, in the user-mode network; `first`: the script
 *   that an iPXE runs before the card's own, on a BIOS; `tap`: the card of the other network, and
 *   the command that runs the rest of its arguments there; `trust`: PEM of the authorities its HTTPS trusts; `secureBoot`: it starts
 *   only what `secureBootSigner` has signed, on amd64; `capture`: a pcap that
 *   gets all that its card says and hears; `disk`: it has one behind the network in its boot order, that says LOCAL-DISK when it is started; `expect`: what it
 *   must print
 * @typedef {{ line: string, seconds: number, lines: readonly string[] }} Booted
 */

export const MAC = '52:54:00:12:34:56';
export const UUID = '4c4c4544-0042-3010-8057-b7c04f4d3732';

/** What a machine prints that gives up the network and goes on to its next boot device. It is not waited for what comes then. */
export const FALLS_THROUGH = {
  // SeaBIOS has no other.
  bios: /^No bootable device\./,
  uefi: /^BdsDxe: failed to (load|start) Boot\d+ "UEFI PXEv4 .*/,
  'uefi-http': /^BdsDxe: failed to (load|start) Boot\d+ "UEFI HTTPv4 .*/,
};

/**
 * Boots a machine until it prints what is expected, and ends it. One that goes on to its next boot device has failed, unless
 * that is what is expected: another entry of its firmware's could still boot it, by another way than the test is about.
 * @param {Machine} machine
 * @returns {Promise<Booted>}
 */
export async function bootMachine(machine) {
  const { expect = /BOOT-OK .*/, seconds = 180 } = machine;
  const program = emulatorOf(machine);
  const folder = mkdtempSync(join(tmpdir(), 'bootlayer-machine-'));
  const since = Date.now();
  const command = [...(machine.tap?.within ?? []), program];
  const args = [
    ...commonArguments(machine),
    ...firmwareArguments(machine, folder),
    ...networkArguments(machine, folder),
    ...captureArguments(machine),
    ...diskArguments(machine, folder),
  ];
  const child = new ChildProcess(command[0] ?? program, [...command.slice(1), ...args], {
    name: 'the virtual machine',
  });
  try {
    child.onLine((line) => machine.onLine?.(readable(line)));
    const line = await child.waitForLine((text) => printed(machine, expect, readable(text)), seconds);
    if (typeof line !== 'string')
      throw new SetupError(`${line.end}\n${child.lines.slice(-20).map(readable).join('\n')}`);
    return { line, seconds: (Date.now() - since) / 1000, lines: child.lines.map(readable) };
  } finally {
    await child.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** @param {Machine} machine @param {RegExp} expect @param {string} line */
function printed({ firmware, disk = false }, expect, line) {
  const found = expect.exec(line)?.[0];
  if (found !== undefined || disk) return found;
  return FALLS_THROUGH[firmware].test(line) ? { end: `the virtual machine gave up the network: ${line}` } : undefined;
}

/** @param {Machine} machine */
function emulatorOf({ architecture }) {
  const emulator = architecture === 'amd64' ? 'qemu-system-x86_64' : 'qemu-system-aarch64';
  const program = onPath(emulator);
  if (program !== undefined) return program;
  const name = architecture === 'amd64' ? 'qemu-system-x86' : 'qemu-system-arm';
  throw new SetupError(
    `${emulator} is not installed`,
    `install it with: apt-get install --no-install-recommends ${name}`,
  );
}

/**
 * The CPU has instructions for random numbers, without which newer UEFI has no network. A card for them (virtio-rng) hangs its firmware
 * now and then, here in one boot of a few hundred (edk2 before its pull request 11987).
 * @param {Machine} machine
 */
function commonArguments({
  architecture,
  firmware,
  release,
  first,
  disk = false,
  secureBoot = false,
  mac = MAC,
  uuid = UUID,
  serial = 'SN-1',
}) {
  // Its variables are for system management mode alone.
  const guard = secureBoot ? ['-machine', 'smm=on', '-global', 'driver=cfi.pflash01,property=secure,value=on'] : [];
  const board =
    architecture === 'arm64'
      ? ['-M', 'virt', '-cpu', 'max,pauth-impdef=on']
      : ['-M', firmware === 'bios' ? 'q35,graphics=off' : 'q35', '-cpu', 'qemu64,+rdrand', ...guard];
  const nic = ['virtio-net-pci', 'netdev=n0', `mac=${mac}`];
  // QEMU writes the card's id only into its own ROM: the one given here wants a modern card. UEFI has its own driver, and an
  // order of its own that has the network first as long as there is no disk.
  if (firmware === 'bios') nic.push('disable-legacy=on', `romfile=${value(romFile(release))}`);
  else nic.push('romfile=');
  if ((firmware === 'bios' && first === undefined) || disk) nic.push('bootindex=0');
  return [
    ...board,
    ...['-accel', 'tcg', '-m', '1024', '-nodefaults', '-display', 'none', '-serial', 'stdio', '-no-reboot'],
    ...['-uuid', uuid, '-smbios', `type=1,manufacturer=Test & Sons #1,product=\${x} Machine,serial=${serial}`],
    '-device',
    nic.join(','),
  ];
}

/** QEMU's card starts with an iPXE. @param {Machine['release']} release */
function romFile(release = 'trixie') {
  const folder = release === 'trixie' ? 'usr/share/qemu' : 'usr/lib/ipxe/qemu';
  return firmwareFile('ipxe-qemu', `${folder}/pxe-virtio.rom`, release);
}

/** @param {Machine} machine @param {string} folder */
function firmwareArguments(machine, folder) {
  if (machine.firmware === 'bios') return firstArguments(machine, folder);
  const { code, variables } = uefiFiles(machine);
  copyFileSync(variables, join(folder, 'variables.fd'));
  return [
    ...['-drive', `if=pflash,format=raw,unit=0,readonly=on,file=${value(code)}`],
    ...['-drive', `if=pflash,format=raw,unit=1,file=${value(join(folder, 'variables.fd'))}`],
    // Its entries for a card are PXE, then HTTP Boot, each over IPv4, then IPv6 (edk2: OvmfPkg/Library/PxeBcPcdProducerLib).
    ...(machine.firmware === 'uefi-http' ? ['-fw_cfg', 'name=opt/org.tianocore/IPv4PXESupport,string=n'] : []),
    ...['-fw_cfg', 'name=opt/org.tianocore/IPv6PXESupport,string=n'],
    ...trustArguments(machine, folder),
  ];
}

/** @param {Machine} machine @param {string} folder */
function firstArguments({ first }, folder) {
  if (first === undefined) return [];
  const file = join(folder, 'first.ipxe');
  writeFileSync(file, first);
  return ['-kernel', firmwareFile('ipxe', 'usr/lib/ipxe/ipxe.lkrn'), '-initrd', file];
}

/** @param {Machine} machine @param {string} folder */
function trustArguments({ trust }, folder) {
  if (trust === undefined) return [];
  const file = join(folder, 'authorities');
  writeFileSync(file, signatureLists(trust));
  return ['-fw_cfg', `name=etc/edk2/https/cacerts,file=${value(file)}`];
}

/** @param {Machine} machine @param {string} folder */
function networkArguments({ architecture, firmware, script = '', tap, capture }, folder) {
  if (tap !== undefined) {
    // Else what is captured begins with a header of virtio's.
    const frames = capture === undefined ? '' : ',vnet_hdr=off';
    return ['-netdev', `tap,id=n0,ifname=${tap.name},script=no,downscript=no${frames}`];
  }
  if (firmware === 'uefi-http')
    throw new SetupError('QEMU offers no HTTP Boot in its user-mode network', 'give it a tap');
  const network = 'user,id=n0,ipv6=off';
  if (firmware === 'bios') return ['-netdev', `${network},bootfile=${value(script)}`];
  // The firmware loads iPXE by TFTP, and iPXE looks for autoexec.ipxe beside itself.
  const ipxe = architecture === 'amd64' ? 'usr/lib/ipxe/ipxe-amd64.efi' : 'usr/lib/ipxe/ipxe-arm64.efi';
  copyFileSync(firmwareFile('ipxe', ipxe), join(folder, 'ipxe.efi'));
  writeFileSync(join(folder, 'autoexec.ipxe'), `#!ipxe\ndhcp\nchain ${script}\n`);
  return ['-netdev', `${network},tftp=${value(folder)},bootfile=ipxe.efi`];
}

/** @param {Machine} machine */
function captureArguments({ capture }) {
  return capture === undefined ? [] : ['-object', `filter-dump,id=capture,netdev=n0,file=${value(capture)}`];
}

/** @param {Machine} machine @param {string} folder */
function diskArguments(machine, folder) {
  if (machine.disk !== true) return [];
  const file = machine.firmware === 'bios' ? biosDisk(folder) : uefiDisk(machine, folder);
  return [
    ...['-drive', `if=none,id=d0,format=raw,file=${file}`],
    ...['-device', 'virtio-blk-pci,drive=d0,bootindex=1,disable-legacy=on'],
  ];
}

/** A first sector that says so by the BIOS, and stops. @param {string} folder */
function biosDisk(folder) {
  const file = join(folder, 'disk.img');
  const disk = Buffer.alloc(1024 * 1024);
  // xor ax, ax; mov ds, ax; mov si, text; next: lodsb; test al, al; jz stop; mov ah, 14; int 16; jmp next; stop: hlt; jmp stop
  Buffer.from('31c08ed8be157cac84c07406b40ecd10ebf5f4ebfd', 'hex').copy(disk);
  disk.write('\r\nLOCAL-DISK\r\n\0', 0x15, 'latin1');
  disk.writeUInt16LE(0xaa55, 510);
  writeFileSync(file, disk);
  return value(file);
}

/** An iPXE where UEFI looks for a system, which runs the script beside it. @param {Machine} machine @param {string} folder */
function uefiDisk({ architecture }, folder) {
  const root = join(folder, 'disk');
  const home = join(root, 'EFI', 'BOOT');
  mkdirSync(home, { recursive: true });
  const [ipxe, name] =
    architecture === 'amd64' ? ['ipxe-amd64.efi', 'BOOTX64.EFI'] : ['ipxe-arm64.efi', 'BOOTAA64.EFI'];
  copyFileSync(firmwareFile('ipxe', `usr/lib/ipxe/${ipxe}`), join(home, name));
  writeFileSync(join(home, 'autoexec.ipxe'), '#!ipxe\necho LOCAL-DISK\nsleep 5\npoweroff\n');
  return `fat:rw:${value(root)}`;
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
