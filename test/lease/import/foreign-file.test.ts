import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type ForeignServer, readForeignFile } from '../../../src/lease/import/foreign-file.js';
import type { Imported } from '../../../src/lease/import/imported.js';
import { foreignText } from '../../fixtures/foreign.js';

function read(text: string, server?: ForeignServer): Imported {
  return readForeignFile(text, server)?.imported ?? expect.fail('it is not recognised');
}

const leasesIn = (text: string) => read(text).leases.map(({ address, client, until }) => [address, client, until]);
const hostsIn = (text: string) => read(text).hosts.map(({ line: _line, ...host }) => host);
const problemsIn = (text: string) => read(text).problems.map(({ line, reason }) => `${line}: ${reason}`);
const card = (last: string) => `52:54:00:00:01:${last}`;
const at = (time: string) => Date.parse(`2026-11-28T${time}Z`);

describe('readForeignFile', () => {
  it.each([
    ['dnsmasq.leases', 'dnsmasq', 'leases of dnsmasq'],
    ['dnsmasq.conf', 'dnsmasq', 'hosts of dnsmasq'],
    ['dnsmasq-hosts', 'dnsmasq', 'hosts of dnsmasq'],
    ['kea-leases4.csv', 'kea', 'leases of Kea'],
    ['kea-dhcp4.conf', 'kea', 'a configuration of Kea'],
    ['dhcpd.leases', 'isc', 'a file of ISC DHCP'],
    ['dhcpd.conf', 'isc', 'a file of ISC DHCP'],
  ] as const)('recognises %s by what is in it', (name, server, what) => {
    expect(readForeignFile(foreignText(name))).toMatchObject({ server, what });
    expect(readForeignFile(`\ufeff${foreignText(name).replaceAll('\n', '\r\n')}`)).toMatchObject({ server, what });
    const others = (['isc', 'dnsmasq', 'kea'] as const).filter((one) => one !== server);
    for (const other of others) expect(readForeignFile(foreignText(name), other)?.imported.leases ?? []).toEqual([]);
  });

  it.each(['', '\n\n', '# nothing\n', 'hello world\n', '\0\0\0', '<html>', 'advertise: 10.0.0.1\n'])(
    'takes %j for none of theirs',
    (text) => expect(readForeignFile(text)).toBeUndefined(),
  );
});

describe('leases', () => {
  it('of dnsmasq, which gives a host of its own for ever', () => {
    const until = 1_795_904_264_000;
    expect(leasesIn(foreignText('dnsmasq.leases'))).toEqual([
      ['192.168.77.137', { mac: card('04'), clientId: '01525400000104', hostname: 'gone' }, until],
      [
        '192.168.77.136',
        { mac: card('03'), clientId: 'ff00000001000200000ab112233445566778' + '08', hostname: 'db-1' },
        until,
      ],
      ['192.168.77.20', { mac: card('02'), hostname: 'fixed' }, undefined],
      ['192.168.77.134', { mac: card('01'), clientId: '01525400000101', hostname: 'node-01' }, until],
    ]);
    expect(read(foreignText('dnsmasq.leases'))).toMatchObject({ passedOver: { ipv6: 1 }, problems: [], replaced: 0 });
  });

  it('of dnsmasq that are odd', () => {
    const text = [
      '1795904264 20-52:54:00:00:01:04 192.168.77.1 * *',
      'soon 52:54:00:00:01:04 192.168.77.2 * *',
      '1795904264 52:54:00:00:01:04 192.168.77.333 * *',
      '1795904264 * 192.168.77.4 * *',
      '1795904264 52:54:00:00:01:04 fd77::5 * *',
      'duid 00:01',
      '1795904264 1 fd77::6 a *',
    ].join('\n');
    expect(leasesIn(text)).toEqual([['192.168.77.1', { mac: card('04') }, 1_795_904_264_000]]);
    expect(problemsIn(text)).toEqual([
      '2: "soon" is no time in seconds, as leases of dnsmasq begin',
      '3: "192.168.77.333" is no address',
      '4: the lease of 192.168.77.4 does not say whose it is',
    ]);
    expect(read(text).passedOver).toEqual({ free: 0, ipv6: 3, settings: 0 });
    expect(read(text).problems.at(-1)?.address).toBe('192.168.77.4');
  });

  it('of Kea, of which the last row of an address counts', () => {
    const until = 1_795_904_241_000;
    const text = foreignText('kea-leases4.csv');
    expect(leasesIn(text)).toEqual([
      ['192.168.77.101', { mac: card('02') }, until],
      [
        '192.168.77.102',
        { mac: card('03'), clientId: 'ff00000001000200000ab11223344556677808', hostname: 'db-1' },
        until,
      ],
      ['192.168.77.100', { mac: card('01'), clientId: '01525400000101', hostname: 'node-01' }, until],
      ['192.168.77.103', { mac: card('04'), clientId: '01525400000104', hostname: 'gone' }, until],
    ]);
    expect(read(text).replaced).toBe(1);
    const more = [
      '192.168.77.100,52:54:00:00:01:01,,0,1795904000,1,0,0,node-01,0,',
      '192.168.77.101,,,3600,1795904241,1,0,0,,1,',
      '192.168.77.102,52:54:00:00:01:03,,4294967295,1795904241,1,0,0,a&#x2cb,0,{ "x": 1&#x2c "y": 2 }',
      '192.168.77.104,52:54:00:00:01:06,,3600,never,1,0,0,,0,',
      'fd77::1,52:54:00:00:01:06,,3600,1795904241,1,0,0,,0,',
    ].join('\n');
    expect(leasesIn(text + more).map(([address, , end]) => [address, end])).toEqual([
      ['192.168.77.103', until],
      ['192.168.77.102', undefined],
    ]);
    expect(problemsIn(text + more)).toEqual(['10: "never" is no time in seconds', '11: "fd77::1" is no IPv4 address']);
  });

  it('are of clients as they may be: no identifier that none may say, no name with what cannot be seen', () => {
    const names = ['ok', 'a\u001bb', 'a\u202eb', 'a b'];
    const dnsmasq = names.map((name, at) => `1795904264 ${card(`1${at}`)} 192.168.77.${at + 1} ${name} *`);
    const long = `1795904264 ${card('20')} 192.168.77.20 * ${'ff:'.repeat(136).slice(0, -1)}`;
    const found = leasesIn([...dnsmasq.slice(0, 3), long].join('\n'));
    expect(found.map(([, client]) => client)).toEqual([
      { mac: card('10'), hostname: 'ok' },
      { mac: card('11') },
      { mac: card('12') },
      { mac: card('20') },
    ]);
    const isc = names.map(
      (name, at) => `lease 192.168.77.${at + 1} { ends 4 1969/01/01 00:00:00; hardware ethernet ${card(`1${at}`)};
        client-hostname "${name}"; }`,
    );
    expect(leasesIn(isc.join('\n')).map(([, client, until]) => [client, until])).toEqual([
      [{ mac: card('10'), hostname: 'ok' }, 0],
      ...['11', '12', '13'].map((last) => [{ mac: card(last) }, 0]),
    ]);
  });

  it('of Kea by the names of their columns, which are there', () => {
    const [names = '', ...rows] = foreignText('kea-leases4.csv').split('\n');
    const swapped = [names, ...rows].map((row) => row.split(',').reverse().join(','));
    expect(read(`address,hwaddr,x\n${swapped.join('\n')}`, 'kea')).toMatchObject({
      leases: [],
      broken: { line: 1, reason: expect.stringContaining('names no client_id, no valid_lifetime') as string },
    });
  });

  it('of ISC, which are told again and again, and in two kinds of time', () => {
    const text = foreignText('dhcpd.leases');
    expect(leasesIn(text)).toEqual([
      ['192.168.77.101', { mac: card('02') }, undefined],
      ['192.168.77.103', { clientId: 'ff000000010002' }, at('20:17:20') + 3_600_000],
      ['192.168.77.100', { mac: card('01'), clientId: '01525400000101', hostname: 'node-01' }, at('21:47:10')],
    ]);
    expect(read(text)).toMatchObject({ hosts: [], problems: [], replaced: 2 });
  });

  it('of ISC that are odd, or cut off', () => {
    const text = [
      'lease 192.168.77.1 { binding state active; hardware ethernet 52:54:00:00:01:01; }',
      'lease here { binding state active; ends never; }',
      'lease 192.168.77.3 { ends never; hardware ethernet 00:00:00:00:00:00; }',
      'lease 192.168.77.4 { ends never; hardware ethernet 52:54:00:00:01:04; client-hostname "a',
      '}',
      '}',
      'lease 192.168.77.5 { ends never; hardware ethernet 52:54:00:00:01:05;',
    ].join('\n');
    expect(leasesIn(text)).toEqual([['192.168.77.4', { mac: card('04') }, undefined]]);
    expect(problemsIn(text)).toEqual([
      '4: a text in quotes has no end in its line',
      '6: a "}" ends nothing',
      '7: this block has no end: the file is cut off, and the block is left out',
      '1: the lease of 192.168.77.1 does not say when it ends',
      '2: "here" is no IPv4 address',
      '3: the lease of 192.168.77.3 does not say whose it is',
    ]);
  });
});

describe('hosts', () => {
  it('of ISC, wherever they stand', () => {
    expect(hostsIn(foreignText('dhcpd.conf'))).toEqual([
      { name: 'node-02', macs: [card('02')], ip: '192.168.77.22' },
      { name: 'node-01', macs: [card('01')], ip: '192.168.77.21' },
      { name: 'node-03', macs: [card('03')], ip: '192.168.77.23', hostname: 'db' },
      { name: 'by-name', macs: [card('04')] },
    ]);
    expect(problemsIn(foreignText('dhcpd.conf'))).toEqual([
      '7: "/etc/dhcp/more.conf" is included, and left out: import it, too',
      '29: of the addresses of the host "node-03", 192.168.77.23 is taken, and the others are left out',
      '34: the host "by-name" gets no address: "printer.lab.example" is a name, which is not looked up: write the address that "getent hosts" tells of it',
      '35: the host "by-id" is left out: it is known by no hardware address',
      '36: the host "infiniband" is left out: its hardware, "infiniband 52:54:00:00:01:06", is no card\'s',
    ]);
  });

  it("of ISC that it does not answer, that are gone, or that are others' alone", () => {
    const text = [
      'deny unknown-clients;',
      'shared-network a { group { subnet 10.0.0.0 netmask 255.0.0.0 { pool { allow members of "pxe"; deny known-clients;',
      '  range 10.0.0.9 10.0.0.99; host in-pool { hardware ethernet 52:54:00:00:01:01; } } } } }',
      'host denied { hardware ethernet 52:54:00:00:01:02; fixed-address 10.0.0.2; deny booting; }',
      'host ignored { ignore booting; hardware ethernet 52:54:00:00:01:03; }',
      'host gone { dynamic; hardware ethernet 52:54:00:00:01:04; }',
      'host gone { dynamic; deleted; }',
      'host gone { dynamic; hardware ethernet 52:54:00:00:01:05; }',
      'allow unknown-clients; allow booting; deny duplicates; ignore client-updates;',
      'host ring { hardware token-ring 52:54:00:00:01:06; fixed-address 10.0.0.6; }',
    ].join('\r\n');
    expect(hostsIn(text).map(({ name, macs }) => [name, macs[0]])).toEqual([
      ['in-pool', card('01')],
      ['gone', card('05')],
    ]);
    expect(read(text).problems.map(({ line, address, reason }) => [line, address, reason.split(':', 1)[0]])).toEqual([
      [1, undefined, '"deny unknown-clients" is left out'],
      [2, undefined, '"allow members of pxe" is left out'],
      [2, undefined, '"deny known-clients" is left out'],
      [4, '10.0.0.2', 'the host "denied" is left out'],
      [5, undefined, 'the host "ignored" is left out'],
      [10, '10.0.0.6', 'the host "ring" is left out'],
    ]);
  });

  it('of dnsmasq that only some may be', () => {
    expect(problemsIn('dhcp-ignore=tag:!known\ndhcp-host=52:54:00:00:01:01,[fd77::1]')).toEqual([
      '1: dhcp-ignore=tag:!known is left out: whom dnsmasq ignores would be answered here',
      '2: its address "[fd77::1]" is left out: addresses of IPv6 are not given here',
    ]);
  });

  it('of Kea that are elsewhere, or that it drops', () => {
    const text = [
      '{ "Dhcp6": {}, "Dhcp4": {',
      '"hosts-database": { "type": "mysql" },',
      '"lease-database": { "type": "postgresql" },',
      '"reservations": [ { "hw-address": "52:54:00:00:01:01", "client-classes": [ "DROP" ] },',
      '{ "flex-id": "\'a\'", "ip-address": "10.0.0.7" } ],',
      '"lease-database": { "type": "memfile" } } }',
    ];
    expect(problemsIn(text.join('\n'))).toEqual([
      '1: Dhcp6 is left out: addresses of IPv6 are not given here',
      '2: hosts-database is left out: what is reserved in a database is not read',
      '4: a reservation of the class DROP is left out: Kea does not answer it, and it would be answered here',
      '5: a reservation is left out: it is known by flex-id, by which no machine is known here',
    ]);
    expect(read(text.join('\n')).problems.at(-1)?.address).toBe('10.0.0.7');
    expect(problemsIn(`${text.slice(0, 3).join('\n')}}}`)).toContain(
      '3: the leases are in a database ("postgresql"), which is not read: dump them as CSV',
    );
  });

  it('of dnsmasq', () => {
    expect(hostsIn(foreignText('dnsmasq.conf'))).toEqual([
      { macs: [card('01')], ip: '192.168.77.21' },
      { macs: [card('02'), '52:54:00:00:02:02'], ip: '192.168.77.22', name: 'node-02', hostname: 'node-02' },
      { macs: [card('03')], name: 'db', hostname: 'db' },
      { macs: [card('04')], ip: '192.168.77.24', name: 'node-04', hostname: 'node-04' },
    ]);
    expect(problemsIn(foreignText('dnsmasq.conf'))).toEqual([
      '8: its address "[fd77::24]" is left out: addresses of IPv6 are not given here',
      '10: a host that dnsmasq ignores is left out: it would be answered here',
      '11: "id:01:02:02:04,192.168.77.27" is left out: it is known by a client identifier alone, by which no machine is known here',
      '12: "bert,192.168.77.70,infinite" is left out: it is known by no MAC, by which no machine is known here',
      '13: "52:54:00:*:*:*" is many cards, and a machine has its own',
      '14: "192.168.77.29" is its second address',
      '16: dhcp-hostsfile "/etc/dnsmasq.hosts" is left out: import what it names, too',
      '17: conf-dir "/etc/dnsmasq.d/,*.conf" is left out: import what it names, too',
    ]);
    expect(hostsIn(foreignText('dnsmasq-hosts')).map(({ macs, ip, name }) => [macs[0], ip, name])).toEqual([
      [card('01'), '192.168.77.21', 'node-01'],
      [card('02'), '192.168.77.22', undefined],
      [card('03'), undefined, 'node-03'],
    ]);
  });

  it('of Kea, of all and of subnets', () => {
    expect(hostsIn(foreignText('kea-dhcp4.conf'))).toEqual([
      { macs: [card('01')], ip: '192.168.77.21', name: 'node-01.lab.example', hostname: 'node-01.lab.example' },
      { macs: [card('02')], ip: '192.168.77.22' },
      { macs: [card('03')] },
      { macs: [card('05')], ip: '10.1.0.5' },
    ]);
    expect(problemsIn(foreignText('kea-dhcp4.conf'))).toEqual([
      '6: "/etc/kea/database.json" is included, and left out: import it, too',
      '10: a reservation is left out: it is known by client-id, by which no machine is known here',
      '21: a reservation is left out: "192.168.77.300" is no IPv4 address',
    ]);
  });

  it.each([
    ['{ "Dhcp4": { ', '1: this is no configuration of Kea: a key in quotes, or a "}", is missing here'],
    ['{\n"a": "b\n" }', '2: this is no configuration of Kea: a text in quotes has no end in its line'],
    ['{\n"a": /* }', '2: this is no configuration of Kea: a comment has no end'],
    ['{ "a": 1 } }', '1: this is no configuration of Kea: there is more behind the end of the document'],
    ['[[[', '1: this is no configuration of Kea: a value is missing here'],
    ['['.repeat(100_000), '1: this is no configuration of Kea: it is nested deeper than 64'],
    ['{ "a" 1 }', '1: this is no configuration of Kea: a ":" is missing here'],
    ['{ "a": "\\q" }', '1: this is no configuration of Kea: a text in quotes cannot be read'],
  ])('of Kea that are broken: %#', (text, problem) => {
    const { broken, hosts, problems } = read(text);
    expect([`${broken?.line}: ${broken?.reason}`, hosts, problems]).toEqual([problem, [], []]);
  });
});

const NAMES = [
  'dnsmasq.leases',
  'dnsmasq.conf',
  'dnsmasq-hosts',
  'kea-leases4.csv',
  'dhcpd.leases',
  'dhcpd.conf',
  'kea-dhcp4.conf',
];
const TEXTS = NAMES.map(foreignText);
const SERVERS = ['isc', 'dnsmasq', 'kea', undefined] as const;
/** A file with something taken out, put in, or said twice. */
const spoiled = fc
  .record({
    text: fc.constantFrom(...TEXTS),
    from: fc.nat(2_000),
    length: fc.nat(60),
    instead: fc.oneof(
      fc.string({ unit: 'binary', maxLength: 20 }),
      fc.constantFrom('{', '}', '"', '\\', ',', '\n', '/*', '<?include "', ':', '*'),
    ),
  })
  .map(({ text, from, length, instead }) => text.slice(0, from) + instead + text.slice(from + length));

function cards(count: number): readonly string[] {
  const hex = (number: number) => (number & 255).toString(16).padStart(2, '0');
  return Array.from({ length: count }, (_, at) => `52:54:00:${hex(at >> 16)}:${hex(at >> 8)}:${hex(at)}`);
}

describe('whatever a file holds', () => {
  it('is read to its end, with a line for each problem', () => {
    fc.assert(
      fc.property(
        fc.oneof(spoiled, fc.string({ unit: 'binary', maxLength: 300 })),
        fc.constantFrom(...SERVERS),
        (text, server) => {
          const imported = readForeignFile(text, server)?.imported;
          const lines = text.split('\n').length;
          for (const { line } of [
            ...(imported?.problems ?? []),
            ...(imported?.broken === undefined ? [] : [imported.broken]),
            ...(imported?.leases ?? []),
            ...(imported?.hosts ?? []),
          ]) {
            expect(line).toBeGreaterThan(0);
            expect(line).toBeLessThanOrEqual(lines);
          }
        },
      ),
      { numRuns: 2_000 },
    );
  });

  it.each(['dnsmasq.leases', 'dnsmasq.conf', 'dnsmasq-hosts', 'kea-leases4.csv'])(
    'has an account of every line: %s',
    (name) => {
      const lines = foreignText(name).split('\n');
      const [first = '', ...rest] = lines;
      const isCounted = (line: string) => line.trim() !== '' && !line.startsWith('#');
      const pool = [...rest.filter(isCounted), 'what is this', '1 2 3', ',,,,', 'fd77::1,x'];
      fc.assert(
        fc.property(fc.array(fc.constantFrom(...pool), { maxLength: 30 }), (some) => {
          // What tells its kind comes first.
          const heads = name.endsWith('.csv') ? [first] : [rest.find(isCounted) ?? ''];
          const { leases, hosts, problems, passedOver, replaced } = read([...heads, ...some].join('\n'));
          // A host may come with a problem.
          const told = new Set([...hosts, ...problems].map(({ line }) => line));
          const aside = passedOver.free + passedOver.ipv6 + passedOver.settings;
          const freed = some.length + (name.endsWith('.csv') ? 0 : 1);
          expect(leases.length + told.size + aside + replaced).toBe(freed);
        }),
      );
    },
  );

  it.each<[what: string, problems: number, text: string]>([
    ['spaces', 1, `dhcp-host=${' '.repeat(1_000_000)}x`],
    ['one word', 0, `lease ${'a'.repeat(1_000_000)}`],
    ['open blocks', 33, 'lease 1.1.1.1 {'.repeat(200_000)],
    ['closed blocks', 1_000_000, `lease 1.1.1.1 { ${'}'.repeat(1_000_000)}`],
    ['quotes', 2, `lease 1.1.1.1 { uid "${'\\001'.repeat(250_000)}`],
    ['commas', 1, `address,hwaddr,${','.repeat(1_000_000)}`],
    ['colons', 0, `1 ${'52:'.repeat(300_000)} 1.1.1.1 * *`],
    ['comments', 0, `{ ${'// x\n'.repeat(200_000)} }`],
    ['a long text', 1, `{ "${'x'.repeat(1_000_000)}" }`],
    ['slashes', 1, `{ ${'/'.repeat(1_000_000)}`],
    ['hashes', 1, `dhcp-host=x ${' #'.repeat(500_000)}`],
    ['nothing that tells its kind', 0, '; '.repeat(500_000)],
    ['cards', 0, `dhcp-host=${cards(100_000).join(',')},10.1.0.9`],
    ['bad lines', 20_001, `dhcp-host=a,b\n${'dhcp-host=x\n'.repeat(20_000)}`],
  ])(
    'is read in no time: %s',
    (_what, count, text) => {
      for (const server of SERVERS) readForeignFile(text, server);
      const found = readForeignFile(text)?.imported;
      const { problems, moreProblems, broken } = found ?? { problems: [], moreProblems: 0 };
      expect([problems.length + (broken === undefined ? 0 : 1), moreProblems]).toEqual([
        Math.min(count, 1_000),
        Math.max(0, count - 1_000),
      ]);
    },
    30_000,
  );
});
