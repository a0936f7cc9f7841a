import type { ImageContents } from '../image/image.js';
import type { KernelFacts, KernelKind } from '../image/kernel-kind.js';
import type { FilePart } from '../image/range-reader.js';
import type { ReadUki, Uki, UkiProfile } from '../image/uki.js';

/** What a row says that its image's layers hold; what is not as we write it is missing. */
export function storedContents(value: unknown): ImageContents | undefined {
  if (!isObject(value)) return undefined;
  const { kernel, uki } = value;
  const contents = { ...(isKernel(kernel) && { kernel }), ...(isReadUki(uki) && { uki }) };
  return Object.keys(contents).length === 0 ? undefined : contents;
}

const KINDS: Readonly<Record<KernelKind, true>> = {
  bzimage: true,
  image: true,
  zboot: true,
  gzip: true,
  efi: true,
  unknown: true,
};

type Fields = Readonly<Record<string, unknown>>;

function isKernel(value: unknown): value is KernelFacts {
  if (!isObject(value) || typeof value.kind !== 'string' || !Object.hasOwn(KINDS, value.kind)) return false;
  const { hasEfiStub, architecture, mostArgumentBytes } = value;
  return (
    typeof hasEfiStub === 'boolean' &&
    isText(architecture) &&
    (mostArgumentBytes === undefined || isCount(mostArgumentBytes))
  );
}

function isReadUki(value: unknown): value is ReadUki {
  if (!isObject(value)) return false;
  if (value.kind === 'refused') {
    const { reason, isProgram, isSigned } = value;
    const isSaid = isSigned === undefined || typeof isSigned === 'boolean';
    return typeof reason === 'string' && (isProgram === undefined || isProgram === false) && isSaid;
  }
  return value.kind === 'uki' && isUki(value.uki);
}

function isUki(value: unknown): value is Uki {
  if (!isObject(value)) return false;
  const { architecture, isSigned, profiles, osName, uname, sbat } = value;
  const isSaid =
    typeof architecture === 'string' && typeof isSigned === 'boolean' && [osName, uname, sbat].every(isText);
  return isSaid && Array.isArray(profiles) && profiles.length > 0 && profiles.every(isProfile);
}

function isProfile(value: unknown): value is UkiProfile {
  if (!isObject(value)) return false;
  const { id, title, linux, kernel, initrds, commandLine, dtb } = value;
  if (!isPart(linux) || !isKernel(kernel) || !Array.isArray(initrds) || !initrds.every(isPart)) return false;
  return [id, title, commandLine].every(isText) && (dtb === undefined || isPart(dtb));
}

function isPart(value: unknown): value is FilePart {
  return isObject(value) && isCount(value.offset) && isCount(value.length);
}

function isText(value: unknown): value is string | undefined {
  return value === undefined || typeof value === 'string';
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

function isObject(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null;
}
