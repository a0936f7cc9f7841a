import { SECTOR_BYTES } from './iso-volume.js';
import type { FilePart } from './range-reader.js';

/** What Rock Ridge says of a file (IEEE P1282), in the fields behind its record (SUSP, IEEE P1281). */
export type RockRidge = {
  readonly name?: string;
  /** Where it leads, where it is a symbolic link. */
  readonly target?: string;
  /** Why its bytes are not those of the file. */
  readonly obstacle?: string;
  /** Where the fields go on that were not given. */
  readonly more?: FilePart;
};

type Field = { readonly kind: string; readonly bytes: Buffer };

/** How far into each record of the image the fields begin, as the root's own record says (`SP`); undefined without Rock Ridge. */
export function fieldsSkipped(ownFields: Buffer): number | undefined {
  const [first] = fieldsIn(ownFields);
  const isIt = first?.kind === 'SP' && first.bytes.length >= 7 && first.bytes.readUInt16BE(4) === 0xbeef;
  return isIt ? first.bytes[6] : undefined;
}

/** What the fields say: the areas in their order, each where the one before says that it goes on. */
export function rockRidgeOf(areas: readonly Buffer[]): RockRidge {
  const fields = areas.flatMap((area) => [...fieldsIn(area)]);
  const ofKind = (kind: string) => fields.filter((field) => field.kind === kind).map(({ bytes }) => bytes);
  const names = ofKind('NM').map((bytes) => bytes.toString('utf8', 5));
  const links = ofKind('SL').map((bytes) => bytes.subarray(5));
  const more = ofKind('CE')[areas.length - 1];
  const obstacle = fields.map(({ kind }) => OBSTACLES[kind]).find((reason) => reason !== undefined);
  return {
    ...(names.length > 0 && { name: names.join('') }),
    ...(links.length > 0 && { target: linkOf(links) }),
    ...(obstacle !== undefined && { obstacle }),
    ...(more !== undefined && more.length >= 28 && { more: continuation(more) }),
  };
}

const OBSTACLES: Readonly<Record<string, string>> = {
  ZF: 'it is packed by zisofs',
  CL: 'it was moved out of a folder that is too deep',
};

/** Fields that are not whole end it. */
function* fieldsIn(area: Buffer): Generator<Field> {
  let at = 0;
  while (at + 4 <= area.length) {
    const length = area[at + 2] ?? 0;
    const kind = area.toString('latin1', at, at + 2);
    if (length < 4 || at + length > area.length || kind === 'ST') return;
    yield { kind, bytes: area.subarray(at, at + length) };
    at += length;
  }
}

function continuation(field: Buffer): FilePart {
  return { offset: field.readUInt32LE(4) * SECTOR_BYTES + field.readUInt32LE(12), length: field.readUInt32LE(20) };
}

const [GOES_ON, CURRENT, PARENT, ROOT] = [0x01, 0x02, 0x04, 0x08];

/** A link's components, which may go on from one field to the next. */
function linkOf(fields: readonly Buffer[]): string {
  const components: string[] = [];
  let isJoined = false;
  for (const { flags, text } of fields.flatMap((field) => [...componentsIn(field)])) {
    const own = flags & ROOT ? '' : flags & PARENT ? '..' : flags & CURRENT ? '.' : text;
    components.push(isJoined ? `${components.pop() ?? ''}${own}` : own);
    isJoined = (flags & GOES_ON) !== 0;
  }
  return components.length === 1 && components[0] === '' ? '/' : components.join('/');
}

function* componentsIn(field: Buffer): Generator<{ readonly flags: number; readonly text: string }> {
  let at = 0;
  while (at + 2 <= field.length) {
    const length = field[at + 1] ?? 0;
    yield { flags: field[at] ?? 0, text: field.toString('utf8', at + 2, at + 2 + length) };
    at += 2 + length;
  }
}
