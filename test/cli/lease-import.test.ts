import { open, readFile, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { json } from 'node:stream/consumers';
import { describe, expect, it, onTestFinished } from 'vitest';
import { readConfigText } from '../../src/config/read.js';
import { foreignText } from '../fixtures/foreign.js';
import { leaseCommand } from '../fixtures/lease-command.js';
import { bootlayer } from '../fixtures/program.js';

const { folder, asking } = leaseCommand();

/** Nobody listens there. */
const NO_SERVER = ['--server', 'http://127.0.0.1:1'];

const hex = (byte: number) => (byte & 255).toString(16).padStart(2, '0');

/** Takes machines, and leases once; then it answers with this status, or hangs up. Until the test ends. */
async function failingServer(status: number | undefined): Promise<string> {
  const imports: unknown[] = [];
  const server = createServer((request, response) => {
    void json(request)
      .catch(() => ({}))
      .then((asked) => {
        response.setHeader('content-type', 'application/json');
        if (request.url !== '/api/v1/leases/import') response.end('{"subnets":[]}');
        else if (imports.push(asked) === 1) {
          const { leases } = asked as { readonly leases: readonly { readonly address: string }[] };
          response.end(JSON.stringify({ results: leases.map(({ address }) => ({ address, adopted: true })) }));
        } else if (status === undefined) response.destroy();
        else {
          const error = { code: 'DISK_FULL', message: "the disk of the server's data is full" };
          response.writeHead(status).end(JSON.stringify({ error }));
        }
      });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

describe('bootlayer lease import', () => {
  const write = async (name: string, text: string) => {
    await writeFile(join(folder(), name), text);
    return name;
  };
  const LEASES = [
    '0 52:54:00:00:03:01 192.168.77.150 * *',
    '4102444800 52:54:00:00:03:02 192.168.77.151 db *',
    '1 52:54:00:00:03:03 192.168.77.152 * *',
    'soon',
  ].join('\n');

  it('takes over leases and hosts, and says what it leaves out', async () => {
    const lease = await asking();
    const leases = await write('dnsmasq.leases', LEASES);
    const hosts = await write('dnsmasq.conf', foreignText('dnsmasq.conf'));
    const { status, out, err } = await lease('import', leases, hosts);
    expect([status, out.split('\n')]).toEqual([
      0,
      [
        'dnsmasq.leases: leases of dnsmasq: 3 leases, 0 hosts',
        'dnsmasq.conf: hosts of dnsmasq: 0 leases, 4 hosts; left aside: 4 other settings',
        '1 lease over, and left out',
        '4 machines written in the API',
        '2 leases taken over',
        '1 of the leases never ends, and stays until it is released, or its machine asks here',
        '',
      ],
    ]);
    expect(err).toContain('bootlayer: warning: dnsmasq.leases:4: "soon" is no time in seconds');
    expect(err).toContain('bootlayer: warning: dnsmasq.conf:10: a host that dnsmasq ignores is left out');
    expect((await lease('show', '192.168.77.151')).out).toContain('  until      2100-01-01T00:00:00.000Z\n');
    expect((await lease('show', '192.168.77.150')).out).toContain('  until      never\n');
    // Once more: they are there.
    const again = await lease('import', leases, hosts);
    expect([again.status, again.out]).toEqual([0, expect.stringContaining('0 machines written in the API, 4 known')]);
    expect(again.out).toContain('0 leases taken over, 2 known already\n');
  });

  it('tells what there is where nothing is known of here, and in JSON', async () => {
    const args = ['lease', 'import', await write('a', LEASES), '--dry-run', '--json', ...NO_SERVER];
    const dry = await bootlayer(args, { cwd: folder() });
    const why =
      'no server of ours answers at http://127.0.0.1:1: what it has, and its dhcp.subnets, could not be asked';
    expect([dry.status, dry.err]).toEqual([0, expect.stringContaining(`bootlayer: ${why}; -c names`)]);
    expect(JSON.parse(dry.out)).toMatchObject({
      ...{ dryRun: true, judgedBy: 'nobody' },
      files: [{ file: 'a', what: 'leases of dnsmasq', leases: 3, passedOver: { free: 0 } }],
      found: {
        leases: [
          { file: 'a', line: 1, address: '192.168.77.150' },
          { line: 2, address: '192.168.77.151', until: '2100-01-01T00:00:00.000Z' },
        ],
        expired: 1,
      },
      problems: [{ file: 'a', line: 4, reason: expect.stringContaining('"soon"') as string }],
      leases: { added: 2, refused: [] },
    });
  });

  it('asks a server what would become of all, and changes nothing', async () => {
    const lease = await asking();
    const leases = await write(
      'a',
      '0 52:54:00:00:01:02 192.168.77.100 * *\n0 52:54:00:00:03:02 192.168.77.151 db *\n',
    );
    const hosts = await write(
      'h',
      [
        'dhcp-host=52:54:00:00:00:01,192.168.77.9,new',
        'dhcp-host=52:54:00:00:03:09,f1',
        'dhcp-host=52:54:00:00:03:03,192.168.77.151,other',
        'dhcp-host=52:54:00:00:03:04,10.9.9.9,far',
      ].join('\n'),
    );
    const { status, out, err } = await lease('import', leases, hosts, '--dry-run');
    expect([status, out.split('\n').slice(2)]).toEqual([
      1,
      [
        expect.stringMatching(/^h:1: the machine new would be refused: the MAC 52:54:00:00:00:01 is taken by .*f1/),
        'h:2: the machine f1 would be refused: another machine has the name: with 52:54:00:00:00:01',
        'a:2: the lease of 192.168.77.151 would be refused: 192.168.77.151 is reserved for other',
        '2 machines would be written in the API',
        '0 leases would be taken over, 1 known already',
        '1 of the leases never ends, and stays until it is released, or its machine asks here',
        '',
      ],
    ]);
    expect(err).toContain('h:4: the machine far: no subnet of dhcp.subnets has 10.9.9.9, so that it is not given');
    expect(err).toContain('bootlayer: would be refused: 3 of the leases and hosts; mend them');
    expect((await lease('show', '192.168.77.151')).status).toBe(1);
  });

  it('judges by the configuration where no server answers', async () => {
    const config = await write(
      'site.yaml',
      [
        'advertise: 192.168.77.1',
        'dhcp: { mode: server, subnets: [{ subnet: 192.168.77.0/24, range: 192.168.77.100-192.168.77.149 }] }',
        'machines:',
        '  - { name: f1, mac: "52:54:00:00:00:01", ip: 192.168.77.20 }',
        '  - { name: f2, mac: "52:54:00:00:00:02", ip: 192.168.77.21 }',
      ].join('\n'),
    );
    const lines = [
      '0 52:54:00:00:03:01 192.168.77.100 * *',
      '0 52:54:00:00:03:02 192.168.77.20 * *',
      '0 52:54:00:00:03:03 192.168.77.99 * *',
      '0 52:54:00:00:03:04 192.168.77.98 * *',
      '0 52:54:00:00:03:05 10.9.9.9 * *',
    ];
    const hosts = [
      'dhcp-host=52:54:00:00:03:03,192.168.77.99,mine',
      'dhcp-host=52:54:00:00:00:01,192.168.77.20,f1',
      'dhcp-host=52:54:00:00:03:06,192.168.77.21,two',
    ];
    const files = [await write('l', lines.join('\n')), await write('m', hosts.join('\n'))];
    const args = ['lease', 'import', ...files, '--dry-run', '--json', '-c', config, ...NO_SERVER];
    const { status, out, err } = await bootlayer(args, { cwd: folder() });
    expect([status, err]).toEqual([1, expect.stringContaining('without the leases and the machines of its API')]);
    expect(JSON.parse(out)).toMatchObject({
      judgedBy: 'configuration',
      machines: {
        ...{ added: 1, present: 1 },
        refused: [
          {
            ...{ file: 'm', line: 3, machine: 'two', address: '192.168.77.21' },
            reason: expect.stringContaining('the address 192.168.77.21 is taken by the machine f2') as string,
          },
        ],
      },
      leases: {
        added: 2,
        refused: [
          { file: 'l', line: 2, address: '192.168.77.20', reason: '192.168.77.20 is reserved for f1' },
          { line: 4, address: '192.168.77.98', reason: '192.168.77.98 is in no range of dhcp.subnets' },
          { line: 5, address: '10.9.9.9', reason: 'no subnet of dhcp.subnets has 10.9.9.9' },
        ],
      },
    });
  });

  it('writes the hosts to a file that the configuration can include', async () => {
    const hosts = await write('kea.conf', foreignText('kea-dhcp4.conf'));
    const args = ['lease', 'import', hosts, '--machines', 'hosts.yaml'];
    const { status, out } = await bootlayer(args, { cwd: folder() });
    expect([status, out]).toEqual([
      0,
      expect.stringContaining('4 machines written in hosts.yaml: name it under include'),
    ]);
    const { config } = readConfigText(await readFile(join(folder(), 'hosts.yaml'), 'utf8'), 'hosts.yaml', {});
    expect(config.machines.map(({ name, ip }) => [name, ip])).toEqual([
      ['node-01.lab.example', '192.168.77.21'],
      ['52:54:00:00:01:02', '192.168.77.22'],
      ['52:54:00:00:01:03', undefined],
      ['52:54:00:00:01:05', '10.1.0.5'],
    ]);
    expect(await bootlayer(args, { cwd: folder() })).toMatchObject({
      status: 2,
      err: 'bootlayer: hosts.yaml is there already; name a file that is not\n',
    });
  });

  it('fails where something is refused, and says what and why', async () => {
    const lease = await asking();
    const hosts = await write(
      'hosts',
      'dhcp-host=52:54:00:00:00:01,192.168.77.9,new\ndhcp-host=52:54:00:00:03:09,f1\n',
    );
    const { status, out, err } = await lease('import', hosts);
    expect([status, err]).toEqual([
      1,
      'bootlayer: refused: 2 of the leases and hosts; mend them in their files, and import those again: what is taken over stays so\n',
    ]);
    expect(out).toMatch(/^hosts:1: the machine new is refused: the MAC 52:54:00:00:00:01 is taken by .*f1/m);
    expect(out).toContain('hosts:2: the machine f1 is refused: another machine has the name: with 52:54:00:00:00:01\n');
  });

  it('says of the first hundred what is refused, and how many more there are', async () => {
    const lease = await asking();
    // Longer than a name may be.
    const lines = Array.from({ length: 103 }, (_, at) => {
      return `dhcp-host=52:54:00:00:04:${at.toString(16).padStart(2, '0')},${'x'.repeat(130)}${at}\n`;
    });
    const { out } = await lease('import', await write('many', lines.join('')));
    expect(out.split('\n').filter((line) => line.includes(' is refused: '))).toHaveLength(100);
    expect(out).toContain('\nand 3 more are refused: --json has all of them\n');
  });

  it('warns of the first hundred that are not given, and says how many more there are', async () => {
    const lease = await asking();
    const lines = Array.from({ length: 102 }, (_, at) => {
      return `dhcp-host=52:54:00:00:05:${at.toString(16).padStart(2, '0')},10.9.9.${at + 1}\n`;
    });
    const { status, err } = await lease('import', await write('far', lines.join('')));
    expect([status, err.split('\n').filter((line) => line.includes('so that it is not given'))]).toEqual([
      0,
      expect.objectContaining({ length: 100 }),
    ]);
    expect(err).toContain('\nbootlayer: and 2 more machines with such an address: --json has all of them\n');
  });

  /** One more than go in a request. */
  const many = async () => {
    const lines = Array.from({ length: 501 }, (_, at) => {
      return `0 52:54:00:01:${hex(at >> 8)}:${hex(at)} 10.0.${at >> 8}.${at & 255} * *\n`;
    });
    return [await write('host', 'dhcp-host=52:54:00:00:03:01,a\n'), await write('full', lines.join(''))];
  };

  it.each([
    ['ends', undefined, /no server of ours answers at .*; see that the server runs.*/],
    ['has a full disk', 507, /the disk of the server's data is full/],
  ])('says what it has done where the server %s on the way', async (_what, answer, why) => {
    const args = ['lease', 'import', ...(await many()), '--server', await failingServer(answer)];
    const { status, out, err } = await bootlayer(args, { cwd: folder() });
    expect([status, out.split('\n').slice(2)]).toEqual([
      1,
      ['1 machine written in the API', '500 leases taken over', ''],
    ]);
    expect(err).toMatch(new RegExp(`^bootlayer: ${why.source}; import the files again: what is taken over stays\n$`));
  });

  it('says the same in JSON, and of a file that is written by then', async () => {
    const args = ['lease', 'import', ...(await many()), '--json', '--machines', 'written.yaml'];
    const { status, out, err } = await bootlayer([...args, '--server', await failingServer(507)], { cwd: folder() });
    expect([status, JSON.parse(out)]).toEqual([
      1,
      expect.objectContaining({
        machines: expect.objectContaining({ added: 1 }) as unknown,
        leases: expect.objectContaining({ added: 500 }) as unknown,
        failed: "the disk of the server's data is full",
      }),
    ]);
    expect(err).toContain('import the files again, with another file for --machines: what is taken over stays\n');
  });

  it.each([
    ['bytes', '\x00\x07a\n\x01\n{\x02\x03"\n', 'bytes:1: this is no configuration of Kea: a value is missing here'],
    ['names', 'address,hwaddr,x\n', 'names:1: the first line names no client_id, no valid_lifetime, no expire'],
  ])('refuses a file that looks like one of theirs, and is broken: %s', async (name, text, message) => {
    const { status, out, err } = await bootlayer(['lease', 'import', await write(name, text)], { cwd: folder() });
    expect([status, out, err]).toEqual([2, '', expect.stringContaining(`bootlayer: ${message}`)]);
    expect(err).toContain('; mend it, or leave it out; where it is no file of Kea, --format says whose it is\n');
  });

  it.each([
    ['nothing', 'hello\n', [], 'does not look like leases or hosts of ISC DHCP, dnsmasq or Kea; name the file'],
    ['mine', 'dhcp-host=a,b\n', ['--format', 'kea'], 'does not look like leases or hosts of Kea; leave --format out'],
  ])('refuses a file of none of theirs: %s', async (name, text, more, message) => {
    const { status, err } = await bootlayer(['lease', 'import', await write(name, text), ...more], { cwd: folder() });
    expect([status, err]).toEqual([2, expect.stringContaining(`bootlayer: ${name} ${message}`)]);
  });

  it('refuses what it cannot read', async () => {
    const { status, err } = await bootlayer(['lease', 'import', 'no-such-file'], { cwd: folder() });
    const expected = 'bootlayer: cannot read no-such-file (ENOENT); name a file that this user can read\n';
    expect([status, err]).toEqual([2, expected]);
    expect((await bootlayer(['lease', 'import', folder()])).status).toBe(2);
    const long = await open(join(folder(), 'long'), 'w');
    await long.truncate(64 * 1024 * 1024 + 1);
    await long.close();
    expect(await bootlayer(['lease', 'import', 'long'], { cwd: folder() })).toMatchObject({
      status: 2,
      err: 'bootlayer: long is larger than 64.0 MiB; split it\n',
    });
  });
});
