import type { Iso, ReadIso } from '../image/iso.js';
import { ISO_FIELDS, type OpenedIso } from '../image/iso-opening.js';
import { PRESETS } from '../image/preset-name.js';
import { type Fields, isKernel, isObject, isPart, isText } from './stored-fields.js';

/** Whether it is what was read of an ISO. */
export function isReadIso(value: unknown): value is ReadIso {
  if (!isObject(value)) return false;
  const { kind, reason, isIso: isOne, iso } = value;
  if (kind === 'refused') return typeof reason === 'string' && (isOne === undefined || isOne === false);
  return kind === 'iso' && isIso(iso);
}

function isIso(value: unknown): value is Iso {
  if (!isObject(value)) return false;
  const { label, firmware, isHybrid, opening } = value;
  const isSaid = typeof label === 'string' && typeof isHybrid === 'boolean' && isObject(opening);
  if (!isSaid || !Array.isArray(firmware) || !firmware.every((one) => FIRMWARE.has(one))) return false;
  return opening.kind === 'closed' ? isClosed(opening) : opening.kind === 'opened' && isOpened(opening);
}

function isClosed({ reason, namedBy }: Fields): boolean {
  return typeof reason === 'string' && (namedBy === undefined || ISO_FIELDS.some((field) => field === namedBy));
}

const FIRMWARE: ReadonlySet<unknown> = new Set<Iso['firmware'][number]>(['bios', 'uefi', 'other']);
const FOUND_BY: ReadonlySet<unknown> = new Set<OpenedIso['by']>(['assignment', 'grub', 'isolinux', 'layout']);

function isOpened({ by, menu, kernel, initrds, root, commandLine, leftOut, system, preset, wants }: Fields): boolean {
  const isMenu =
    menu === undefined || (isObject(menu) && [menu.file, menu.title].every((one) => typeof one === 'string'));
  const isStart =
    isObject(kernel) && isFile(kernel) && isKernel(kernel.facts) && [initrds, leftOut].every(Array.isArray);
  if (!FOUND_BY.has(by) || !isMenu || !isStart || typeof commandLine !== 'string') return false;
  const isPreset = preset === undefined || PRESETS.some((name) => name === preset);
  const files = [...(initrds as unknown[]), ...(root === undefined ? [] : [root])];
  const texts = (leftOut as unknown[]).every((one) => typeof one === 'string') && [system, wants].every(isText);
  return isPreset && texts && files.every(isFile);
}

function isFile(value: unknown): boolean {
  return isObject(value) && typeof value.path === 'string' && isPart(value.part);
}
