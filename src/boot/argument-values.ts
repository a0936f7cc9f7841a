import type { ResolvedImage } from '../image/image.js';
import type { ValuePlaceholder } from '../image/placeholders.js';
import type { Subject } from '../machine/inventory.js';
import type { Assignment } from './assignment.js';

/** Whom values are of. */
export type ValuesOf = {
  readonly subject: Subject;
  readonly assignment: Pick<Assignment, 'name'>;
  readonly image: Pick<ResolvedImage, 'reference' | 'digest'>;
};

/** `refused`: nobody knows it of this machine, or it cannot stand in kernel arguments. */
export type ArgumentValue =
  | { readonly kind: 'value'; readonly text: string }
  | { readonly kind: 'refused'; readonly reason: string };

/** What the operator's records say, and what the machine says of itself. */
type Known = { readonly recorded?: string | undefined; readonly reported?: string | undefined };

type MachineKey = 'name' | 'mac' | 'uuid' | 'serial' | 'hostname' | 'ip' | 'arch';

/** Under which key of `machines` an operator says what is missing. */
const KEYS: Readonly<Record<Extract<ValuePlaceholder, `machine.${MachineKey}${string}`>, MachineKey>> = {
  'machine.name': 'name',
  'machine.mac': 'mac',
  'machine.mac.hyphens': 'mac',
  'machine.uuid': 'uuid',
  'machine.serial': 'serial',
  'machine.hostname': 'hostname',
  'machine.ip': 'ip',
  'machine.arch': 'arch',
};

const KNOWN: Readonly<Record<ValuePlaceholder, (of: ValuesOf) => Known>> = {
  'machine.name': ({ subject }) =>
    subject.machine === undefined ? { reported: subject.name } : { recorded: subject.name },
  'machine.mac': macOf,
  'machine.mac.hyphens': (of) => {
    const { recorded, reported } = macOf(of);
    return { recorded: recorded?.replaceAll(':', '-'), reported: reported?.replaceAll(':', '-') };
  },
  'machine.uuid': ({ subject: { machine, facts } }) => ({ recorded: machine?.uuid, reported: facts.uuid }),
  'machine.serial': ({ subject: { machine, facts } }) => ({ recorded: machine?.serial, reported: facts.serial }),
  'machine.hostname': ({ subject: { machine, facts } }) => ({
    recorded: machine?.hostname,
    reported: facts.hostname,
  }),
  'machine.ip': ({ subject: { machine, facts } }) => ({ recorded: machine?.ip, reported: facts.ip }),
  // The facts have that of our records where the machine reports none.
  'machine.arch': ({ subject: { facts } }) => ({ reported: facts.architecture }),
  'assignment.name': ({ assignment }) => ({ recorded: assignment.name }),
  'image.reference': ({ image }) => ({ recorded: image.reference }),
  'image.digest': ({ image }) => ({ recorded: image.digest }),
};

/** The card that boots, where the records name several. */
function macOf({ subject: { machine, facts } }: ValuesOf): Known {
  const booting = facts.macs.find((mac) => machine?.macs.includes(mac));
  return { recorded: booting ?? machine?.macs[0], reported: facts.macs[0] };
}

/** What `{machine.uuid}` and the like stand for. Pure. */
export function knownValue(name: ValuePlaceholder, of: ValuesOf): ArgumentValue {
  const key = name in KEYS ? KEYS[name as keyof typeof KEYS] : undefined;
  const remedy = key === undefined ? 'leave it out' : `say its ${key} in machines`;
  return checked(KNOWN[name](of), { placeholder: name, remedy, machine: of.subject.name });
}

/** What `{machine.label.rack}` stands for. Pure. */
export function knownLabel(label: string, { subject }: ValuesOf): ArgumentValue {
  const labels = recordedLabels({ subject });
  const recorded = Object.hasOwn(labels, label) ? labels[label] : undefined;
  const remedy = `say its label ${label} in machines`;
  return checked({ recorded }, { placeholder: `machine.label.${label}`, remedy, machine: subject.name });
}

/** The same where it is no kernel argument: as it is recorded, else as it is reported where that is harmless. Pure. */
export function harmlessValue(name: ValuePlaceholder, of: ValuesOf): string | undefined {
  const { recorded, reported } = KNOWN[name](of);
  if (recorded !== undefined) return recorded;
  return reported !== undefined && HARMLESS.test(reported) ? reported : undefined;
}

/** The operator's own. Pure. */
export function recordedLabels({ subject }: Pick<ValuesOf, 'subject'>): Readonly<Record<string, string>> {
  return subject.machine?.labels ?? {};
}

/** Firmware reports whatever somebody has put into it; what follows a lone `--` would be init's. */
const HARMLESS = /^[A-Za-z0-9._:][A-Za-z0-9._:-]*$/;
/** An operator may say more, as long as it is one word and no placeholder. */
const ONE_WORD = /^[\x21\x23-\x7a\x7c\x7e]+$/;

type Asked = { readonly placeholder: string; readonly remedy: string; readonly machine: string };

function checked({ recorded, reported }: Known, { placeholder, remedy, machine }: Asked): ArgumentValue {
  const held = `the kernel arguments hold {${placeholder}}`;
  if (recorded !== undefined) {
    if (ONE_WORD.test(recorded)) return { kind: 'value', text: recorded };
    const why = 'what is configured for it has spaces, quotes, braces or other characters that cannot stand there';
    return { kind: 'refused', reason: `${held}, and ${why}: write it without` };
  }
  if (reported === undefined || reported === '') {
    return { kind: 'refused', reason: `${held}, which is not known of ${machine}: ${remedy}` };
  }
  if (HARMLESS.test(reported)) return { kind: 'value', text: reported };
  const why = reported.startsWith('-')
    ? 'what the machine reports begins with -'
    : 'what the machine reports has other characters than letters, digits and ._:-';
  return { kind: 'refused', reason: `${held}, and ${why}: ${remedy}` };
}
