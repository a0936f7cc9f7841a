import { expect, it } from 'vitest';
import { placeholdersIn } from '../../src/image/command-line.js';
import { isOfMachine, knownPlaceholders, parsePlaceholder } from '../../src/image/placeholders.js';

it.each([
  ['machine.mac.hyphens', { kind: 'value', name: 'machine.mac.hyphens' }],
  ['machine.label.rack-row', { kind: 'label', label: 'rack-row' }],
  ['machine.label.topology.lab/rack', { kind: 'label', label: 'topology.lab/rack' }],
  ['done.url', { kind: 'url', name: 'done.url' }],
  ['provision.url', { kind: 'url', name: 'provision.url' }],
  ['blob.kernel.url', { kind: 'later' }],
  ['machine.label', { kind: 'unknown' }],
  ['machine.names', { kind: 'unknown' }],
])('{%s} is read', (name, placeholder) => expect(parsePlaceholder(name)).toEqual(placeholder));

it('every one that is known is found in a text, and is one', () => {
  const names = knownPlaceholders().map((name) => name.replace('<label>', 'rack_1'));
  expect(placeholdersIn(names.map((name) => `x={${name}},`).join(' '))).toEqual(names);
  expect(names.map((name) => parsePlaceholder(name).kind)).not.toContain('unknown');
});

it('other braces are none', () => {
  expect(placeholdersIn('{} {a b} {1} {machine} {Machine.Name} {machine.label.} {machine.label.a b} ${x}')).toEqual([]);
});

it('some are of the machine', () => {
  const names = ['machine.name', 'machine.label.rack', 'machine.names', 'machines.x', 'assignment.name', 'server.url'];
  expect(names.filter(isOfMachine)).toEqual(['machine.name', 'machine.label.rack', 'machine.names']);
});
