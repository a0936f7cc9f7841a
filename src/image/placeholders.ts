/** What a plan knows: the machine, its assignment, its image. */
export const VALUE_PLACEHOLDERS = [
  'machine.name',
  'machine.mac',
  'machine.mac.hyphens',
  'machine.uuid',
  'machine.serial',
  'machine.hostname',
  'machine.ip',
  'machine.arch',
  'assignment.name',
  'image.reference',
  'image.digest',
] as const;
export type ValuePlaceholder = (typeof VALUE_PLACEHOLDERS)[number];

/** What is known when a script is written: it depends on the address by which this machine reaches the server. */
export const URL_PLACEHOLDERS = [
  'blob.squashfs.url',
  'blob.disk.url',
  'blob.iso.url',
  'done.url',
  'provision.url',
  'server.url',
  'server.host',
] as const;
export type UrlPlaceholder = (typeof URL_PLACEHOLDERS)[number];

const LATER_PLACEHOLDERS: ReadonlySet<string> = new Set(['blob.kernel.url', 'blob.initramfs.url']);

const LABEL = 'machine.label.';
/** As people read it. */
const ANY_LABEL = `${LABEL}<label>`;

/** What may stand in kernel arguments, without its braces. */
export type Placeholder =
  | { readonly kind: 'value'; readonly name: ValuePlaceholder }
  | { readonly kind: 'label'; readonly label: string }
  | { readonly kind: 'url'; readonly name: UrlPlaceholder }
  /** Known, and not in this version. */
  | { readonly kind: 'later' }
  | { readonly kind: 'unknown' };

/** Reads a name as `placeholdersIn` finds it. */
export function parsePlaceholder(name: string): Placeholder {
  if (name.startsWith(LABEL)) return { kind: 'label', label: name.slice(LABEL.length) };
  const value = VALUE_PLACEHOLDERS.find((known) => known === name);
  if (value !== undefined) return { kind: 'value', name: value };
  const url = URL_PLACEHOLDERS.find((known) => known === name);
  if (url !== undefined) return { kind: 'url', name: url };
  return { kind: LATER_PLACEHOLDERS.has(name) ? 'later' : 'unknown' };
}

/** Whether another machine has another value, or one where this has none. `name`: as `placeholdersIn` finds it. */
export function isOfMachine(name: string): boolean {
  return name.startsWith('machine.');
}

/** Every name there is, to be told; of the URLs, those alone that are named. */
export function knownPlaceholders(urls: Iterable<string> = URL_PLACEHOLDERS): readonly string[] {
  return [...VALUE_PLACEHOLDERS, ANY_LABEL, ...urls];
}
