import { expect, it } from 'vitest';
import { documentValues } from '../../src/boot/document-values.js';
import { Inventory } from '../../src/machine/inventory.js';
import { parseIp } from '../../src/net/ip.js';
import { unknownName } from '../../src/provision/names.js';
import { assignment, facts, MAC, machine, uuid } from '../fixtures/mappings.js';
import { resolvedImage } from '../fixtures/plans.js';

const URLS = {
  server: { url: 'http://192.168.77.1:8080', host: '192.168.77.1' },
  done: { url: 'http://192.168.77.1:8080/boot/done/c1' },
  provision: { url: 'http://192.168.77.1:8080/provision/c2' },
};

function valuesOf(reported: Parameters<typeof facts>[0]) {
  const subject = new Inventory([machine({ labels: { rack: 'r1' } })]).identify(facts({ macs: [MAC], ...reported }));
  return documentValues({ subject, assignment: assignment(), image: resolvedImage() }, URLS);
}

/** `machine.name`, and so on. */
function namesIn(values: object, before: readonly string[] = []): readonly (readonly string[])[] {
  return Object.entries(values).flatMap(([name, value]: [string, unknown]) =>
    typeof value === 'object' && value !== null ? namesIn(value, [...before, name]) : [[...before, name]],
  );
}

const KNOWN = {
  ...{ serial: 'S1', hostname: 'h1', architecture: 'amd64' },
  ip: parseIp('192.168.77.20') ?? expect.unreachable('no address'),
  uuid: uuid('4c4c4544-0042-3510-8052-b4c04f4e3132'),
} as const;

it('knows every name that templates may use, and no other', () => {
  const names = namesIn(valuesOf(KNOWN));
  expect(names.filter((path) => unknownName(path, { secrets: [] }) !== undefined)).toEqual([]);
  const { reason = '' } = unknownName(['zzz'], { secrets: [] }) ?? {};
  const [, known = ''] = /known are (.*)$/.exec(reason) ?? [];
  expect(names.map((path) => path.join('.').replace('labels.rack', 'labels.NAME')).sort()).toEqual(
    known.split(', ').sort(),
  );
});

it('takes what is recorded as it is, and what is reported where it is harmless', () => {
  const { machine: values } = valuesOf({ serial: 'S 1; reboot', hostname: 'h-1' });
  expect(values).toMatchObject({ name: 'node-01', mac: MAC, hostname: 'h-1', labels: { rack: 'r1' } });
  expect(values).not.toHaveProperty('serial');
});
