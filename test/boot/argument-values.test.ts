import { describe, expect, it } from 'vitest';
import { knownLabel, knownValue, type ValuesOf } from '../../src/boot/argument-values.js';
import { VALUE_PLACEHOLDERS, type ValuePlaceholder } from '../../src/image/placeholders.js';
import type { Subject } from '../../src/machine/inventory.js';
import type { IpAddress } from '../../src/net/ip.js';
import { assignment, facts, MAC, mac, machine, OTHER_MAC, UUID, uuid } from '../fixtures/mappings.js';
import { resolvedImage } from '../fixtures/plans.js';

const STRANGER: Subject = { name: MAC, facts: facts(), contradictions: [], mayBeKnown: false };
const KNOWN: Subject = {
  ...STRANGER,
  name: 'node-01',
  machine: machine({
    ...{ macs: [OTHER_MAC, MAC], uuid: UUID, serial: '0012345', hostname: 'n1.lab', ip: '10.1.0.5' as IpAddress },
    labels: { rack: 'r1', 'lab/row': 'a,b=1', note: 'a b', brace: '{done.url}' },
  }),
  facts: facts({
    architecture: 'arm64',
    ...{
      uuid: uuid('44454c4c-4200-1030-8057-b7c04f4d3732'),
      serial: 'other',
      hostname: 'dhcp-7',
      ip: '10.9.9.9' as IpAddress,
    },
  }),
};
const of = (subject: Subject): ValuesOf => ({
  subject,
  assignment: assignment({ name: 'rack-1' }),
  image: resolvedImage(),
});
const told = (subject: Subject, name: ValuePlaceholder) => {
  const value = knownValue(name, of(subject));
  return value.kind === 'value' ? value.text : value.reason;
};

describe('what placeholders stand for', () => {
  it('is what the records say', () => {
    expect(VALUE_PLACEHOLDERS.map((name) => told(KNOWN, name))).toEqual([
      'node-01',
      MAC,
      '52-54-00-12-34-56',
      UUID,
      '0012345',
      'n1.lab',
      '10.1.0.5',
      'arm64',
      'rack-1',
      'registry.lab:5000/os/debian:12',
      resolvedImage().digest,
    ]);
  });

  it('is else what the machine reports', () => {
    const bare = { ...KNOWN, machine: machine({ macs: [] }) };
    expect(told(bare, 'machine.serial')).toBe('other');
    expect(told(bare, 'machine.hostname')).toBe('dhcp-7');
    expect(told(bare, 'machine.ip')).toBe('10.9.9.9');
    expect(told(bare, 'machine.uuid')).toBe('44454c4c-4200-1030-8057-b7c04f4d3732');
    expect(told(bare, 'machine.mac')).toBe(MAC);
    expect(told({ ...bare, facts: facts({ macs: [] }) }, 'machine.mac')).toContain('say its mac in machines');
  });

  it('names the card that boots, or the first of the record', () => {
    const elsewhere = { ...KNOWN, facts: facts({ macs: [mac('52:54:00:00:00:99')] }) };
    expect(told(elsewhere, 'machine.mac')).toBe(OTHER_MAC);
    expect(told(STRANGER, 'machine.mac')).toBe(MAC);
  });

  it.each<readonly [ValuePlaceholder, string]>([
    ['machine.serial', 'say its serial in machines'],
    ['machine.hostname', 'say its hostname in machines'],
    ['machine.arch', 'say its arch in machines'],
    ['machine.ip', 'say its ip in machines'],
  ])('is refused when nobody knows it: {%s}', (name, remedy) => {
    expect(told(STRANGER, name)).toBe(`the kernel arguments hold {${name}}, which is not known of ${MAC}: ${remedy}`);
  });

  it.each(['a b', 'x"', '$(reboot)', 'a\nb', '{done.url}', 'é', 'a&&b', '#a', 'a;b', 'a/b', ' ', 'a,b', 'a=b'])(
    'is refused when a machine reports %j, which is told to nobody',
    (serial) => {
      const reason = told({ ...STRANGER, facts: facts({ serial }) }, 'machine.serial');
      expect(reason).toBe(
        'the kernel arguments hold {machine.serial}, and what the machine reports has other characters than letters, digits and ._:-: say its serial in machines',
      );
    },
  );

  it.each(['--', '-', '-x', '---', '--no'])(
    'is refused when a machine reports %j, which is no value but an end',
    (serial) => {
      expect(told({ ...STRANGER, facts: facts({ serial }) }, 'machine.serial')).toBe(
        'the kernel arguments hold {machine.serial}, and what the machine reports begins with -: say its serial in machines',
      );
      expect(told({ ...STRANGER, facts: facts({ serial: `S${serial}` }) }, 'machine.serial')).toBe(`S${serial}`);
    },
  );

  it('may be more by the records, as long as it is one word', () => {
    const labels = (label: string) => knownLabel(label, of(KNOWN));
    expect(labels('lab/row')).toEqual({ kind: 'value', text: 'a,b=1' });
    expect(labels('rack')).toEqual({ kind: 'value', text: 'r1' });
    for (const label of ['note', 'brace']) {
      expect(labels(label)).toMatchObject({
        kind: 'refused',
        reason: expect.stringContaining(`{machine.label.${label}}, and what is configured for it has spaces`) as string,
      });
    }
  });

  it('is no label that there is not', () => {
    for (const label of ['row', 'constructor']) {
      expect(knownLabel(label, of(KNOWN))).toEqual({
        kind: 'refused',
        reason: `the kernel arguments hold {machine.label.${label}}, which is not known of node-01: say its label ${label} in machines`,
      });
    }
    expect(knownLabel('rack', of(STRANGER)).kind).toBe('refused');
  });

  it('is no name that a stranger makes up', () => {
    expect(told({ ...STRANGER, name: 'fe80::1%eth0' }, 'machine.name')).toContain('say its name in machines');
    expect(told(STRANGER, 'machine.name')).toBe(MAC);
  });
});
