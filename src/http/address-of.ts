import type { FastifyRequest } from 'fastify';
import { parseIp, type Subnet, subnetHolds, withoutMapping } from '../net/ip.js';

/**
 * Whom a request came from, or for whom a trusted proxy asks (`createListener`), where that says an address. A client that hung up
 * while its request was read has no address any more.
 */
export function addressOf({ ip, socket }: Pick<FastifyRequest, 'ip' | 'socket'>): string {
  const peer = withoutMapping(socket.remoteAddress ?? 'unknown');
  // Of what is written in a header, everything is possible, and IPv6 in many spellings: whoever comes after this compares texts.
  return ip === socket.remoteAddress || typeof ip !== 'string' ? peer : (parseIp(ip) ?? peer);
}

/** Whether it is one of them that is connected, or that a header names. */
export function isAmong(subnets: readonly Subnet[], address: string | undefined): boolean {
  const ip = address === undefined ? undefined : parseIp(withoutMapping(address));
  return ip !== undefined && subnets.some((subnet) => subnetHolds(subnet, ip));
}
