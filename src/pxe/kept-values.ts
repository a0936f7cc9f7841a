import { writeIp4s } from '../dhcp/option-values.js';
import { RecentMap } from '../recent-map.js';

/** Values that are the same in the answers to many machines. */
const values = new RecentMap<string, Buffer>(256);

export function textBytes(text: string): Buffer {
  return values.kept(text, () => Buffer.from(text));
}

/** Of a dotted quad. Throws a DhcpCodecError at anything else. */
export function ip4Bytes(address: string): Buffer {
  return values.kept(`ip ${address}`, () => writeIp4s(address));
}
