import type { Assignment } from '../boot/assignment.js';
import { type Bootable, type Client, hasLayer } from '../image/bootable.js';
import type { UnusedIso } from './check-report.js';
import { type Prepared, wayOf } from './preparation.js';

/** One that boots something of the image. */
export type Booting = { readonly client: Client; readonly prepared: Prepared['preparation'] };

/**
 * Where what an assignment says of an ISO counts for nothing: what was made for booting by network is started before it (`chooseWay`).
 * Pure.
 */
export function unusedIso(
  { iso }: Pick<Assignment, 'iso'>,
  image: Bootable,
  booting: readonly Booting[],
): UnusedIso | undefined {
  if (iso === undefined) return undefined;
  const clients = booting.filter(({ prepared }) => wayOf(prepared) !== 'iso-files').map(({ client }) => client);
  if (clients.length === 0) return undefined;
  return { because: hasLayer(image, 'iso') ? 'beside' : 'none', clients };
}

/** For people, after whose image it is. `booting`: all that boot something of the image. Pure. */
export function unusedIsoText({ because, clients }: UnusedIso, booting: readonly Client[]): string {
  if (because === 'none') return `has no ISO, and ${UNUSED}: leave it out, or name an image that has one`;
  const whom = clients.length < booting.length ? ` to machines that come as ${clients.join(', ')}` : '';
  return `is started by what it holds beside its ISO, and ${UNUSED}${whom}: leave it out, or build the image without ${BESIDE}`;
}

const UNUSED = 'what the assignment says under iso counts for nothing';
const BESIDE = 'kernel, initramfs and UKI';
