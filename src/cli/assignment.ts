import { Command } from 'commander';
import { BOOT_METHODS } from '../boot/boot-method.js';
import type { EntryDocument } from '../boot/entry.js';
import { DONE_WHEN, POLICY_MODES } from '../boot/policy.js';
import { BootlayerError } from '../errors.js';
import { PROVISION_KINDS } from '../provision/kinds.js';
import { optionalChoice, parsedBy } from './common.js';
import type { ToldEntry } from './entry-api.js';
import {
  asText,
  lsCommand,
  repeatable,
  rmCommand,
  type SetOptions,
  setCommand,
  showCommand,
} from './entry-commands.js';
import { matchOf, pairIn, withIso, withKernelArgs, withPolicy, withValues } from './entry-edits.js';

type AssignmentOptions = SetOptions & {
  readonly image?: string;
  readonly match?: readonly (readonly [string, string])[];
  readonly matchAll?: true;
  readonly priority?: number;
  readonly variant?: string;
  readonly boot?: string;
  readonly kernelArg?: readonly string[];
  readonly isoKernel?: string;
  readonly isoInitramfs?: readonly string[];
  readonly isoKernelArg?: readonly string[];
  readonly policy?: string;
  readonly doneWhen?: string;
  readonly maxAttempts?: number | '';
  readonly window?: string;
  readonly provision?: string;
};

/** The assignments of a running server. */
export function assignmentCommand(): Command {
  const assignment = new Command('assignment').description('list and change which machines boot which images');
  assignment.addCommand(
    lsCommand('assignment', 'part of a name or of an image', {
      heading: ['PRIORITY', 'MATCH', 'BOOT', 'IMAGE'],
      row: rowOf,
    }),
  );
  assignment.addCommand(showCommand('assignment'));
  const set = setCommand<AssignmentOptions>('assignment', edited);
  assignment.addCommand(
    set
      .option('--image <reference>', 'what they boot')
      .option(
        '--match <key=value>',
        'machine=NAME, labels.rack=r1 … (repeatable): takes the place of what there is',
        repeatable(pairIn),
      )
      .option('--match-all', 'match every machine')
      .option('--priority <number>', 'higher goes first', parsedBy(parsePriority))
      .option('--variant <name>', "which of an image's variants")
      .addOption(optionalChoice('--boot <method>', 'how they start it', BOOT_METHODS))
      .option('--kernel-arg <text>', 'append it (repeatable): all take the place of all there are', repeatable(asText))
      .option('--iso-kernel <path>', 'the kernel that is started of an ISO: taken out with its initramfs only')
      .option('--iso-initramfs <path>', 'its initramfs (repeatable, in their order)', repeatable(asText))
      .option(
        '--iso-kernel-arg <text>',
        'in place of what the menu of the ISO says (repeatable): all take the place of all there are',
        repeatable(asText),
      )
      .addOption(optionalChoice('--policy <mode>', 'how often they boot it', POLICY_MODES))
      .addOption(optionalChoice('--done-when <what>', 'what ends "once"', DONE_WHEN))
      .option('--max-attempts <number>', 'so many boots within the window are all', parsedBy(parseAttempts))
      .option('--window <time>', '30m, 1h or the like')
      .option('--provision <name>', 'which of the provisions of the configuration they are handed')
      .addHelpText('after', SET_HELP),
  );
  assignment.addCommand(rmCommand('assignment'));
  return assignment;
}

const SET_HELP = `
What is not named stays as it is; an empty text takes a value out (--variant ""). All keys of --match must fit; of values of the
same key, one. --policy another than once takes --done-when out. Assignments of files are changed in their files,
and the configuration alone says which files are handed out (provisions).

Examples:
  bootlayer assignment set db --match labels.role=db --image registry.lab:5000/os/debian:13 --dry-run
  bootlayer assignment set db --priority 10
  bootlayer assignment set install --policy once --done-when started --max-attempts 3 --window 1h
  bootlayer assignment set install --provision worker`;

function parsePriority(text: string): number {
  if (/^-?\d{1,15}$/.test(text)) return Number(text);
  throw new BootlayerError('USAGE', `"${text}" is no whole number`);
}

function parseAttempts(text: string): number | '' {
  if (text === '') return '';
  if (/^\d{1,15}$/.test(text)) return Number(text);
  throw new BootlayerError('USAGE', `"${text}" is no whole number`);
}

function edited(document: EntryDocument, options: AssignmentOptions): EntryDocument {
  const {
    image,
    match,
    matchAll,
    priority,
    variant,
    boot,
    kernelArg,
    isoKernel,
    isoInitramfs,
    isoKernelArg,
    policy: mode,
    doneWhen,
    maxAttempts,
    window,
    provision,
  } = options;
  if (match !== undefined && matchAll) {
    throw new BootlayerError('USAGE', '--match-all and --match are not for one assignment: name one of them');
  }
  const values = {
    ...(image !== undefined && { image }),
    ...(match !== undefined && { match: matchOf(match) }),
    ...(matchAll && { match: {} }),
    ...(priority !== undefined && { priority }),
    ...(variant !== undefined && { variant }),
    ...(boot !== undefined && { boot }),
    ...(provision !== undefined && { provision }),
  };
  const iso = { kernel: isoKernel, initramfs: isoInitramfs, kernelArgs: isoKernelArg };
  const withOwn = withIso(withKernelArgs(withValues(document, values), kernelArg), iso);
  return withPolicy(withOwn, { mode, doneWhen, maxAttempts, window });
}

/**
 * A line of the table: whose machines boot their disks, `check` says so too; whether it names what of an ISO is started, and what it hands
 * out. Exported for its test.
 */
export function rowOf({ priority = 0, match, boot = 'auto', image, iso, provision }: ToldEntry): readonly string[] {
  const what = boot === 'local' ? 'its local disk' : String(image);
  const how = [boot, ...(iso === undefined ? [] : ['iso']), ...handedBy(provision)].join(', ');
  return [String(priority), matchText(match as EntryDocument), how, what];
}

/** The name of a set, or each kind. */
function handedBy(provision: unknown): readonly string[] {
  if (typeof provision === 'string') return [`provision ${provision}`];
  return PROVISION_KINDS.filter((kind) => Object.hasOwn((provision ?? {}) as EntryDocument, kind));
}

/** `labels.rack=r1,r2 arch=amd64` */
function matchText(match: EntryDocument = {}): string {
  const { labels = {}, ...others } = match;
  const byLabel = Object.entries(labels as EntryDocument).map(([label, value]) => [`labels.${label}`, value] as const);
  const pairs = [...Object.entries(others), ...byLabel];
  return pairs.length === 0 ? 'all' : pairs.map(([key, value]) => `${key}=${[value].flat().join(',')}`).join(' ');
}
