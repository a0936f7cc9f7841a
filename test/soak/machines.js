/**
 * So many machines of all kinds: `name` is what the server calls them, which of those that no record names is their MAC.
 * @param {number} count @returns {import('./simulated-machine.js').Whose[]}
 */
export function machinesOf(count) {
  return Array.from({ length: count }, (_, number) => {
    const mac = `52:54:00:50:${hex(number >> 8)}:${hex(number & 0xff)}`;
    const [group, kind] = KINDS[number % KINDS.length] ?? KINDS[0];
    return { name: group === 'strangers' ? mac : `node-${number}`, mac, group, kind };
  });
}

/** Of twenty. @type {readonly [[import('./book.js').Group, import('./firmware-packets.js').FirmwareKind], ...[import('./book.js').Group, import('./firmware-packets.js').FirmwareKind][]]} */
const KINDS = [
  ['live', 'bios'],
  ['live', 'uefi'],
  ['moving', 'uefi'],
  ['live', 'uefi-arm64'],
  ['strangers', 'bios'],
  ['live', 'ipxe-rom'],
  ['live', 'uefi-http'],
  ['moving', 'bios'],
  ['live', 'uefi'],
  ['uki', 'uefi-http'],
  ['live', 'bios'],
  ['strangers', 'uefi-arm64'],
  ['live', 'uefi-arm64'],
  ['moving', 'uefi-arm64'],
  ['live', 'uefi'],
  ['live', 'bios'],
  ['moving', 'ipxe-rom'],
  ['live', 'uefi-http-arm64'],
  ['strangers', 'uefi'],
  ['uki', 'uefi-http-arm64'],
];

/** @param {number} byte */
function hex(byte) {
  return byte.toString(16).padStart(2, '0');
}
