import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Subnet } from '../net/ip.js';
import { type Digest, hexOf } from '../oci/digest.js';
import { isAmong } from './address-of.js';
import { decideAnswer } from './entity.js';
import type { Sending } from './send-entity.js';

/** `accelRedirect`: the location of nginx that is the folder of the cache; `proxies`: who may be told of it. */
export type HandOverParts = { readonly proxies: readonly Subnet[]; readonly accelRedirect?: string };

/** What a client says of what it has: nginx would compare that with its own idea of the file. */
const CONDITIONS = ['range', 'if-range', 'if-match', 'if-none-match', 'if-modified-since', 'if-unmodified-since'];

/** Where nginx finds a blob: the cache is an image layout (image-spec, image-layout.md). */
export function placeOf(location: string, digest: Digest): string {
  return `${location}blobs/sha256/${hexOf(digest)}`;
}

/** The location, where who asks is a proxy of ours that wants the whole of something, whatever somebody has of it; else undefined. */
export function locationFor(
  { method, headers, socket }: Pick<FastifyRequest, 'method' | 'headers' | 'socket'>,
  { proxies, accelRedirect }: HandOverParts,
): string | undefined {
  if (accelRedirect === undefined || method !== 'GET') return undefined;
  const isWhole = CONDITIONS.every((name) => headers[name] === undefined);
  return isWhole && isAmong(proxies, socket.remoteAddress) ? accelRedirect : undefined;
}

/**
 * Has nginx send a blob that is whole and verified (X-Accel-Redirect): it is opened first, as it is whenever it is sent, so that what was changed on
 * the disk is not handed on. Answers false where it is not there yet: it is sent as it comes. That it was handed over is told; how much
 * of it arrived, nobody tells us.
 */
export async function handOver(
  request: FastifyRequest,
  reply: FastifyReply,
  { entity, open, begun }: Sending,
  place: string,
): Promise<boolean> {
  const reader = await open();
  try {
    if (reader.isStored !== true) return false;
    const { headers } = decideAnswer(request, entity);
    // Of these, nginx has its own, and would say them twice.
    const { 'content-length': _length, 'accept-ranges': _ranges, ...told } = headers;
    const ended = begun(undefined, () => 0);
    await reply.headers({ ...told, 'x-accel-redirect': place }).send();
    ended({ kind: 'sent', bytes: 0, isHanded: true });
    return true;
  } finally {
    await reader.close();
  }
}
