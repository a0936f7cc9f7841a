import { setting } from '../ipxe/word.js';

const MIB = 1024 * 1024;

/** How many memory modules iPXE is asked for: more than most machines have slots, and one by which is seen that there are more still. */
const ASKED_MODULES = 17;

/**
 * The sizes of a machine's memory modules, for iPXE to fill in: that of each Memory Device of SMBIOS (type 17, two bytes at 12) in
 * hexadecimal, with dots between. Every iPXE knows these, on BIOS and UEFI; few know `memsize`, which is off as it is built by
 * default (MEMMAP_SETTINGS), and cannot be on for UEFI.
 */
export function memoryModules(): string {
  const modules = Array.from({ length: ASKED_MODULES }, (_, slot) => setting(`smbios/${slot}.17.12.2`, 'hexraw'));
  return modules.join('.');
}

/** As iPXE fills them in; undefined where it knows neither. `memsize`: in MiB, of what the firmware leaves to systems. */
export type MemoryReport = { readonly memsize: string | undefined; readonly modules: string | undefined };

/** How much memory the machine has, in bytes; undefined where that is not certain. The larger of the two counts. Pure. */
export function reportedMemory({ memsize = '', modules = '' }: MemoryReport): number | undefined {
  const found = [/^\d{1,9}$/.test(memsize) ? Number(memsize) * MIB : 0, sizeOfModules(modules)];
  const most = Math.max(...found);
  return most === 0 ? undefined : most;
}

/** 0 where they do not say all. */
function sizeOfModules(text: string): number {
  const fields = text.split('.');
  const isWhole = fields.length === ASKED_MODULES && fields.at(-1) === '';
  if (!isWhole) return 0;
  let bytes = 0;
  for (const field of fields) {
    const size = field === '' ? 0 : sizeOfModule(field);
    if (size === undefined) return 0;
    bytes += size;
  }
  return bytes;
}

/** Of modules of 32 GiB and more, the size stands elsewhere. */
const [UNKNOWN, ELSEWHERE] = [0xff_ff, 0x7f_ff];
const IN_KIB = 0x80_00;

/** Little-endian; MiB, or KiB where the highest bit (15) is set (SMBIOS 3.7, 7.18.4). No size is that of an empty slot. */
function sizeOfModule(field: string): number | undefined {
  if (!/^[0-9a-f]{4}$/i.test(field)) return undefined;
  const size = Buffer.from(field, 'hex').readUInt16LE();
  if (size === UNKNOWN || size === ELSEWHERE) return undefined;
  return (size & IN_KIB) === 0 ? size * MIB : (size - IN_KIB) * 1024;
}
