/**
 * What firmware and iPXE say by DHCP, and what they read of the answers (RFC 2131, 2132, 4578; iPXE's options 77 and 175). As a relay
 * of their segment hands it on.
 */

/**
 * How a machine boots.
 * @typedef {'bios' | 'uefi' | 'uefi-arm64' | 'uefi-http' | 'uefi-http-arm64' | 'ipxe-rom'} FirmwareKind
 * @typedef {{ type: number, address: string, seconds: number, file: string, server: string, bytes: Buffer }} Reply
 * `taking`: an OFFER that is taken.
 * @typedef {{ mac: string, xid: number, relay: string, code: number, isIpxe: boolean, isHttp?: boolean, taking?: Reply }} Asked
 */

const AT = { op: 0, hops: 3, xid: 4, yiaddr: 16, siaddr: 20, giaddr: 24, chaddr: 28, file: 108, options: 240 };
const MAGIC = Buffer.of(0x63, 0x82, 0x53, 0x63);
const OPTION = { requested: 50, seconds: 51, type: 53, serverId: 54, file: 67, end: 255 };
export const TYPE = { discover: 1, offer: 2, request: 3, ack: 5, nak: 6 };
/** The wish list, the largest message, and that there is a network card. */
const WISHES = Buffer.from('37180103060c0d0f111216171c28292a2b3233363a3b3c424361', 'hex');
const LARGEST = Buffer.from('390205c0', 'hex');
const CARD = Buffer.from('5e03010300', 'hex');
/** What iPXE can do: HTTP, DNS, bzImage or EFI, menus. */
const FEATURES = Buffer.from('af18b105011af41041eb03010000130101180101120101270101', 'hex');

/**
 * `code`: option 93 of the firmware; `ipxeCode`: of the iPXE that it loads.
 * @type {Record<FirmwareKind, { code: number, ipxeCode: number, arch: 'amd64' | 'arm64', isHttp?: true }>}
 */
export const FIRMWARE = {
  bios: { code: 0, ipxeCode: 0, arch: 'amd64' },
  uefi: { code: 7, ipxeCode: 7, arch: 'amd64' },
  'uefi-arm64': { code: 11, ipxeCode: 11, arch: 'arm64' },
  'uefi-http': { code: 16, ipxeCode: 7, arch: 'amd64', isHttp: true },
  'uefi-http-arm64': { code: 19, ipxeCode: 11, arch: 'arm64', isHttp: true },
  'ipxe-rom': { code: 0, ipxeCode: 0, arch: 'amd64' },
};

/** A DISCOVER, or the REQUEST that takes an offer. @param {Asked} asked */
export function packetOf({ mac, xid, relay, code, isIpxe, isHttp = false, taking }) {
  const header = Buffer.alloc(AT.options);
  header.set([1, 1, 6, 1], AT.op);
  header.writeUInt32BE(xid, AT.xid);
  quad(relay).copy(header, AT.giaddr);
  const card = Buffer.from(mac.replaceAll(':', ''), 'hex');
  card.copy(header, AT.chaddr);
  MAGIC.copy(header, AT.options - MAGIC.length);
  const name = `${isHttp ? 'HTTPClient' : 'PXEClient'}:Arch:${String(code).padStart(5, '0')}:UNDI:003001`;
  const uuid = Buffer.concat([Buffer.from('000100', 'hex'), Buffer.alloc(8, 0xb0), card]);
  const parts = [
    option(OPTION.type, Buffer.of(taking === undefined ? TYPE.discover : TYPE.request)),
    ...[LARGEST, WISHES, CARD],
    option(97, Buffer.concat([uuid, Buffer.alloc(17 - uuid.length)])),
    option(93, Buffer.of(code >> 8, code & 0xff)),
    option(60, Buffer.from(name)),
    ...(isIpxe ? [option(77, Buffer.from('iPXE')), FEATURES] : []),
    ...(taking === undefined
      ? []
      : [option(OPTION.requested, quad(taking.address)), option(OPTION.serverId, quad(taking.server))]),
    Buffer.of(OPTION.end),
  ];
  return Buffer.concat([header, ...parts]);
}

/** @param {Buffer} bytes @returns {Reply | undefined} */
export function readReply(bytes) {
  if (bytes.length < AT.options || bytes[AT.op] !== 2) return undefined;
  /** @type {Map<number | undefined, Buffer>} */
  const options = new Map();
  for (let at = AT.options; at < bytes.length && bytes[at] !== OPTION.end; at += 2 + (bytes[at + 1] ?? 0))
    options.set(bytes[at], bytes.subarray(at + 2, at + 2 + (bytes[at + 1] ?? 0)));
  const optionOf = (/** @type {number} */ code) => options.get(code);
  const inHeader = text(bytes.subarray(AT.file, AT.file + 128));
  return {
    type: optionOf(OPTION.type)?.[0] ?? 0,
    address: dotted(bytes.subarray(AT.yiaddr, AT.yiaddr + 4)),
    seconds: optionOf(OPTION.seconds)?.readUInt32BE(0) ?? 0,
    file: inHeader === '' ? text(optionOf(OPTION.file) ?? Buffer.alloc(0)) : inHeader,
    server: dotted(optionOf(OPTION.serverId) ?? bytes.subarray(AT.siaddr, AT.siaddr + 4)),
    bytes,
  };
}

/** @param {Buffer} bytes */
export function xidOf(bytes) {
  return bytes.length < AT.options ? 0 : bytes.readUInt32BE(AT.xid);
}

/** @param {number} code @param {Buffer} value */
function option(code, value) {
  return Buffer.concat([Buffer.of(code, value.length), value]);
}

/** @param {string} address */
function quad(address) {
  return Buffer.from(address.split('.').map(Number));
}

/** @param {Uint8Array} bytes */
function dotted(bytes) {
  return [...bytes].join('.');
}

/** @param {Buffer} bytes up to its first zero */
function text(bytes) {
  const end = bytes.indexOf(0);
  return bytes.toString('latin1', 0, end === -1 ? bytes.length : end);
}
