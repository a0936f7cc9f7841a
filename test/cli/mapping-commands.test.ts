import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { MAC } from '../fixtures/mappings.js';
import { bootlayer } from '../fixtures/program.js';
import { program } from '../fixtures/programs.js';

let cwd = '';
let files = 0;

beforeAll(async () => {
  cwd = await mkdtemp(join(tmpdir(), 'bootlayer-test-'));
  await mkdir(join(cwd, 'mappings.d'));
  for (const [name, bytes] of [
    ['vmlinuz', 'kernel'],
    ['initrd', 'initramfs'],
    ['uki.efi', program(['.linux', '.initrd', '.cmdline'].map((name) => ({ name, contents: 'quiet' })))],
  ] as const) {
    await writeFile(join(cwd, name), bytes);
  }
  const layers = ['--kernel', 'vmlinuz', '--initramfs', 'initrd'];
  await bootlayer(['image', 'build', '--platform', 'linux/amd64', ...layers, 'oci:images:1'], { cwd });
  const uki = [...layers, '--uki', 'uki.efi'];
  await bootlayer(['image', 'build', '--platform', 'linux/amd64', ...uki, 'oci:images:uki'], { cwd });
  const lines = [
    'advertise: 192.168.77.1',
    'include: mappings.d/*.yaml',
    `machines: [{ name: node-01, mac: "${MAC}", arch: amd64, labels: { rack: r1 } }]`,
  ];
  await writeFile(join(cwd, 'bootlayer.yaml'), lines.join('\n'));
  await writeFile(
    join(cwd, 'mappings.d/rack.yaml'),
    'assignments: [{ name: rack, match: { labels: { rack: r1 } }, image: "oci:../images:1" }]',
  );
});

afterAll(() => rm(cwd, { recursive: true }));

/** The same mappings and more, in a file beside them. */
async function withAssignment(text: string, more: readonly string[] = []): Promise<string> {
  files += 1;
  const file = `with-${files}.yaml`;
  const lines = [
    ...(more.some((line) => line.startsWith('advertise:')) ? [] : ['advertise: 192.168.77.1']),
    'include: mappings.d/*.yaml',
    `machines: [{ name: node-01, mac: "${MAC}", arch: amd64, labels: { rack: r1 } }]`,
    `assignments: [${text}]`,
    ...more,
  ];
  await writeFile(join(cwd, file), lines.join('\n'));
  return file;
}

describe('bootlayer check', () => {
  it('judges what assignments hand out, and warns of secrets that everybody may read', async () => {
    const file = await withAssignment(
      '{ name: x, priority: 1, match: { machine: node-01 }, image: "oci:images:1", provision: { kickstart: { template: x.ks }, secrets: { root: { file: root } } } }',
    );
    const template = join(cwd, 'x.ks');
    const secret = join(cwd, 'root');
    await writeFile(secret, 'hash\n', { mode: 0o644 });
    await writeFile(template, 'rootpw {{ secrets.rot }}\n', { mode: 0o644 });
    const wrong = await bootlayer(['check', '--offline', '-c', file], { cwd });
    expect([wrong.status, wrong.err]).toEqual([2, expect.stringContaining(`provision.kickstart: ${template}:1:11: `)]);
    await writeFile(template, 'rootpw {{ secrets.root }}\n');
    const { out } = await bootlayer(['check', '--offline', '-c', file], { cwd });
    expect(out).toContain(
      `assignment "x": provision.secrets.root: every user of this host may read ${secret}: chmod o-r`,
    );
  });

  it('fails for a machine that cannot have its document, and says where in that', async () => {
    const handing = '{ name: x, priority: 1, match: { machine: node-01 }, image: "oci:images:1", provision: worker }';
    const file = await withAssignment(handing, ['provisions: { worker: { kickstart: { template: y.ks } } }']);
    const template = join(cwd, 'y.ks');
    await writeFile(template, 'reboot\n# {{ machine.labels.row }}\n');
    const { status, out, err } = await bootlayer(['check', '--offline', '-c', file], { cwd });
    const reason = `provisions.worker.kickstart: ${template}:2:6: machine.labels.row has no value`;
    expect([status, out]).toEqual([1, expect.stringContaining(`machine node-01 cannot be booted: ${reason}`)]);
    expect(out).toMatch(/ 1 problem, \d+ warnings?$/m);
    expect(err).toMatch(/: 1 problem, /);
    const json = await bootlayer(['check', '--offline', '--json', '-c', file], { cwd });
    expect([json.status, JSON.parse(json.out)]).toMatchObject([
      1,
      { problems: 1, machines: [{ machine: 'node-01', reason: expect.stringContaining(reason) as string }] },
    ]);
  });

  it('finds everything in order', async () => {
    const { status, out, err } = await bootlayer(['check'], { cwd });
    expect([status, err]).toEqual([0, '']);
    expect(out).toMatch(/^rack +oci:\S+\/images:1 +amd64 +sha256:[0-9a-f]{12} +ipxe-bios, ipxe-uefi, uefi-http$/m);
    expect(out.trimEnd().split('\n').at(-1)).toBe('1 machine, 1 assignment, 0 problems, 0 warnings');
  });

  it('fails for an image that cannot be had, and says which in JSON', async () => {
    const file = await withAssignment('{ name: none, match: { arch: arm64 }, image: "oci:images:1" }');
    const { status, out, err } = await bootlayer(['check', '-c', file, '--json'], { cwd });
    expect(status).toBe(1);
    expect(err).toMatch(/: 1 problem, 0 warnings; mend what is told of on standard output\n$/);
    expect(JSON.parse(out)).toMatchObject({
      problems: 1,
      assignments: [
        { assignment: 'rack', targets: [{ architecture: 'amd64', kind: 'boots' }] },
        {
          assignment: 'none',
          targets: [
            { architecture: 'arm64', kind: 'refused', reason: expect.stringContaining('has no image for') as string },
          ],
        },
      ],
    });
  });

  it('takes warnings for problems when it is strict', async () => {
    const file = await withAssignment('{ name: twin, match: { labels: { rack: r1 } }, image: "oci:images:1" }');
    const lax = await bootlayer(['check', '-c', file], { cwd });
    expect([lax.status, lax.out]).toEqual([0, expect.stringContaining('warning: assignment "twin" can never win')]);
    const strict = await bootlayer(['check', '-c', file, '--strict'], { cwd });
    expect([strict.status, strict.err]).toEqual([
      1,
      expect.stringMatching(/: 0 problems, 1 warning; mend what is told of on standard output\n$/),
    ]);
  });

  it('gives a terminal nothing that drives it, in JSON neither', async () => {
    const file = await withAssignment('{ name: odd, match: { asset: "a\\u009b\\u202e" }, image: "oci:images:9" }');
    const { out } = await bootlayer(['plan', '-c', file, '--asset', 'a\u009b\u202e', '--arch', 'amd64', '--json'], {
      cwd,
    });
    expect(out).not.toMatch(/[\u009b\u202e]/);
    expect(JSON.parse(out)).toMatchObject({ facts: { asset: 'a\u009b\u202e' } });
  });

  it('tells what machines that DHCP leads here will miss', async () => {
    const file = await withAssignment('', [
      'advertise: http://192.168.77.1',
      'dhcp: { mode: proxy }',
      'ipxe: { binaries: no-such-folder }',
      'tftp: { enabled: false }',
    ]);
    const { out } = await bootlayer(['check', '-c', file], { cwd });
    expect(out).toContain('warning: advertise: http://192.168.77.1 leads to port 80, and http.listen is at 8080');
    expect(out).toContain('warning: tftp.enabled is false, and dhcp.mode is proxy');
    expect(out).toMatch(
      /^warning: no iPXE for some machines: snponly\.efi \(.+\), ipxe\.efi \(.+\) cannot be read in \S+no-such-folder; /m,
    );
    // For another host than this one.
    const offline = await bootlayer(['check', '-c', file, '--offline'], { cwd });
    expect(offline.out).toContain('warning: tftp.enabled is false');
    expect(offline.out).not.toContain('no iPXE');
  });

  it('asks no registry when it is offline', async () => {
    const file = await withAssignment('{ name: away, match: {}, image: "127.0.0.1:1/os:1" }');
    expect((await bootlayer(['check', '-c', file], { cwd })).status).toBe(1);
    const { status, out } = await bootlayer(['check', '-c', file, '--offline'], { cwd });
    expect([status, out]).toEqual([0, expect.stringContaining('not asked (offline)')]);
  });

  it('refuses a wrong file with another status, naming the line', async () => {
    const file = await withAssignment('{ name: x, match: { labels: { rack: 1 } }, image: "oci:images:1" }');
    const { status, err } = await bootlayer(['check', '-c', file], { cwd });
    expect(status).toBe(2);
    expect(err).toContain(`${file}:4:51: assignments[0].match.labels.rack[0]: must be text: quote it, "1"`);
    const json = await bootlayer(['check', '-c', file, '--json'], { cwd });
    expect(json.status).toBe(2);
    expect(JSON.parse(json.out)).toMatchObject({
      refused: {
        code: 'CONFIG_INVALID',
        problems: [
          { path: ['assignments', 0, 'match', 'labels', 'rack', 0], file: join(cwd, file), line: 4, column: 51 },
        ],
      },
    });
  });
});

describe('bootlayer plan', () => {
  it.each(['bios', 'ipxe-bios'])('refuses Secure Boot of a BIOS: %s', async (firmware) => {
    const { status, err } = await bootlayer(['plan', '--mac', MAC, '--firmware', firmware, '--secure-boot', 'on'], {
      cwd,
    });
    expect([status, err]).toEqual([
      2,
      `bootlayer: --firmware ${firmware} has no Secure Boot, which is of UEFI; leave --secure-boot out, or say --firmware ipxe-uefi\n`,
    ]);
  });

  it('shows neither an image nor a script for a system that is installed', async () => {
    const args = ['plan', '--mac', MAC, '--firmware', 'os'];
    const { status, out } = await bootlayer(args, { cwd });
    expect([status, out]).toEqual([0, expect.stringContaining('nothing is booted: a system that is installed')]);
    expect(out).not.toMatch(/^(image|script)/m);
    const { out: json } = await bootlayer([...args, '--json'], { cwd });
    expect(JSON.parse(json)).toHaveProperty('boot.kind', 'nothing');
  });

  it('explains a machine: who it is, what was tried, the image, the files, the script', async () => {
    const { status, out } = await bootlayer(['plan', '--mac', MAC, '--firmware', 'ipxe-bios'], { cwd });
    expect(status).toBe(0);
    for (const line of [
      'machine node-01, known by its mac',
      /^ {2}rack +0 +wins +fits in labels$/m,
      /^ {2}manifest {2}sha256:[0-9a-f]{64}$/m,
      '  boots     ipxe-bios, ipxe-uefi, uefi-http (this machine comes as ipxe-bios)',
      /^ {2}kernel +6 B +http:\/\/192\.168\.77\.1:8080\/blobs\/sha256\/[0-9a-f]{64}\/vmlinuz$/m,
      '  kernel http://192.168.77.1:8080/blobs/sha256/',
    ]) {
      expect(out).toMatch(line);
    }
  });

  it('says how much memory is needed, and warns of a machine that has less, which boots all the same', async () => {
    const args = ['plan', '--mac', MAC, '--firmware', 'ipxe-bios'];
    const unsaid = await bootlayer(args, { cwd });
    expect(unsaid.out).toContain(
      '\n  memory    needs at least 24 B: its kernel, and its initramfs packed and unpacked\n',
    );
    expect(unsaid.out).not.toContain('of memory');
    const enough = await bootlayer([...args, '--memory', '4GiB'], { cwd });
    expect(enough.out).toContain('\n  memory 4.0 GiB\n');
    expect(enough.out).not.toContain('of memory');
    const { status, out } = await bootlayer([...args, '--memory', '23B'], { cwd });
    expect(status).toBe(0);
    expect(out).toContain('\nwarning: it needs at least 1 MiB of memory, and the machine has 0 MiB\n');
    expect(out).toMatch(
      /^ {2}echo Bootlayer: it needs at least 1 MiB of memory, and the machine has 0 MiB\n(.*\n)* {2}boot /m,
    );
    const json = JSON.parse((await bootlayer([...args, '--memory', '23B', '--json'], { cwd })).out) as object;
    expect(json).toMatchObject({
      facts: { memory: 23 },
      boot: { preparation: { memory: { bytes: 24 }, shortage: { needed: 24, has: 23 } } },
    });
  });

  it('says what is handed out, shows it where that is wanted, and secrets where they are', async () => {
    await writeFile(
      join(cwd, 'join.sh'),
      'join {{ machine.name }} {{ secrets.token | base64 }}\n{{ machine.serial }}\n',
    );
    await writeFile(join(cwd, 'token'), 'hush\n');
    await writeFile(join(cwd, 'user-data'), '#cloud-config\n');
    const handed = (serial: string) =>
      `provision: { cloudInit: { userData: user-data }, files: { join: { template: join${serial}.sh }, ca: ca }, secrets: { token: { file: token } } }`;
    await writeFile(join(cwd, 'ca'), Buffer.from([0x30, 0x82]));
    await writeFile(join(cwd, 'joinable.sh'), 'join {{ machine.name }} {{ secrets.token | base64 }}\n');
    const image = 'image: "oci:images:1", priority: 1';
    const file = await withAssignment(`{ name: handing, match: {}, ${image}, ${handed('able')} }`);
    const plan = ['plan', '-c', file, '--machine', 'node-01', '--firmware', 'ipxe-bios'];
    const told = await bootlayer(plan, { cwd });
    expect(told.out).toMatch(/^ {2}handed {4}cloudInit, files, for 1 h of each boot \(--provision shows it\)$/m);
    expect(told.out).not.toContain('#cloud-config');
    const { out } = await bootlayer([...plan, '--provision'], { cwd });
    expect(out).toMatch(/^document seed\/user-data \(text\/yaml, 14 B\) from \S+\/user-data\n {2}#cloud-config$/m);
    expect(out).toMatch(/^document seed\/meta-data .* of this server\n {2}instance-id: "node-01"$/m);
    expect(out).toMatch(/^ {2}join node-01 \(secret token\)$/m);
    expect(out).toMatch(/^document files\/ca \(.*, 2 B\) from \S+\/ca\n {2}no text: sha256 [0-9a-f]{64}$/m);
    const revealed = await bootlayer([...plan, '--provision', '--reveal', '--json'], { cwd });
    const { boot, dhcp } = JSON.parse(revealed.out) as {
      boot: { policy: object; provision: { lifeSeconds: number; documents: readonly { text: string }[] } };
      dhcp: object;
    };
    expect(boot.policy).toEqual({ mode: 'always', doneWhen: 'reported' });
    expect(boot.provision.lifeSeconds).toBe(3_600);
    // Where DHCP would be answered is no matter where it is not.
    expect(dhcp).toMatchObject({ kind: 'answered', isOn: false, warnings: [] });
    expect(boot.provision.documents.map(({ text }) => text)).toContain('join node-01 aHVzaA==\n');
    const broken = await withAssignment(`{ name: handing, match: {}, ${image}, ${handed('')} }`);
    const why = await bootlayer(['plan', '-c', broken, '--machine', 'node-01', '--provision'], { cwd });
    expect(why.out).toMatch(
      /^warning: the machine is not booted, since files\/join cannot be written for it: see below$/m,
    );
    expect(why.out).toMatch(
      /^document files\/join cannot be written, so the machine is not booted: .*join\.sh:2:\d+: /m,
    );
    const alone = await bootlayer([...plan, '--reveal'], { cwd });
    expect([alone.status, alone.err]).toEqual([2, expect.stringContaining('say --provision, too')]);
  });

  it('says which set of provisions is handed out, and shows that', async () => {
    await writeFile(join(cwd, 'set.sh'), 'join {{ machine.name }} {{ secrets.token }}\n');
    const file = await withAssignment(
      '{ name: x, match: {}, image: "oci:images:1", priority: 1, provision: joining }',
      ['provisions: { joining: { files: { join: { template: set.sh } }, secrets: { token: { file: hush } } } }'],
    );
    const plan = ['plan', '-c', file, '--machine', 'node-01', '--firmware', 'ipxe-bios', '--provision'];
    const { out } = await bootlayer(plan, { cwd });
    expect(out).toMatch(/^ {2}handed {4}files of provisions "joining", for 1 h of each boot$/m);
    expect(out).toMatch(/^ {2}join node-01 \(secret token\)$/m);
  });

  it('explains the same in JSON', async () => {
    const { out } = await bootlayer(['plan', '--machine', 'node-01', '--json'], { cwd });
    expect(JSON.parse(out)).toMatchObject({
      machine: { name: 'node-01', known: true, knownBy: 'mac', contradictions: [] },
      selection: { kind: 'selected', assignment: 'rack' },
      tried: [{ assignment: 'rack', outcome: 'wins', keys: [{ key: 'labels', answer: 'yes' }] }],
      boot: { kind: 'image', preparation: { kind: 'ready' }, script: expect.stringContaining('#!ipxe') as string },
    });
  });

  it('shows the DHCP answer with the reason for each field, and its bytes when they are wanted', async () => {
    const args = ['plan', '--mac', MAC, '--arch', 'amd64', '--firmware', 'uefi-http'];
    const plain = await bootlayer(args, { cwd });
    expect(plain.out).toMatch(/^ {2}option 60 +HTTPClient +UEFI HTTP Boot takes no other offer$/m);
    const { dhcp } = JSON.parse((await bootlayer([...args, '--json'], { cwd })).out) as { dhcp: { bytes: string } };
    expect(dhcp.bytes).toMatch(/^0201060{7}/);
    expect(plain.out).toContain(`\n  ${dhcp.bytes.length / 2} bytes: --bytes shows them\n`);
    expect(plain.out).not.toContain(dhcp.bytes.slice(0, 64));
    const { out } = await bootlayer([...args, '--bytes'], { cwd });
    const shown = [...out.matchAll(/^ {2}[0-9a-f]{4} {2}([0-9a-f]+)$/gm)].map(([, digits]) => digits);
    expect(shown.join('')).toBe(dhcp.bytes);
    expect(out).not.toContain('--bytes shows');
  });

  describe('for UEFI HTTP Boot', () => {
    const ASSIGNMENT = '{ name: tagged, priority: 1, match: {}, image: "oci:images:uki" }';
    const ASKED = 'http://192.168.77.1:8080/uefi/amd64/52-54-00-12-34-56/-/boot.efi';

    async function planned(more: readonly string[] = []): Promise<string> {
      const file = await withAssignment(ASSIGNMENT, ['dhcp: { mode: proxy }', ...more]);
      const args = ['plan', '-c', file, '--mac', MAC, '--arch', 'amd64', '--firmware', 'uefi-http'];
      return (await bootlayer(args, { cwd })).out;
    }

    it('names what its firmware asks for, which DHCP tells it', async () => {
      const out = await planned();
      const told = /^ {2}option 67 +(\S+)/m.exec(out)?.[1];
      const asked = /^ {2}uki +[\d.]+ \S+ +(\S+)$/m.exec(out)?.[1];
      expect([told, asked]).toEqual([ASKED, ASKED]);
      expect(out).not.toContain('is given iPXE');
    });

    it('says that the same URL leads to iPXE, and why, where there are arguments to give', async () => {
      const out = await planned(['defaults: { kernelArgs: { append: [quiet] } }']);
      expect(/^ {2}option 67 +(\S+)/m.exec(out)?.[1]).toBe(ASKED);
      expect(out).toMatch(
        /^ {2}loader +its firmware is given iPXE: .*: kernel arguments are given to a kernel that iPXE starts/m,
      );
      expect(out).toMatch(/^ {2}quiet +defaults$/m);
    });
  });

  it('names the address by the subnet that it is said to be in, and says what it goes by', async () => {
    const file = await withAssignment('{ name: tagged, match: {}, image: "oci:images:1" }', [
      'dhcp: { mode: server, subnets: [{ subnet: 192.168.77.0/24, range: 192.168.77.100 }, { subnet: 10.1.0.0/16, range: 10.1.0.9 }] }',
    ]);
    const args = ['plan', '-c', file, '--mac', MAC, '--firmware', 'ipxe-bios'];
    const { out } = await bootlayer([...args, '--subnet', '10.1.0.0/16'], { cwd });
    expect(out).toMatch(
      /^address: one of the pool, 10\.1\.0\.9 in 10\.1\.0\.0\/16 .*\n {2}by the configuration alone: /m,
    );
    expect(out).toMatch(/^ {2}yiaddr +10\.1\.0\.9 +one of the range, /m);
    expect(out).toMatch(/^DHCP answer, as iPXE asks$/m);
    const json = await bootlayer([...args, '--subnet', '10.1.0.0/16', '--json'], { cwd });
    expect(JSON.parse(json.out)).toMatchObject({ subnet: '10.1.0.0/16', address: { kind: 'pool' } });
  });

  it('shows arguments as they are given, and who boots the image as its assignment wants it started', async () => {
    const written = '{ name: uki, priority: 1, match: {}, image: "oci:images:uki", boot: uki }';
    const file = await withAssignment(written, ['defaults: { kernelArgs: { append: ["at={server.url}"] } }']);
    const args = ['plan', '-c', file, '--mac', MAC, '--arch', 'amd64', '--firmware'];
    const { out } = await bootlayer([...args, 'ipxe-bios'], { cwd });
    expect(out).toContain('  boots     ipxe-uefi, uefi-http, by boot: uki (this machine comes as ipxe-bios)\n');
    const opened = await withAssignment(written.replace('boot: uki', 'boot: kernel'), [
      'defaults: { kernelArgs: { append: ["at={server.url}"] } }',
    ]);
    const kernel = await bootlayer(['plan', '-c', opened, ...args.slice(3), 'ipxe-bios'], { cwd });
    expect(kernel.out).toMatch(/^ {2}at=http:\/\/192\.168\.77\.1:8080 +defaults$/m);
  });

  it('explains a machine of which little is known yet', async () => {
    const file = await withAssignment('{ name: tagged, match: { asset: A1 }, image: "oci:images:1" }');
    const { out } = await bootlayer(['plan', '-c', file, '--mac', '52:54:00:00:00:99'], { cwd });
    expect(out).toContain('machine 52:54:00:00:00:99, not known');
    expect(out).toContain('not said: asset');
    expect(out).toMatch(/tagged +0 +not yet knowable/);
    expect(out).toContain('a later step of the boot decides');
    expect(out).toContain('nothing to boot for 52:54:00:00:00:99');
  });

  it.each([
    [['--mac', '52:54'], '"52:54" is no MAC address'],
    [['--uuid', '00000000-0000-0000-0000-000000000000'], 'is a placeholder'],
    [['--firmware', 'efi'], '"efi" is no firmware; known: bios, uefi, uefi-http, ipxe-bios, ipxe-uefi, os'],
    [['--arch', 'pdp11'], '"pdp11" is no architecture'],
    [['--memory', '4Gx'], '"4Gx" is no size'],
    [['--memory', '0'], '"0" is no size'],
    [['--machine', 'node-1'], 'there is no machine "node-1"; did you mean "node-01"? of machines that the API keeps, '],
    [['--machine', 'x'], 'name one of the configuration, or say --mac; of machines that the API keeps, '],
    [['--subnet', '10.1.0.0/33'], '"10.1.0.0/33" is no subnet'],
    [['--subnet', '10.1.0.0/16'], 'gives no addresses in 10.1.0.0/16; set dhcp.mode to server, with dhcp.subnets'],
  ])('refuses %j', async (args, message) => {
    const { status, err } = await bootlayer(['plan', ...args], { cwd });
    expect([status, err]).toEqual([2, expect.stringContaining(message)]);
  });

  it('fails when the image cannot be had', async () => {
    const file = await withAssignment('{ name: away, priority: 1, match: {}, image: "127.0.0.1:1/os:1" }');
    const { status, out, err } = await bootlayer(['plan', '-c', file, '--mac', MAC], { cwd });
    expect([status, out]).toEqual([1, expect.stringContaining('its image cannot be had: ')]);
    expect(err).toContain('127.0.0.1:1/os cannot be asked for manifest 1');
  });
});
