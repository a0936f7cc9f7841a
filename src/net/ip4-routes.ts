import { parseSubnet, type Subnet } from './ip.js';

/** RTF_UP (Linux, include/uapi/linux/route.h). */
const UP = 1;

/** Where this host can send to by IPv4: the networks of /proc/net/route, the default one being 0.0.0.0/0. Pure; never throws. */
export function parseRoutes(text: string): readonly Subnet[] {
  return text
    .split('\n')
    .slice(1)
    .flatMap((line) => {
      const [, to = '', , flags = '', , , , mask = ''] = line.trim().split(/\s+/);
      if ((Number.parseInt(flags, 16) & UP) === 0) return [];
      const prefix = bytesOf(mask).reduce((bits, byte) => bits + ones(byte), 0);
      return parseSubnet(`${bytesOf(to).join('.')}/${prefix}`) ?? [];
    });
}

/** The kernel prints a number of the host's byte order, which is little-endian wherever this runs. */
function bytesOf(hex: string): readonly number[] {
  return (hex.match(/../g) ?? []).map((byte) => Number.parseInt(byte, 16)).reverse();
}

function ones(byte: number): number {
  return byte.toString(2).replaceAll('0', '').length;
}
