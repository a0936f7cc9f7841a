import type { ImageContents } from '../image/image.js';
import type { ReadUki, Uki, UkiProfile } from '../image/uki.js';
import { isKernel, isObject, isPart, isText } from './stored-fields.js';
import { isReadIso } from './stored-iso.js';

/** What a row says that its image's layers hold; what is not as we write it is missing. */
export function storedContents(value: unknown): ImageContents | undefined {
  if (!isObject(value)) return undefined;
  const { kernel, uki, iso } = value;
  const contents = {
    ...(isKernel(kernel) && { kernel }),
    ...(isReadUki(uki) && { uki }),
    ...(isReadIso(iso) && { iso }),
  };
  return Object.keys(contents).length === 0 ? undefined : contents;
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
