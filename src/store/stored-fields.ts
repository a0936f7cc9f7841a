import type { KernelFacts, KernelKind } from '../image/kernel-kind.js';
import type { FilePart } from '../image/range-reader.js';

/** What any JSON has to be to count as what we write. */

export type Fields = Readonly<Record<string, unknown>>;

const KINDS: Readonly<Record<KernelKind, true>> = {
  bzimage: true,
  image: true,
  zboot: true,
  gzip: true,
  efi: true,
  unknown: true,
};

export function isKernel(value: unknown): value is KernelFacts {
  if (!isObject(value) || typeof value.kind !== 'string' || !Object.hasOwn(KINDS, value.kind)) return false;
  const { hasEfiStub, architecture, mostArgumentBytes } = value;
  return (
    typeof hasEfiStub === 'boolean' &&
    isText(architecture) &&
    (mostArgumentBytes === undefined || isCount(mostArgumentBytes))
  );
}

export function isPart(value: unknown): value is FilePart {
  return isObject(value) && isCount(value.offset) && isCount(value.length);
}

export function isText(value: unknown): value is string | undefined {
  return value === undefined || typeof value === 'string';
}

export function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

export function isObject(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null;
}
