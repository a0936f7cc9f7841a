import { type Bootable, hasLayer } from './bootable.js';
import { type Obstacle, withRemedy } from './obstacle.js';
import type { Role } from './role.js';
import type { JudgedWay } from './ways.js';

/** Why an image is not started, of the ways that come into question, and what an operator can do about it. Pure. */
export function unbootableBecause(image: Bootable, judged: readonly JudgedWay[]): string {
  const obstacles = judged.flatMap((one) => (one.kind === 'possible' ? [] : [one]));
  const refused = obstacles.filter(({ kind }) => kind === 'refused');
  if (refused.length > 0) return textOf(refused);
  const has = (role: Role) => hasLayer(image, role);
  if (has('kernel') || has('uki') || has('iso')) return textOf(obstacles);
  if (has('disk'))
    return `it holds only a disk image, which is written to a disk by an installer and not booted: ${ADD}`;
  return `it has neither a kernel nor a UKI: ${ADD}`;
}

const ADD = 'add --kernel and --initramfs, or --uki, to image build';

function textOf(obstacles: readonly Obstacle[]): string {
  return [...new Set(obstacles.map(withRemedy))].join('; ');
}
