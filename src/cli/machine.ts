import { Command } from 'commander';
import type { EntryDocument } from '../boot/entry.js';
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
import { pairIn, withKernelArgs, withLabels, withValues } from './entry-edits.js';
import { standingCommands } from './machine-standing.js';

type MachineOptions = SetOptions & {
  readonly mac?: readonly string[];
  readonly uuid?: string;
  readonly serial?: string;
  readonly arch?: string;
  readonly ip?: string;
  readonly hostname?: string;
  readonly label?: readonly (readonly [string, string])[];
  readonly unlabel?: readonly string[];
  readonly kernelArg?: readonly string[];
};

/** The machines of a running server. */
export function machineCommand(): Command {
  const machine = new Command('machine').description(
    'list and change the machines that are known, and where they stand with their policies',
  );
  const list = lsCommand('machine', 'part of a name, MAC, UUID, serial number, host name or address', {
    heading: ['MAC', 'SERIAL', 'ARCH', 'IP', 'LABELS'],
    row: rowOf,
  });
  machine.addCommand(list.option('--label <label=value>', 'only those with it (repeatable)', repeatable(asText)));
  machine.addCommand(showCommand('machine'));
  const set = setCommand<MachineOptions>('machine', edited);
  machine.addCommand(
    set
      .option('--mac <address>', 'repeatable: all of them take the place of all there are', repeatable(asText))
      .option('--uuid <uuid>', 'the SMBIOS UUID')
      .option('--serial <text>', 'the serial number')
      .option('--arch <name>', 'amd64, arm64 or the like, for machines that do not say theirs')
      .option('--ip <address>', 'its address; told when another has it, or no subnet of dhcp.subnets holds it')
      .option('--hostname <name>', 'its host name')
      .option('--label <label=value>', 'add or change one (repeatable)', repeatable(pairIn))
      .option('--unlabel <label>', 'take one out (repeatable)', repeatable(asText))
      .option('--kernel-arg <text>', 'append it (repeatable): all take the place of all there are', repeatable(asText))
      .addHelpText('after', SET_HELP),
  );
  machine.addCommand(rmCommand('machine'));
  for (const command of standingCommands()) machine.addCommand(command);
  return machine;
}

const SET_HELP = `
What is not named stays as it is; an empty text takes a value out (--serial ""). Machines of files are changed in their files.

Examples:
  bootlayer machine set node-07 --mac 52:54:00:12:34:56 --arch amd64 --label rack=r1
  bootlayer machine set node-07 --label role=db --dry-run`;

function edited(document: EntryDocument, options: MachineOptions): EntryDocument {
  const { mac, uuid, serial, arch, ip, hostname, label = [], unlabel = [], kernelArg } = options;
  const withOwn = withValues(document, given({ mac, uuid, serial, arch, ip, hostname }));
  return withKernelArgs(withLabels(withOwn, label, unlabel), kernelArg);
}

function given(values: Readonly<Record<string, unknown>>): EntryDocument {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined));
}

function rowOf(entry: ToldEntry): readonly string[] {
  const labels = Object.entries((entry['labels'] ?? {}) as Readonly<Record<string, string>>);
  const texts = ['serial', 'arch', 'ip'].map((key) => textOf(entry[key]));
  return [textOf(entry['mac']), ...texts, labels.map(([label, value]) => `${label}=${value}`).join(' ')];
}

function textOf(value: unknown): string {
  return value === undefined ? '' : [value].flat().join(' ');
}
