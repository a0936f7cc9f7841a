import { describe, expect, it } from 'vitest';
import { ROOTS, unknownName } from '../../src/provision/names.js';

const known = { secrets: ['root', 'join-token'] };

describe('unknownName', () => {
  it.each([
    'machine.name machine.mac machine.uuid machine.serial machine.hostname machine.ip machine.arch machine.labels',
    'machine.labels.rack machine.labels.size assignment.name image.reference image.digest server.url server.host',
    'done.url provision.url secrets.root secrets.join-token',
  ])('knows %s', (names) => {
    for (const name of names.split(' ')) expect([name, unknownName(name.split('.'), known)]).toEqual([name, undefined]);
  });

  it('knows labels whatever they are called', () => {
    expect(unknownName(['machine', 'labels', 'example.com/row'], known)).toBeUndefined();
  });

  it.each([
    ['machine.nmae', 'did you mean machine.name?'],
    ['machine.hostnam', 'did you mean machine.hostname?'],
    ['machine.label.rack', 'known are machine.name,'],
    ['server.ur', 'did you mean server.url?'],
    ['hostname', 'known are machine.name,'],
    ['machine', 'is several values: name one of them, such as machine.name, machine.mac, machine.uuid'],
    ['secrets', 'is several values: name one of them, such as secrets.root, secrets.join-token'],
    ['secrets.rot', '{{ secrets.rot }} is no secret of this provision: did you mean secrets.root?'],
    ['secrets.database', 'it declares secrets.root, secrets.join-token'],
    ['machine.name.size', 'machine.name is a text and holds no more'],
    ['machine.labels.rack.x', 'known are'],
    ['secrets.root.x', 'secrets.root is a text'],
    ['constructor', 'stands for nothing'],
    ['machine.__proto__', 'stands for nothing'],
    ['machine.constructor', 'stands for nothing'],
    ['forloop.index', 'stands for nothing'],
    ['machine.name with space', 'stands for nothing'],
    ['', 'stands for nothing'],
  ])('does not know %s, and says "%s"', (name, reason) => {
    expect(unknownName(name.split('.'), known)?.reason).toContain(reason);
  });

  it('takes no dot of a name for two names', () => {
    expect(unknownName(['machine.name'], known)?.reason).toContain('stands for nothing');
    expect(unknownName(['secrets', 'a.b'], { secrets: ['a.b'] })).toBeUndefined();
    expect(unknownName(['secrets', 'a', 'b'], { secrets: ['a.b'] })).toBeDefined();
  });

  it('says so where there are no secrets', () => {
    expect(unknownName(['secrets', 'root'], { secrets: [] })?.reason).toContain('it declares none');
  });
});

describe('ROOTS', () => {
  it('are the first words of all names', () => {
    expect([...ROOTS].sort()).toEqual(['assignment', 'done', 'image', 'machine', 'provision', 'secrets', 'server']);
  });
});
