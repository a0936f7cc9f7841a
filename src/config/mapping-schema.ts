import { z } from 'zod';
import { BOOT_METHODS } from '../boot/boot-method.js';
import { DONE_WHEN, LONGEST_WINDOW, MOST_ATTEMPTS, POLICY_MODES } from '../boot/policy.js';
import { parseDuration } from '../format.js';
import { PRESETS } from '../image/preset-name.js';
import { FIRMWARES } from '../machine/facts.js';
import { isJunkSerial } from '../machine/serial.js';
import { parseIp, parseSubnet } from '../net/ip.js';
import { isJunkMac, parseMac } from '../net/mac.js';
import { isJunkUuid, parseUuid } from '../net/uuid.js';
import { knownArchitectures, parseArchitecture } from '../oci/platform.js';
import { parseReference } from '../oci/reference.js';
import { isoSchema } from './iso-schema.js';
import { appendedArgument, replacedArguments } from './kernel-argument.js';
import { provisionChoice, setName } from './provision-schema.js';
import { later, mapping, name, oneOf, oneOrMore, parsed, record, text } from './values.js';

/** Machines and assignments as they are written, in the configuration itself and in the files it includes. */

const architecture = parsed(parseArchitecture, `is no architecture; known: ${knownArchitectures().join(', ')}`);
const mac = parsed(readMac, 'is not a MAC address, such as "52:54:00:12:34:56"');
const uuid = parsed(readUuid, 'is not a UUID');
const smbiosText = text(256);
const serial = smbiosText.refine((written) => !isJunkSerial(written), 'is a placeholder that many machines share');
/** Names of hosts are compared without regard to case (RFC 4343). */
const hostname = text(253).transform((written) => written.toLowerCase());

function readMac(written: string) {
  const value = parseMac(written);
  if (value !== undefined && isJunkMac(value)) throw new RangeError(`"${written}" is no card's address`);
  return value;
}

function readUuid(written: string) {
  const value = parseUuid(written);
  if (value !== undefined && isJunkUuid(value))
    throw new RangeError(`"${written}" is a placeholder that many machines share`);
  return value;
}

const kernelArgs = mapping({
  preset: oneOf(PRESETS).optional(),
  consoles: z.literal(true, 'must be true, or be left out').optional(),
  append: oneOrMore(appendedArgument).optional(),
  remove: oneOrMore(text(2048)).optional(),
  replace: replacedArguments.optional(),
});

/** What assignments may share: one's own come after those of its defaults. */
const sharedValues = { variant: text(128).optional(), kernelArgs: kernelArgs.optional() };

/** `named`: sets that an assignment takes by name, after those that count for all. */
export const defaults = mapping({
  ...sharedValues,
  named: record(name, mapping(sharedValues), 'must be a mapping of names to defaults').optional(),
});

export type DefaultsEntry = z.output<typeof defaults>;

const LABELS_HINT = 'labels of your own go under labels';

export const machineSchema = mapping(
  {
    name,
    mac: oneOrMore(mac).optional(),
    uuid: uuid.optional(),
    serial: serial.optional(),
    arch: architecture.optional(),
    ip: parsed(parseIp, 'is no IP address').optional(),
    hostname: hostname.optional(),
    labels: record(text(), text(), 'must be a mapping of labels to values').optional(),
    kernelArgs: kernelArgs.optional(),
  },
  LABELS_HINT,
);

const match = mapping(
  {
    machine: oneOrMore(name).optional(),
    mac: oneOrMore(mac).optional(),
    uuid: oneOrMore(uuid).optional(),
    serial: oneOrMore(serial).optional(),
    asset: oneOrMore(smbiosText).optional(),
    manufacturer: oneOrMore(smbiosText).optional(),
    product: oneOrMore(smbiosText).optional(),
    ip: oneOrMore(parsed(parseSubnet, 'is no address and no subnet, such as 10.1.0.0/16')).optional(),
    arch: oneOrMore(architecture).optional(),
    firmware: oneOrMore(oneOf(FIRMWARES)).optional(),
    hostname: oneOrMore(hostname).optional(),
    labels: record(text(), oneOrMore(text()), 'must be a mapping of labels to values')
      .refine((labels) => Object.keys(labels).length > 0, 'names no label: name at least one, or leave the key out')
      .optional(),
  },
  LABELS_HINT,
);

const attempts = `must be a whole number from 1 to ${MOST_ATTEMPTS}`;
const window = parsed(parseDuration, 'is no duration, such as 30m, 1h or 7d', {
  whereNumber: 'write it with its unit: "90s", "30m", "1h"',
}).refine((milliseconds) => milliseconds >= 1_000 && milliseconds <= LONGEST_WINDOW, 'must be from 1s to 30d');

const policy = mapping(
  {
    mode: oneOf(POLICY_MODES).optional(),
    doneWhen: oneOf(DONE_WHEN).optional(),
    maxAttempts: z.int(attempts).min(1, attempts).max(MOST_ATTEMPTS, attempts).optional(),
    window: window.optional(),
  },
  undefined,
  '{ mode: once }',
)
  .refine((written) => written.window === undefined || written.maxAttempts !== undefined, {
    path: ['window'],
    message: 'says nothing without maxAttempts',
  })
  .refine((written) => written.doneWhen === undefined || written.mode === 'once', {
    path: ['doneWhen'],
    message: 'counts for mode once alone',
  });

const NO_IMAGE = 'is missing: name an image, with boot: local too: it is what the machines boot when boot is taken out';

/** Without what they say of one another: the API's body has no name, and zod's `partial` takes no schema that is refined. */
export const assignmentKeys = mapping({
  name,
  priority: z.int('must be a whole number').optional(),
  match: z
    .unknown()
    .refine((value) => value !== undefined && value !== null, 'is missing: write {} to match every machine')
    .pipe(match),
  image: parsed(parseReference, 'is no image reference', { whereMissing: NO_IMAGE }),
  defaults: oneOrMore(name).optional(),
  ...sharedValues,
  boot: oneOf(BOOT_METHODS).optional(),
  iso: isoSchema.optional(),
  policy: policy.optional(),
  provision: provisionChoice.optional(),
  signature: later,
});

/** The same by the API. */
export const apiAssignmentKeys = assignmentKeys.extend({ provision: setName.optional() });

export const assignmentSchema = assignmentKeys.superRefine(({ boot, iso }, context) => {
  if (iso === undefined || (boot !== 'iso' && boot !== 'uki')) return;
  const what = boot === 'iso' ? 'all of the ISO is started' : 'its UKI is started';
  const message = `says nothing beside boot: ${boot}, by which ${what}: leave one of the two out`;
  context.addIssue({ code: 'custom', message, path: ['iso'] });
});

export const mappingEntries = {
  machines: z.array(machineSchema, 'must be a list').optional(),
  assignments: z.array(assignmentSchema, 'must be a list').optional(),
};

/** A file that `include` names. */
export const mappingFileSchema = mapping(mappingEntries);

export type MappingFile = z.output<typeof mappingFileSchema>;
export type MachineEntry = z.output<typeof machineSchema>;
export type AssignmentEntry = z.output<typeof assignmentSchema>;

/** Entries at their places; undefined for one that is wrong. */
export type SoundEntries = {
  readonly machines: readonly (MachineEntry | undefined)[];
  readonly assignments: readonly (AssignmentEntry | undefined)[];
};

/** What is right of a file's entries, whatever else is wrong with it: they may be wrong with each other as well. */
export function soundEntries(file: unknown): SoundEntries {
  const { machines, assignments } = typeof file === 'object' && file !== null ? (file as Record<string, unknown>) : {};
  return { machines: soundOf(machineSchema, machines), assignments: soundOf(assignmentSchema, assignments) };
}

function soundOf<T extends z.ZodType>(schema: T, list: unknown): readonly (z.output<T> | undefined)[] {
  return Array.isArray(list) ? list.map((entry) => schema.safeParse(entry).data) : [];
}
