import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { SHOWN_STATES } from '../../src/lease/lease.js';
import { ADMIN, servedApi } from '../fixtures/api.js';
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
