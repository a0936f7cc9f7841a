import { mkdtemp, open, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { readConfigText } from '../../src/config/read.js';
import { SHOWN_STATES } from '../../src/lease/lease.js';
import { ADMIN, servedApi } from '../fixtures/api.js';
import { foreignText } from '../fixtures/foreign.js';
import { bootlayer } from '../fixtures/program.js';

let folder = '';

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'bootlayer-test-'));
  await writeFile(join(folder, 'token'), `${ADMIN}\n`, { mode: 0o600 });
});

afterAll(() => rm(folder, { recursive: true }));

/** Asks a server that has the leases of the fixtures. */
async function asking() {
  const { port } = await servedApi();
  const server = ['--server', `http://127.0.0.1:${port}`, '--token-file', join(folder, 'token')];
  return (...args: readonly string[]) => bootlayer(['lease', ...args, ...server], { cwd: folder });
}

describe('bootlayer lease', () => {
  it('lists leases, those that are wanted, and in JSON', async () => {
    const lease = await asking();
    const { status, out } = await lease('ls');
    expect(status).toBe(0);
    expect(out).toMatch(/^ADDRESS +STATE +MACHINE +MAC +HOST NAME +UNTIL$/m);
    expect(out).toMatch(/^192\.168\.77\.20 +bound, reserved +node-01 +52:54:00:00:01:01 +2027-01-31T13:00:00\.000Z$/m);
    expect(out).toMatch(/^10\.1\.0\.5 +offered, reserved for node-02 +52:54:00:00:01:05 +2027/m);
    expect(out).toMatch(/^192\.168\.77\.100 +bound +52:54:00:00:01:02 +node-07 +2027/m);
    expect(out.trimEnd().split('\n')).toHaveLength(7);
    const declined = await lease('ls', '--state', 'declined', '--subnet', '192.168.77.0/24', '--json');
    expect(JSON.parse(declined.out)).toEqual([expect.objectContaining({ address: '192.168.77.102' })]);
    expect((await lease('ls', '--machine', 'nobody')).err).toContain('there is no machine "nobody"; "bootlayer');
    expect(await lease('ls', '--mac', 'x')).toMatchObject({ status: 1, err: expect.stringContaining('no') as string });
  });

  it('explains every state', async () => {
    const { out } = await bootlayer(['lease', 'ls', '--help']);
    const explained = out.slice(out.indexOf('States:'));
    expect(SHOWN_STATES.filter((state) => !explained.includes(state))).toEqual([]);
  });

  it('explains the columns of pools', async () => {
    const { out } = await bootlayer(['lease', 'pools', '--help']);
    expect(out).toMatch(/RESERVED counts the addresses that machines' records have/);
  });

  it('shows one, and how many are left', async () => {
    const lease = await asking();
    const shown = await lease('show', '192.168.77.100');
    expect(shown.out).toBe(
      [
        '192.168.77.100: bound',
        '  mac        52:54:00:00:01:02',
        '  host name  node-07',
        '  since      2027-01-31T12:00:00.000Z',
        '  until      2027-01-31T13:00:00.000Z\n',
      ].join('\n'),
    );
    expect(await lease('show', '192.168.77.9')).toMatchObject({
      status: 1,
      err: 'bootlayer: nobody has, or had, 192.168.77.9; "bootlayer lease ls", or GET /api/v1/leases, lists those there are\n',
    });
    const pools = (await lease('pools')).out.split('\n').map((line) => line.split(/ {2,}/));
    expect(pools.slice(0, 2)).toEqual([
      ['SUBNET', 'LEASE', 'SIZE', 'FREE', 'BOUND', 'OFFERED', 'EXPIRED', 'RESERVED', 'QUARANTINED', 'RANGES'],
      [...['192.168.77.0/24', '1 h', '100', '95', '2', '0', '1', '1', '1', '192.168.77.100-192.168.77.199']],
    ]);
  });

  it('reserves an address for the machine that has it', async () => {
    const lease = await asking();
    const dry = await lease('reserve', '192.168.77.100', '--dry-run');
    expect([dry.status, dry.out]).toEqual([0, expect.stringMatching(/^node-07 +nothing +lab:5000\/os:1/m)]);
    expect(dry.out).toMatch(/^52:54:00:00:01:02 has 192\.168\.77\.100 until 2027-01-31T13:00:00\.000Z\n/);
    expect((await lease('reserve', '192.168.77.100')).out).toBe('192.168.77.100 is reserved for node-07\n');
    expect((await lease('reserve', '192.168.77.100')).out).toBe('192.168.77.100 is reserved for node-07 already\n');
    expect(await lease('reserve', '192.168.77.101', '--name', 'node-07')).toMatchObject({
      status: 1,
      err: 'bootlayer: the name node-07 is that of another machine, of the API; give it another one by "name" (--name)\n',
    });
    expect((await lease('reserve', '192.168.77.101', '--name', 'db')).out).toContain('is reserved for db');
  });

  it('is warned of where a machine is to have an address of another', async () => {
    const { port } = await servedApi();
    const args = ['--dry-run', '--server', `http://127.0.0.1:${port}`, '--token-file', join(folder, 'token')];
    const { status, err } = await bootlayer(['machine', 'set', 'new', '--ip', '192.168.77.100', ...args]);
    expect([status, err]).toEqual([
      0,
      'bootlayer: warning: 52:54:00:00:01:02 has 192.168.77.100 until 2027-01-31T13:00:00.000Z: new is not given it before that is over, or "bootlayer lease release 192.168.77.100 --force"\n',
    ]);
  });

  it('frees one, and one in use by force', async () => {
    const lease = await asking();
    expect((await lease('release', '192.168.77.102')).out).toBe('192.168.77.102 is free\n');
    const used = await lease('release', '192.168.77.20');
    expect([used.status, used.err]).toEqual([1, expect.stringContaining('is in use by node-01 until 2027-01-31')]);
    expect((await lease('release', '192.168.77.20', '--force')).status).toBe(0);
  });

  it('prints nothing that could drive a terminal', async () => {
    const odd = 'odd\u001b[31m\u009b0m\u202e\nsecond';
    const told = { address: odd, state: odd, mac: odd, hostname: odd, since: odd, until: odd, leases: [] as unknown[] };
    const pool = { subnet: odd, ranges: [odd], leaseSeconds: 1, size: 1 };
    const server = createServer((_request, response) => {
      const body = { ...told, leases: [told], subnets: [pool] };
      response.setHeader('content-type', 'application/json').end(JSON.stringify(body));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => void server.close());
    const at = ['--server', `http://127.0.0.1:${(server.address() as AddressInfo).port}`];
    for (const args of [['ls'], ['show', '10.0.0.1'], ['pools']]) {
      const { out, status } = await bootlayer(['lease', ...args, ...at]);
      expect([status, out]).toEqual([0, expect.stringContaining('odd?[31m?0m? second')]);
      expect(out).not.toMatch(/[^\P{Cc}\n]|\p{Cf}/u);
    }
  });
});

describe('bootlayer lease import', () => {
  const write = async (name: string, text: string) => {
    await writeFile(join(folder, name), text);
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
        'dnsmasq.leases: leases of dnsmasq: 3 leases, 0 hosts, 0 of other kinds',
        'dnsmasq.conf: hosts of dnsmasq: 0 leases, 4 hosts, 4 of other kinds',
        '1 lease over, and left out',
        '4 machines written in the API',
        '2 leases taken over',
        '',
      ],
    ]);
    expect(err).toContain('bootlayer: warning: dnsmasq.leases:4: "soon" is no time in seconds');
    expect(err).toContain('bootlayer: warning: dnsmasq.conf:10: a host that dnsmasq ignores is left out');
    expect((await lease('show', '192.168.77.151')).out).toContain('  until      2100-01-01T00:00:00.000Z\n');
    expect((await lease('show', '192.168.77.150')).out).toContain('  until      never\n');
    // Once more: they are there.
    expect((await lease('import', hosts)).out).toContain('0 machines written in the API, 4 known already\n');
  });

  it('tells what there is without a server, and in JSON', async () => {
    const dry = await bootlayer(['lease', 'import', await write('a', LEASES), '--dry-run', '--json'], { cwd: folder });
    expect([dry.status, dry.err]).toEqual([0, '']);
    expect(JSON.parse(dry.out)).toMatchObject({
      dryRun: true,
      files: [{ file: 'a', what: 'leases of dnsmasq', leases: 3 }],
      found: {
        leases: [{ address: '192.168.77.150' }, { address: '192.168.77.151', until: 4_102_444_800_000 }],
        expired: 1,
      },
      problems: [{ file: 'a', line: 4 }],
    });
  });

  it('writes the hosts to a file that the configuration can include', async () => {
    const hosts = await write('kea.conf', foreignText('kea-dhcp4.conf'));
    const args = ['lease', 'import', hosts, '--machines', 'hosts.yaml'];
    const { status, out } = await bootlayer(args, { cwd: folder });
    expect([status, out]).toEqual([
      0,
      expect.stringContaining('4 machines written in hosts.yaml: name it under include'),
    ]);
    const { config } = readConfigText(await readFile(join(folder, 'hosts.yaml'), 'utf8'), 'hosts.yaml', {});
    expect(config.machines.map(({ name, ip }) => [name, ip])).toEqual([
      ['node-01.lab.example', '192.168.77.21'],
      ['52:54:00:00:01:02', '192.168.77.22'],
      ['52:54:00:00:01:03', undefined],
      ['52:54:00:00:01:05', '10.1.0.5'],
    ]);
    expect(await bootlayer(args, { cwd: folder })).toMatchObject({
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
    expect(out).toMatch(/^hosts:1: the machine new is refused: the machine new cannot be beside others: .*f1/m);
    expect(out).toContain('hosts:2: the machine f1 is refused: another machine has the name\n');
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

  it.each([
    ['nothing', 'hello\n', [], 'does not look like leases or hosts of ISC DHCP, dnsmasq or Kea; name the file'],
    ['mine', 'dhcp-host=a,b\n', ['--format', 'kea'], 'does not look like leases or hosts of Kea; leave --format out'],
  ])('refuses a file of none of theirs: %s', async (name, text, more, message) => {
    const { status, err } = await bootlayer(['lease', 'import', await write(name, text), ...more], { cwd: folder });
    expect([status, err]).toEqual([2, expect.stringContaining(`bootlayer: ${name} ${message}`)]);
  });

  it('refuses what it cannot read', async () => {
    const { status, err } = await bootlayer(['lease', 'import', 'no-such-file'], { cwd: folder });
    const expected = 'bootlayer: cannot read no-such-file (ENOENT); name a file that this user can read\n';
    expect([status, err]).toEqual([2, expected]);
    expect((await bootlayer(['lease', 'import', folder])).status).toBe(2);
    const long = await open(join(folder, 'long'), 'w');
    await long.truncate(64 * 1024 * 1024 + 1);
    await long.close();
    expect(await bootlayer(['lease', 'import', 'long'], { cwd: folder })).toMatchObject({
      status: 2,
      err: 'bootlayer: long is larger than 64.0 MiB; split it\n',
    });
  });
});
