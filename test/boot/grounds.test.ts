import { expect, it } from 'vitest';
import { groundOf } from '../../src/boot/grounds.js';
import { type PlanInput, planBoot } from '../../src/boot/plan.js';
import type { Starter } from '../../src/image/bootable.js';
import type { ContentsRole } from '../../src/image/contents.js';
import type { ImageContents, ResolvedImage } from '../../src/image/image.js';
import type { Role } from '../../src/image/role.js';
import { KERNELS, readUkiOf } from '../fixtures/contents.js';
import { assignment, facts } from '../fixtures/mappings.js';
import { resolvedImage } from '../fixtures/plans.js';

const BIOS: Starter = { client: 'ipxe-bios', architecture: 'amd64' };
const UEFI: Starter = { client: 'ipxe-uefi', architecture: 'amd64' };
const HTTP: Starter = { client: 'uefi-http', architecture: 'amd64' };

/** In a word: of which layer, and whether that decides. */
function ground(image: ResolvedImage, more: Partial<PlanInput> = {}, proven: readonly ContentsRole[] = []): string {
  const input: PlanInput = {
    subject: { name: 'node-01', facts: facts(), contradictions: [], mayBeKnown: false },
    ...{ assignment: assignment(), image, defaults: {}, starter: BIOS, ...more },
  };
  const found = groundOf(planBoot(input), input, new Set(proven));
  return found === undefined ? 'nothing' : `${found.role}${found.isDecisive ? ' decides' : ''}`;
}

const LAYERS: readonly Role[] = ['kernel', 'initramfs'];
const image = (contents: ImageContents = {}, roles = LAYERS) => resolvedImage(roles, { contents });

it('is what a UKI says of itself, but where layers are started all the same', () => {
  const all = [...LAYERS, 'uki'] as const;
  const arm64 = readUkiOf({ architecture: 'arm64' });
  expect([
    ground(image({}, ['uki']), { starter: UEFI }),
    ground(image({}, ['uki'])),
    ground(image({ uki: readUkiOf() }, ['uki'])),
    ground(image({ uki: arm64 }, ['uki'])),
    ground(image({}, all), { starter: HTTP }),
    ground(image({}, ['disk'])),
    ground(image({}, all), { starter: { ...UEFI, secureBoot: true } }, ['kernel']),
    ground(image({}, all), {}, ['kernel']),
    ground(image({}, ['uki']), {}, ['uki']),
  ]).toEqual([...Array<string>(5).fill('uki decides'), ...['nothing', 'uki decides', 'nothing', 'nothing']]);
});

it('is what a kernel is said to be, which decides where it is refused, or has less room than any', () => {
  const small = { ...KERNELS.bzimage, mostArgumentBytes: 300 };
  expect([
    ground(image()),
    ground(image({ kernel: KERNELS.bzimage })),
    ground(image({ kernel: { ...KERNELS.bzimage, mostArgumentBytes: 2_047 } })),
    ground(image({ kernel: KERNELS.gzip })),
    ground(image({ kernel: KERNELS.image })),
    ground(image({ kernel: small })),
    ground(image({ kernel: small }), { defaults: { append: ['x'.repeat(400)] } }),
    ground(image({ kernel: KERNELS.gzip }), {}, ['kernel']),
  ]).toEqual([...Array<string>(3).fill('kernel'), ...Array<string>(4).fill('kernel decides'), 'nothing']);
});

it('is that before what a UKI holds, where the kernel would be started instead of it', () => {
  const both = image({ kernel: KERNELS.gzip, uki: readUkiOf() }, [...LAYERS, 'uki']);
  expect([ground(both), ground(both, {}, ['kernel'])]).toEqual(['kernel decides', 'uki decides']);
});

it('is no kernel that nobody starts, whatever it is', () => {
  const uki = assignment({ boot: 'uki' });
  expect(ground(image({ kernel: KERNELS.gzip }, ['kernel']))).toBe('nothing');
  expect(ground(image({ kernel: KERNELS.gzip }, [...LAYERS, 'uki']), { assignment: uki, starter: UEFI })).toBe(
    'uki decides',
  );
});
