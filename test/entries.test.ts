import { describe, expect, it } from 'vitest';
import { settle } from '../src/boot/select.js';
import { assignmentFor } from '../src/booter/mapping.js';
import { PROVISION_OF_FILES } from '../src/config/provision-schema.js';
import { type MacAddress, parseMac } from '../src/net/mac.js';
import { configuration, FILE, openEntries, stored } from './fixtures/entries.js';
import { leaseDesk } from './fixtures/lease-desk.js';
import { mac as cardOf } from './fixtures/leases.js';
import { resolvedImage } from './fixtures/plans.js';

const [ONE, TWO, THREE] = ['52:54:00:00:00:01', '52:54:00:00:00:02', '52:54:00:00:00:03'] as const;
const FOUR = '52:54:00:00:00:04';
const IMAGE = 'lab:5000/os:1';
const FILES = `machines:
  - { name: f1, mac: "${ONE}", labels: { rack: r1 } }
assignments:
  - { name: all, match: {}, image: "${IMAGE}" }
`;
const ONCE = `assignments:
  - { name: once, match: {}, image: "${IMAGE}", policy: { mode: once, doneWhen: started } }
`;
const names = (list: readonly { readonly name: string }[]) => list.map(({ name }) => name);

describe('Entries', () => {
  it('takes an entry in and lets it go, in the store and in force', async () => {
    const { book, put, remove, store, mapping, events } = await openEntries(FILES);
    expect(await put('machine', { name: 'a', mac: TWO })).toMatchObject({ kind: 'put', isNew: true });
    expect(names(mapping().machines)).toEqual(['f1', 'a']);
    expect(await store.allEntries()).toMatchObject([{ kind: 'machine', name: 'a', document: { name: 'a', mac: TWO } }]);
    const before = book.find('machine', 'a')?.revision;
    expect(await put('machine', { name: 'a', mac: THREE })).toMatchObject({ isNew: false });
    expect(book.find('machine', 'a')?.revision).not.toBe(before);
    expect(mapping().machines[1]?.macs).toEqual([THREE]);
    await put('machine', { name: 'a', mac: THREE });
    expect(await remove('machine', 'a')).toEqual({ kind: 'deleted' });
    expect([names(mapping().machines), await store.allEntries()]).toEqual([['f1'], []]);
    expect(events.map((event) => (event.event === 'entry.changed' ? event.change : event.event))).toEqual([
      ...['created', 'replaced', 'deleted'],
    ]);
  });

  it('takes what the configuration says for all, and folders beside it', async () => {
    const { put, mapping } = await openEntries(
      `${FILES}defaultRegistry: lab:5000\ndefaults: { variant: virtual, named: { s: { kernelArgs: { append: [x] } } } }\n`,
    );
    await put('assignment', { name: 'a', match: {}, image: 'os:2', defaults: 's' });
    await put('assignment', { name: 'b', match: {}, image: 'oci:images/os:2' });
    expect(mapping().assignments.slice(1)).toMatchObject([
      { image: { registry: 'lab:5000' }, variant: 'virtual', kernelArgs: [{ append: ['x'] }] },
      { image: { kind: 'layout', folder: '/etc/bootlayer/images/os' } },
    ]);
  });

  it('takes a set of provisions by its name, for as long as the configuration has it', async () => {
    const sets = (name: string, file: string) => `${FILES}provisions: { ${name}: { ignition: ${file} } }\n`;
    const { book, put, mapping } = await openEntries(sets('worker', 'a.ign'));
    const handing = { name: 'a', match: {}, priority: 1, image: IMAGE, provision: 'worker' };
    const files = () => mapping().assignments[1]?.provision?.documents.map(({ file }) => file);
    const refused = (provision: unknown, message: string) =>
      expect(put('assignment', { ...handing, provision })).rejects.toMatchObject({
        ...{ code: 'REQUEST_INVALID', details: { problems: [{ in: 'body', path: 'provision', message }] } },
      });
    await refused('wroker', 'no provisions have the name "wroker": did you mean "worker"?');
    await refused({ ignition: '/etc/shadow' }, PROVISION_OF_FILES);
    const preview = await book.preview({ kind: 'assignment', name: 'a', edit: () => handing });
    expect(preview.boots).toMatchObject([{ machine: 'f1', differs: ['assignment', 'provision'] }]);
    await put('assignment', handing);
    expect(files()).toEqual(['/etc/bootlayer/a.ign']);
    expect(book.find('assignment', 'a')?.document).toEqual(handing);

    await book.refile(configuration(sets('worker', 'b.ign')));
    expect(files()).toEqual(['/etc/bootlayer/b.ign']);
    await expect(book.refile(configuration(sets('other', 'b.ign')))).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      message: expect.stringContaining(
        'the assignment a of the API: provision: no provisions have the name "worker"',
      ) as string,
    });
    expect(files()).toEqual(['/etc/bootlayer/b.ign']);
  });

  it('refuses what is wrong, all at once', async () => {
    const { put, store } = await openEntries(FILES);
    await expect(put('machine', { name: 'a', mak: TWO, serial: 5 })).rejects.toMatchObject({
      code: 'REQUEST_INVALID',
      details: {
        problems: [
          { in: 'body', path: 'serial', message: 'must be text: quote it' },
          { in: 'body', path: 'mak', message: expect.stringContaining('did you mean "mac"?') as string },
        ],
      },
    });
    await expect(put('assignment', { name: 'a', match: {}, image: 'os:2', defaults: 's' })).rejects.toMatchObject({
      details: { problems: [{ path: 'image' }, { path: 'defaults' }] },
    });
    expect(await store.allEntries()).toEqual([]);
  });

  it('refuses what another has, and names both', async () => {
    const { put, mapping } = await openEntries(FILES);
    await put('machine', { name: 'a', mac: TWO });
    const before = mapping();
    await expect(put('machine', { name: 'b', mac: [THREE, ONE] })).rejects.toMatchObject({
      code: 'CONFLICT',
      message: `the machine b cannot be beside others: the MAC ${ONE} is taken by the machine f1 of ${FILE}:2`,
    });
    await expect(put('machine', { name: 'b', mac: TWO })).rejects.toMatchObject({
      message: expect.stringContaining(`the MAC ${TWO} is taken by the machine a of the API`) as string,
    });
    await expect(put('assignment', { name: 'x', match: { machine: 'f2' }, image: IMAGE })).rejects.toMatchObject({
      message: expect.stringContaining('no machine has the name "f2": did you mean "f1"?') as string,
    });
    expect(mapping()).toBe(before);
  });

  it('leaves what files say to the files', async () => {
    const { put, remove } = await openEntries(FILES);
    const refusal = { code: 'READ_ONLY_ENTRY', message: `the machine f1 is written in ${FILE}:2` };
    await expect(put('machine', { name: 'f1', mac: TWO })).rejects.toMatchObject(refusal);
    await expect(remove('machine', 'f1')).rejects.toMatchObject(refusal);
    await expect(remove('machine', 'f2')).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });

  it('keeps a machine that an assignment names', async () => {
    const { put, remove } = await openEntries(FILES);
    await put('machine', { name: 'a', mac: TWO });
    await put('assignment', { name: 'x', match: { machine: ['a', 'f1'] }, image: IMAGE });
    await expect(remove('machine', 'a')).rejects.toMatchObject({
      code: 'CONFLICT',
      message: expect.stringContaining('is named by x of the API') as string,
    });
    await remove('assignment', 'x');
    await remove('machine', 'a');
  });

  it('changes nothing when it cannot be kept', async () => {
    const { put, store, mapping, book } = await openEntries(FILES);
    const before = mapping();
    store.fail = new Error('the disk is full');
    await expect(put('machine', { name: 'a', mac: TWO })).rejects.toThrow('the disk is full');
    expect([mapping() === before, book.find('machine', 'a')]).toEqual([true, undefined]);
    store.fail = undefined;
    await put('machine', { name: 'b', mac: TWO });
    expect(names(mapping().machines)).toEqual(['f1', 'b']);
  });

  it('makes one change after the other, each seeing what the one before made', async () => {
    const { put, book, mapping } = await openEntries(FILES);
    const tried = await Promise.allSettled(['a', 'b', 'c'].map((name) => put('machine', { name, mac: TWO })));
    expect(tried.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'rejected']);
    await Promise.all([
      book.refile(configuration(`${FILES}defaults: { kernelArgs: { append: [x] } }\n`)),
      put('machine', { name: 'b', mac: THREE }),
    ]);
    expect([names(mapping().machines), mapping().defaults.kernelArgs]).toEqual([['f1', 'a', 'b'], { append: ['x'] }]);
  });
});

describe('Entries, when the files are read anew', () => {
  it('refuses files that an entry that counts cannot be beside, and names both', async () => {
    const { book, put, mapping } = await openEntries(FILES);
    await put('machine', { name: 'a', mac: TWO });
    const before = mapping();
    const also = () => expect.unreachable();
    const changed = configuration(`${FILES.replace('assign', `  - { name: f2, mac: "${TWO}" }\nassign`)}`);
    await expect(book.refile(changed, also)).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      message: expect.stringContaining(
        `the machine a of the API: mac: the MAC ${TWO} is taken by the machine f2 of ${FILE}:3`,
      ) as string,
    });
    expect(mapping()).toBe(before);
  });

  it('refuses files that take away what an entry needs', async () => {
    const named = 'defaults: { named: { s: {} } }\n';
    const { book, put } = await openEntries(`${FILES}${named}`);
    await put('assignment', { name: 'x', match: { machine: 'f1' }, image: IMAGE, defaults: 's' });
    await expect(book.refile(configuration(FILES))).rejects.toThrow('no defaults have the name "s"');
    const other = configuration(`${FILES.replaceAll('f1', 'f2')}${named}`);
    await expect(book.refile(other)).rejects.toThrow('no machine has the name "f1"');
  });

  it('takes nothing of what comes with something else that is refused', async () => {
    const { book, mapping } = await openEntries(FILES);
    const before = mapping();
    const also = () => {
      throw new Error('key too small');
    };
    await expect(book.refile(configuration(FILES), also)).rejects.toThrow('key too small');
    expect(mapping()).toBe(before);
  });
});

describe('Entries that files have come in the way of', () => {
  const taken = [
    stored('machine', { name: 'a', mac: ONE }),
    stored('machine', { name: 'f1', mac: TWO }),
    stored('machine', { name: 'b', mac: THREE }),
    stored('machine', { name: 'c', unheard: 'of' }),
    { kind: 'machine', name: 'd', revision: '1', document: undefined } as const,
    stored('assignment', { name: 'x', match: { machine: 'a' }, image: IMAGE }),
  ];

  it('are kept, shown and told, while all others boot', async () => {
    const { book, events, mapping, store } = await openEntries(FILES, taken);
    expect([names(mapping().machines), names(mapping().assignments)]).toEqual([
      ['f1', 'b'],
      ['all', 'x'],
    ]);
    expect(events).toMatchObject(['a', 'f1', 'c', 'd'].map((name) => ({ event: 'entry.disregarded', name })));
    expect(book.find('machine', 'a')?.problems).toEqual([
      `mac: the MAC ${ONE} is taken by the machine f1 of ${FILE}:2`,
    ]);
    expect(book.find('machine', 'f1')).toMatchObject({
      source: { kind: 'file', line: 2 },
      problems: [expect.stringContaining('the API has an entry of the same name')],
    });
    expect(book.find('machine', 'd')?.problems).toEqual([expect.stringContaining('cannot be read')]);
    expect(await store.allEntries()).toHaveLength(taken.length);
    const { entries } = await book.list('machine', { limit: 9 });
    expect(names(entries)).toEqual(['a', 'b', 'c', 'd', 'f1']);
  });

  it('leave the machines that they are for to no other assignment', async () => {
    const files = FILES.replace(
      '- { name: all,',
      `- { name: once, match: {}, image: "${IMAGE}", policy: { mode: once } }\n  - { name: rack,`,
    );
    const mine = [
      stored('machine', { name: 'a', mac: ONE, labels: { role: 'db' } }),
      stored('assignment', { name: 'rack', match: { labels: { rack: 'r2' } }, image: IMAGE }),
      stored('assignment', { name: 'gone', match: { machine: ['gone', 'b'] }, image: IMAGE }),
      stored('assignment', { name: 'nowhere', match: { mac: THREE }, image: 'os:1' }),
      stored('machine', { name: 'b', mac: TWO }),
      stored('assignment', { name: 'handing', match: { mac: FOUR }, image: IMAGE, provision: 'worker' }),
      stored('machine', { name: 'c', serial: '7', labels: { role: 'db' }, ip: 'nowhere' }),
    ];
    const { mapping, remove, book } = await openEntries(files, mine);
    const { outOfForce } = mapping();
    expect(outOfForce.assignments.map(({ name, outOfForce: why }) => [name, why])).toEqual([
      [
        'rack',
        expect.stringMatching(/^the assignment rack of the API is out of force: name: .* is taken by the assignment/),
      ],
      ['gone', expect.stringContaining('no machine has the name "gone"')],
      ['nowhere', expect.stringContaining('image: ')],
      ['handing', expect.stringContaining('provision: no provisions have the name "worker"')],
    ]);
    expect(outOfForce.machines.map(({ machine, reason }) => [machine.name, reason])).toEqual([
      ['a', `the machine a of the API is out of force: mac: the MAC ${ONE} is taken by the machine f1 of ${FILE}:2`],
    ]);
    const boots = (mac: string) => {
      const { inventory } = mapping();
      return settle(
        assignmentFor(mapping(), inventory.identify({ macs: [parseMac(mac) as MacAddress], sourceAddress: '' })),
      );
    };
    expect(
      [TWO, THREE, FOUR, '52:54:00:00:00:09'].map((mac) => [boots(mac)?.name, boots(mac)?.outOfForce === undefined]),
    ).toEqual([
      ['gone', false],
      ['nowhere', false],
      ['handing', false],
      ['once', true],
    ]);
    const told = await book.preview({ kind: 'assignment', name: 'gone', edit: () => undefined });
    expect(told.boots).toEqual([
      expect.objectContaining({
        machine: 'b',
        after: expect.objectContaining({ assignment: 'once', image: IMAGE }) as unknown,
      }),
    ]);
    expect(told.boots[0]).not.toHaveProperty('before');
    await remove('assignment', 'gone');
    expect(boots(TWO)?.name).toBe('once');
  });

  it('count again when nothing stands in their way any more', async () => {
    const { book, mapping, events } = await openEntries(FILES, taken);
    // What did not count before refuses nothing.
    await book.refile(configuration(FILES));
    await book.refile(configuration(FILES.replace(ONE, '52:54:00:00:00:09')));
    expect(names(mapping().machines)).toEqual(['f1', 'a', 'b']);
    expect(events.at(-1)).toEqual({ event: 'entry.changed', kind: 'machine', name: 'a', change: 'revived' });
  });

  it('can be mended and deleted', async () => {
    const { put, remove, mapping, book } = await openEntries(FILES, taken);
    await put('machine', { name: 'a', serial: '7' });
    await put('machine', { name: 'd', serial: '8' });
    expect(names(mapping().machines)).toEqual(['f1', 'b', 'a', 'd']);
    await expect(put('machine', { name: 'f1', serial: '9' })).rejects.toMatchObject({ code: 'READ_ONLY_ENTRY' });
    await remove('machine', 'f1');
    expect(book.find('machine', 'f1')?.problems).toEqual([]);
  });

  it('count when the entry of the API goes that kept them from it', async () => {
    const { remove, mapping } = await openEntries(FILES, [
      stored('machine', { name: 'b', mac: TWO }),
      stored('machine', { name: 'c', mac: TWO }),
    ]);
    expect(names(mapping().machines)).toEqual(['f1', 'b']);
    await remove('machine', 'b');
    expect(names(mapping().machines)).toEqual(['f1', 'c']);
  });

  it('are named one by one only when they are few', async () => {
    const many = Array.from({ length: 30 }, (_, number) => stored('machine', { name: `m${number}`, mac: ONE }));
    const { events, warnings } = await openEntries(FILES, many);
    expect([events.length, warnings]).toEqual([20, [expect.stringContaining('30 entries are out of force')]]);
  });
});

describe('a preview', () => {
  it('takes its turn, and keeps no change waiting', async () => {
    const { book, put } = await openEntries('machines: [{ name: f1 }]');
    const one = () => book.preview({ kind: 'machine', name: 'x', edit: () => ({ name: 'x' }) });
    const asked = Array.from({ length: 17 }, one);
    await put('machine', { name: 'a' });
    const outcomes = await Promise.allSettled(asked);
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(16);
    expect(outcomes.at(-1)).toMatchObject({ reason: { code: 'RATE_LIMITED', message: '16 previews wait already' } });
    expect(await one()).toMatchObject({ dryRun: true });
  });

  it('tells which machines would boot otherwise, and changes nothing', async () => {
    const { book, put, mapping } = await openEntries(FILES);
    await put('machine', { name: 'a', mac: TWO, labels: { rack: 'r1' } });
    await put('machine', { name: 'b', mac: THREE });
    const before = mapping();
    const document = { name: 'rack', match: { labels: { rack: 'r1' } }, image: 'lab:5000/os:2' };
    const policy = { mode: 'always', doneWhen: 'reported' };
    const boots = {
      before: { assignment: 'all', image: IMAGE, boot: 'auto', policy },
      after: { assignment: 'rack', image: 'lab:5000/os:2', boot: 'auto', policy },
    };
    expect(await book.preview({ kind: 'assignment', name: 'rack', edit: () => document })).toEqual({
      dryRun: true,
      machines: { added: [], removed: [], changed: [] },
      assignments: { added: ['rack'], removed: [], changed: [] },
      boots: ['f1', 'a'].map((machine) => ({ machine, ...boots, differs: ['assignment', 'image'] })),
    });
    expect(await book.preview({ kind: 'machine', name: 'a', edit: () => undefined })).toMatchObject({
      machines: { removed: ['a'] },
      boots: [{ machine: 'a', before: boots.before }],
    });
    expect(await book.preview({ kind: 'machine', name: 'a', edit: (old) => old?.document })).toMatchObject({
      machines: { added: [], removed: [], changed: [] },
      boots: [],
    });
    expect(mapping()).toBe(before);
  });

  it('tells why a machine would not be given its address, by its record as it would be', async () => {
    const { desk, select } = leaseDesk();
    await select(1, '192.168.77.100');
    const { book } = await openEntries(FILES, [], { leases: desk.register });
    const preview = (mac: string) =>
      book.preview({ kind: 'machine', name: 'new', edit: () => ({ name: 'new', mac, ip: '192.168.77.100' }) });
    expect(await preview(cardOf(2))).toMatchObject({ warnings: [expect.stringContaining('new is not given it')] });
    expect(await preview(cardOf(1))).not.toHaveProperty('warnings');
  });

  it('tells that nobody could be shown to be a machine, by its record as it would be', async () => {
    const preview = async (more: Readonly<Record<string, string>>, identity = '') => {
      const { book } = await openEntries(`${ONCE}${identity}`);
      return book.preview({ kind: 'machine', name: 'new', edit: () => ({ name: 'new', ...more }) });
    };
    expect(await preview({ serial: 'S1' })).toMatchObject({
      warnings: [expect.stringMatching(/^new will not be booted, .*: say its mac$/)],
    });
    expect(await preview({ mac: cardOf(1) })).not.toHaveProperty('warnings');
    expect(await preview({ serial: 'S1' }, '\nidentity: { verify: false }')).not.toHaveProperty('warnings');
  });

  it('says who does not start the image that an assignment would have, where that is known', async () => {
    const key = { reference: IMAGE, wish: { os: 'linux', architecture: 'amd64', variant: 'metal' } } as const;
    const resolutions = [{ key, image: resolvedImage(['kernel', 'initramfs', 'uki'], { reference: IMAGE }) }];
    const { book } = await openEntries(FILES, [], { resolutions });
    const preview = (boot: string) =>
      book.preview({ kind: 'assignment', name: 'rack', edit: () => ({ name: 'rack', match: {}, image: IMAGE, boot }) });
    expect(await preview('uki')).toMatchObject({
      warnings: [
        `assignment "rack": its image for amd64 does not boot machines that come as ipxe-bios: ${IMAGE} cannot be booted: the assignment wants boot: uki, and a BIOS starts no UKI as it is; boot: auto or kernel boots it`,
      ],
    });
    for (const boot of ['auto', 'kernel', 'local']) expect(await preview(boot)).not.toHaveProperty('warnings');
  });

  it('names so many machines, and counts the others', async () => {
    const machines = Array.from(
      { length: 250 },
      (_, number) => `  - { name: m${number}, serial: "S${number}" }\n`,
    ).join('');
    const { book } = await openEntries(
      `machines:\n${machines}assignments:\n  - { name: all, match: {}, image: "${IMAGE}" }\n`,
    );
    const document = { name: 'x', match: {}, priority: 1, image: IMAGE };
    const { boots, more } = await book.preview({ kind: 'assignment', name: 'x', edit: () => document });
    expect([boots.length, more]).toEqual([200, 50]);
  });
});

describe('a list', () => {
  it('is sorted by name, page by page, of files and of the API', async () => {
    const { book, put } = await openEntries(FILES);
    for (const name of ['z', 'b', 'g']) await put('machine', { name, serial: name });
    const first = await book.list('machine', { limit: 2 });
    expect([names(first.entries), first.next]).toEqual([['b', 'f1'], 'f1']);
    const second = await book.list('machine', { limit: 2, after: 'f1' });
    expect([names(second.entries), second.next]).toEqual([['g', 'z'], undefined]);
    // The one where the page ended may be gone by now.
    expect(names((await book.list('machine', { limit: 9, after: 'f9' })).entries)).toEqual(['g', 'z']);
    expect(names((await book.list('machine', { limit: 9, source: 'file' })).entries)).toEqual(['f1']);
    expect(names((await book.list('machine', { limit: 9, labels: [['rack', 'r1']] })).entries)).toEqual(['f1']);
    expect(names((await book.list('machine', { limit: 9, search: ONE })).entries)).toEqual(['f1']);
    expect(names((await book.list('assignment', { limit: 9, search: 'OS:1' })).entries)).toEqual(['all']);
  });

  it('says where and how each is written', async () => {
    const { book } = await openEntries(FILES);
    expect((await book.list('machine', { limit: 1 })).entries).toMatchObject([
      { document: { name: 'f1', mac: ONE, labels: { rack: 'r1' } }, source: { kind: 'file', file: FILE, line: 2 } },
    ]);
  });
});
