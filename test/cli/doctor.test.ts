import { X509Certificate } from 'node:crypto';
import { chmod, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { judgeRoutes } from '../../src/cli/doctor-advertise.js';
import { judgeCapabilities } from '../../src/cli/doctor-capabilities.js';
import { judgeClock } from '../../src/cli/doctor-clock.js';
import { judgeDisk } from '../../src/cli/doctor-disk.js';
import { judgeImages } from '../../src/cli/doctor-images.js';
import { judgeBinaries } from '../../src/cli/doctor-ipxe.js';
import { judgeOthers, unseen } from '../../src/cli/doctor-others.js';
import { checkPermissions, judgeModes, judgeRights } from '../../src/cli/doctor-permissions.js';
import { judgePort, wantedPorts } from '../../src/cli/doctor-ports.js';
import { summary } from '../../src/cli/doctor-registries.js';
import { Awaited, bounded, type CheckResult, inOrder } from '../../src/cli/doctor-result.js';
import { judgeServer } from '../../src/cli/doctor-server.js';
import { judgeChain } from '../../src/cli/doctor-tls.js';
import { readConfigText } from '../../src/config/read.js';
import type { Answerer } from '../../src/dhcp/boot-look.js';
import { type IpAddress, parseSubnet } from '../../src/net/ip.js';
import { privateAuthority } from '../fixtures/certificates.js';
import { temporaryFolder } from '../fixtures/folder.js';

const FILE = '/etc/bootlayer/bootlayer.yaml';
const configOf = (...lines: string[]) => readConfigText(lines.join('\n'), FILE, {}).config;
const SERVER = 'dhcp: { mode: server, subnets: [{ subnet: 10.1.0.0/16, range: 10.1.0.10-10.1.0.20, lease: 1h }] }';
/** `fail`, `ok`: of each. */
const states = (results: readonly CheckResult[]) => results.map(({ state }) => state);

describe('a port', () => {
  const port = { key: 'tftp.listen', transport: 'udp', at: { host: '0.0.0.0' as IpAddress, port: 69 } } as const;
  const held = Object.assign(new Error(), { code: 'EADDRINUSE' });
  const forbidden = Object.assign(new Error(), { code: 'EACCES' });

  it.each([
    ['free before the server runs', {}, false, 'ok'],
    ['held by the server that runs', { cause: held }, true, 'ok'],
    ['not to be seen by this user', { cause: forbidden }, true, 'ok'],
    ['not to be had by this user', { cause: forbidden }, false, 'warn'],
    ['free though the server runs', {}, true, 'warn'],
    ['held by somebody else', { cause: held }, false, 'fail'],
    ['of HTTP, where somebody else answers', { cause: held, isHttpOfOurs: false }, true, 'fail'],
    ['of no address of this host', { cause: Object.assign(new Error(), { code: 'EADDRNOTAVAIL' }) }, true, 'fail'],
  ])('is %s', (_, tried, runs, state) => expect(judgePort(port, tried, runs).state).toBe(state));

  const unit = { transport: 'udp', port: 69, unit: 'bootlayer-tftp.socket', service: 'bootlayer.service' } as const;
  it.each([
    ['by systemd for ours', 'holds', [unit], 'ok', 'is held by systemd for bootlayer.service (bootlayer-tftp.socket)'],
    ['by its word, where that cannot be seen', 'hidden', [unit], 'ok', 'is held by systemd for bootlayer.service'],
    ['for another', 'holds', [{ ...unit, unit: 't.socket', service: 't.service' }], 'fail', 'for t.service (t.socket)'],
    ['for whom it does not say', 'holds', undefined, 'warn', 'for the service of one of its socket units'],
    ['by somebody else', 'holds-not', [unit], 'fail', 'another program listens there already'],
    ['by somebody whom systemd does not know', 'hidden', [], 'fail', 'another program listens there already'],
    ['by whom nobody may see', 'hidden', undefined, 'fail', 'this user may not see which'],
  ] as const)('is held %s', (...[, systemd, units, state, what]) =>
    expect(judgePort(port, { cause: held, holder: { systemd, units } }, false)).toMatchObject({
      state,
      what: expect.stringContaining(what) as string,
    }),
  );

  it('is wanted of each protocol that is on', () => {
    const of = (...lines: string[]) => wantedPorts(configOf(...lines), ['192.168.77.1']).map(({ at }) => at.port);
    expect(of()).toEqual([8080, 8081, 69]);
    expect(of('tftp: { enabled: false }', 'dhcp: { mode: proxy }')).toEqual([8080, 8081, 67, 4011]);
  });

  it('below 1024 wants a capability, unless somebody has it already', () => {
    const judge = (effective: bigint, ports = [8080, 69, 67], runs = false) =>
      judgeCapabilities({ ports, firstForAll: 1024, effective, runs });
    expect(judge(0n)).toMatchObject({ state: 'warn', what: expect.stringContaining('ports 67, 69') as string });
    expect([judge(1n << 10n), judge(0n, [8080]), judge(0n, [69], true)].map(({ state }) => state)).toEqual([
      'ok',
      'ok',
      'ok',
    ]);
  });
});

describe('who else answers', () => {
  const at = { name: 'br0', address: '192.168.77.1' };
  const giver: Answerer = {
    server: '192.168.77.2' as IpAddress,
    from: '192.168.77.2',
    address: '192.168.77.100' as IpAddress,
  };
  const proxy: Answerer = { server: '192.168.77.3' as IpAddress, from: '192.168.77.3', boot: {} };
  const booting: Answerer = { ...giver, boot: { file: 'pxelinux.0', from: '192.168.77.9' } };
  const judged = (found: readonly Answerer[], ...lines: string[]) => judgeOthers(found, at, configOf(...lines).dhcp);

  it('is fine beside a proxy where it gives addresses alone', () => {
    expect(judged([giver], 'dhcp: { mode: proxy }')).toEqual([
      { check: 'others', state: 'ok', what: '192.168.77.2 gives addresses, on br0' },
    ]);
    expect(states(judged([], 'dhcp: { mode: proxy }'))).toEqual(['warn']);
  });

  it('competes where it says what to boot', () => {
    expect(judged([booting], 'dhcp: { mode: proxy }')).toMatchObject([
      {
        state: 'warn',
        what: '192.168.77.2 gives addresses, and tells machines to load pxelinux.0 from 192.168.77.9, on br0: machines may take that in place of what this server says',
      },
    ]);
    expect(states(judged([giver, proxy], 'dhcp: { mode: proxy }'))).toEqual(['ok', 'warn']);
  });

  it('keeps the server of addresses from starting, unless it is allowed', () => {
    expect(states(judged([giver], SERVER))).toEqual(['fail']);
    expect(states(judged([giver], SERVER.replace('mode: server', 'mode: server, allowOtherServers: true')))).toEqual([
      'ok',
    ]);
    expect(states(judged([proxy], SERVER))).toEqual(['warn']);
    expect(states(judged([], SERVER))).toEqual(['ok']);
  });

  it('cannot be seen without the port of clients, for reasons of which each has its remedy', () => {
    const of = (code: string) => unseen(at, Object.assign(new Error(), { code }));
    expect(of('EACCES')).toMatchObject({ state: 'skipped', remedy: 'run it as root, or with CAP_NET_BIND_SERVICE' });
    expect(of('EADDRINUSE')).toMatchObject({
      what: expect.stringContaining('another program, such as a DHCP client') as string,
      remedy: expect.stringContaining('end that for as long as doctor runs') as string,
    });
    expect(of('EADDRNOTAVAIL').remedy).toBe('see that br0 is up, and try again');
  });

  it('is to lead here where nothing of ours answers', () => {
    expect(states(judged([{ ...booting, boot: { file: 'snponly.efi', from: at.address } }]))).toEqual(['ok']);
    expect(states(judged([booting]))).toEqual(['warn']);
    expect(judged([giver])).toMatchObject([{ state: 'ok' }, { what: 'nobody on br0 tells machines what to load' }]);
  });
});

it('tells a clock that is wrong, by how much and by whom', () => {
  const now = Date.UTC(2026, 0, 31, 12);
  const heard = (skew: number) => [{ who: 'registry.lab', said: now + skew, heard: now }];
  expect(states([...judgeClock(now, []), ...judgeClock(now, heard(59_000))])).toEqual(['ok', 'ok']);
  expect(judgeClock(now, heard(7_200_000))).toMatchObject([
    { state: 'warn', what: "this host's clock is 2 h behind that of registry.lab" },
  ]);
  expect(judgeClock(now, heard(-61_000))[0]?.what).toContain('61 s ahead of');
  expect(states(judgeClock(0, []))).toEqual(['fail']);
});

it('tells a disk without room', () => {
  const GIB = 1024 ** 3;
  const input = { data: '/d', free: 50 * GIB, cached: 0, freeFiles: 9, maxSize: undefined, unwritable: undefined };
  const judge = (more: object) => judgeDisk({ ...input, ...more }).state;
  expect(judge({})).toBe('ok');
  expect(judge({ maxSize: 60 * GIB, cached: 20 * GIB })).toBe('ok');
  expect(judge({ maxSize: 60 * GIB, cached: 5 * GIB })).toBe('warn');
  expect(judge({ free: GIB })).toBe('warn');
  expect([judge({ free: 1 }), judge({ freeFiles: 0 }), judge({ unwritable: 'EACCES' })]).toEqual([
    'fail',
    'fail',
    'fail',
  ]);
});

describe('permissions', () => {
  const owned = (mode: number, uid = 0, gid = 0) => ({ mode, uid, gid });
  const file = { file: '/d/f', key: 'k', isSecret: false, above: [] };
  const judge = (mode: number, isSecret: boolean, gid = 0) =>
    judgeModes([{ ...file, isSecret, owned: owned(mode, 0, gid) }], (one) => one.gid === 0);

  it('tell who may read what is secret, or write what is booted', () => {
    expect(states([...judge(0o640, true), ...judge(0o664, false), ...judge(0o1777, false)])).toEqual([
      'ok',
      'ok',
      'ok',
    ]);
    expect(judge(0o644, true)).toMatchObject([{ state: 'fail', remedy: 'chmod o-r /d/f' }]);
    expect(judge(0o666, true)).toMatchObject([{ state: 'fail', remedy: 'chmod o-w /d/f' }]);
    expect(judge(0o664, false, 100)).toMatchObject([
      { state: 'warn', what: expect.stringContaining('whoever is in the group 100 may write /d/f (k)') as string },
    ]);
  });

  it('tell folders in which somebody may put another file', () => {
    const above = (mode: number, gid = 0) =>
      judgeModes([{ ...file, owned: owned(0o600), above: [{ folder: '/d', ...owned(mode, 0, gid) }] }], () => false);
    expect(above(0o777)).toMatchObject([
      {
        state: 'fail',
        what: 'every user of this host may write in /d, and put another /d/f there',
        remedy: 'chmod o-w /d',
      },
    ]);
    expect(states([...above(0o775, 100), ...above(0o1777), ...above(0o755)])).toEqual(['warn', 'ok', 'ok']);
  });

  it('tell what the user of the server may not use', () => {
    const user = { name: 'boot', uid: 7, gid: 8, groups: [8, 9], from: 'user' } as const;
    const rights = (mode: number, gid: number, name = '/d/f', above = owned(0o755)) =>
      judgeRights(
        [{ ...file, file: name, owned: owned(mode, 0, gid), above: [{ folder: '/d', ...above }] }],
        user,
        '/d',
      );
    expect([rights(0o640, 9), rights(0o604, 0), rights(0o770, 8, '/d')]).toEqual([[], [], []]);
    expect(rights(0o640, 0)).toMatchObject([
      { state: 'warn', what: 'boot (user) may not read /d/f (k)', remedy: 'chgrp 8 /d/f && chmod g+r /d/f' },
    ]);
    // The group is given less than all others.
    expect(rights(0o604, 8)).toHaveLength(1);
    expect(rights(0o750, 8, '/d')).toMatchObject([{ remedy: 'chown -R 7:8 /d' }]);
    expect(rights(0o644, 0, '/d/f', owned(0o700))).toMatchObject([
      { what: 'boot (user) may not read /d/f (k): /d does not let it through', remedy: 'chgrp 8 /d && chmod g+x /d' },
    ]);
  });

  it('mind who may write what the configuration includes', async () => {
    const included = join(await temporaryFolder(), 'more.yaml');
    await writeFile(included, '');
    await chmod(included, 0o666);
    const site = { config: configOf('data: /nowhere'), read: { included: [included] } };
    const [found] = await checkPermissions(site, new Awaited());
    expect(found).toMatchObject({ state: 'fail', remedy: `chmod o-w ${included}` });
  });
});

describe('a check that is not done in time', () => {
  it('tells whom it waits for', async () => {
    const never = new Promise<never>(() => undefined);
    const of = new Awaited();
    void of.by('registry.lab', never);
    const late = await bounded(
      'registries',
      async (awaited) => {
        await awaited.by('what is there', Promise.resolve());
        return awaited.all(of, awaited.by('the disk of /d', never));
      },
      0,
    );
    expect(late).toMatchObject([
      { state: 'warn', what: expect.stringContaining('no answer yet of the disk of /d, registry.lab') as string },
    ]);
  });
});

it('tells which iPXE there is', () => {
  expect(
    judgeBinaries([
      { file: 'ipxe.efi', size: 1024, version: '1.21.1+git2025' },
      { file: 'undionly.kpxe', size: 0 },
      { file: 'snponly.efi', size: 1024, version: '1.0.0+git-20190125' },
      { file: 'ipxe-arm64.efi', why: 'it cannot be read' },
    ]).map(({ state, what }) => [state, what]),
  ).toEqual([
    ['ok', 'ipxe.efi: iPXE 1.21.1+git2025, 1.0 KiB'],
    ['fail', 'undionly.kpxe is empty'],
    ['warn', 'snponly.efi: iPXE 1.0.0+git-20190125, 1.0 KiB, which knows no HTTPS and is slow'],
    ['fail', 'it cannot be read'],
  ]);
});

it('minds a mirror that fails less than a registry that nobody replaces', () => {
  const failing = { kind: 'failed', registry: 'a', host: 'a', ms: 1, thrown: new Error('down') } as const;
  const mirror = { kind: 'answered', registry: 'a', host: 'm', ms: 1, status: 200 } as const;
  expect(states(summary([failing, mirror], []).results)).toEqual(['warn', 'ok']);
  const alone = summary([failing], ['odd']);
  expect([states(alone.results), [...alone.failing]]).toEqual([['fail', 'warn'], ['a']]);
});

it('tells of images once, and not again where their registry fails', () => {
  const refused = (assignment: string, image: string) =>
    ({ assignment, image, targets: [{ kind: 'refused', reason: 'it is not there' }] }) as const;
  const report = {
    ...{ machines: [], warnings: [], problems: 2 },
    assignments: [refused('one', 'a:5000/x:1'), refused('two', 'b:5000/x:1')],
  };
  expect(judgeImages(report, new Set(['a:5000'])).map(({ state, what }) => [state, what])).toEqual([
    ['fail', 'two: b:5000/x:1: it is not there'],
    ['skipped', '1 assignment of registries that fail'],
  ]);
  expect(states(judgeImages(undefined, new Set()))).toEqual(['warn']);
  expect(states(judgeImages(undefined, new Set(['a:5000'])))).toEqual(['skipped']);
});

it('tells networks to which there is no route', () => {
  const config = configOf(SERVER, 'machines: [{ name: a, mac: "52:54:00:00:00:01", ip: 10.1.0.9 }]');
  const routes = (...all: string[]) => all.flatMap((one) => parseSubnet(one) ?? []);
  expect(judgeRoutes(config, routes('0.0.0.0/0'))).toEqual([]);
  expect(judgeRoutes(config, routes('10.1.0.0/16'))).toEqual([]);
  expect(judgeRoutes(config, routes('192.168.77.0/24'))).toMatchObject([
    { state: 'warn', what: expect.stringContaining('no route to 10.1.0.0/16, a (10.1.0.9)') as string },
  ]);
});

it('tells a chain that firmware or iPXE does not take', async () => {
  const { ca, server } = await privateAuthority({ keyType: 'rsa', ip: '192.168.77.1' });
  const chain = [server.cert, ca].map((pem) => new X509Certificate(pem));
  const about = { file: 'c', advertise: configOf('advertise: 192.168.77.1').advertise };
  const at = (time: number, which = chain) => judgeChain(which, { ...about, now: new Date(time) });
  const end = Math.min(...chain.map(({ validTo }) => Date.parse(validTo)));
  expect(states(at(end - 30 * 86_400_000))).toEqual(['ok']);
  expect(at(end - 86_400_000)[0]).toMatchObject({
    state: 'warn',
    what: expect.stringContaining('ends in 1 d') as string,
  });
  expect(states(at(end + 1_000))).toContain('fail');
  expect(at(end - 30 * 86_400_000, chain.slice(0, 1))).toMatchObject([
    { state: 'warn', what: expect.stringContaining('the root that proves it') as string },
  ]);
});

it('tells whose server answers', () => {
  const of = (kind: 'ready' | 'unready' | 'other') =>
    judgeServer({ server: { kind, url: 'u' }, config: configOf() }).state;
  expect([of('ready'), of('unready'), of('other')]).toEqual(['ok', 'warn', 'fail']);
});

it('puts first what is to be mended first', () => {
  const found: readonly CheckResult[] = [
    { check: 'tls', state: 'ok', what: '1' },
    { check: 'disk', state: 'fail', what: '2' },
    { check: 'ports', state: 'skipped', what: '3' },
    { check: 'ports', state: 'fail', what: '4' },
    { check: 'ipxe', state: 'warn', what: '5' },
  ];
  expect(inOrder(found).map(({ what }) => what)).toEqual(['4', '2', '5', '1', '3']);
});
