import type { Subnet } from '../net/ip.js';
import { ip4Number } from './ip4.js';
import { writeIp4s } from './option-values.js';

type Route = { readonly to: Subnet; readonly via: string };

/** Of option 121 (RFC 3442): of each network as many bytes as count, and its router. Throws a DhcpCodecError at what is no IPv4. */
export function writeClasslessRoutes(routes: readonly Route[]): Buffer {
  return Buffer.concat(
    routes.flatMap(({ to: { address, prefixLength }, via }) => {
      const network = Buffer.alloc(4);
      network.writeUInt32BE(ip4Number(address));
      return [Buffer.of(prefixLength), network.subarray(0, Math.ceil(prefixLength / 8)), writeIp4s(via)];
    }),
  );
}
