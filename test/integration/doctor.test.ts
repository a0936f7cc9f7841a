import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { CheckResult } from '../../src/cli/doctor-result.js';
import { useBootFolder } from '../fixtures/boot-folder.js';
import { tlsPair } from '../fixtures/certificates.js';
import { temporaryFolder } from '../fixtures/folder.js';
import { bootlayer, buildTestImage } from '../fixtures/program.js';
import { startProxied, writeProxiedConfig } from '../fixtures/proxied-site.js';
import { startedRegistry } from '../fixtures/registries.js';
import { startSite } from '../fixtures/segment.js';
import { serve } from '../fixtures/serving.js';
import { run } from '../setup/command.js';
import { freePort } from '../setup/free-port.js';
import { PROGRAM } from '../setup/server.js';

/** `bootlayer doctor` as an operator runs it, at sites that are as they should be, and at sites that are not. */

const PASSWORD = 'open sesame: 1';
const HTPASSWD = 'boot:$2y$05$EiSmB9k3QR08kJg80e5w9uKyLwKxKkEz18OXwiNOTAzEtnK9.AEtK\n';

const boot = useBootFolder();

type Report = { readonly failures: number; readonly warnings: number; readonly results: readonly CheckResult[] };

/** What failed, or whatever else is asked for, as `check: what; remedy`. */
function told({ results }: Report, state: CheckResult['state'] = 'fail'): readonly string[] {
  return results
    .filter((one) => one.state === state)
    .map(({ check, what, remedy = '' }) => `${check}: ${what}; ${remedy}`);
}

/** A site on loopback at ports that nobody has, and what it is told. */
async function lab(more: readonly string[] = [], { image = `oci:${join(boot(), 'image')}:1` } = {}) {
  const folder = await temporaryFolder();
  const at = (name: string) => join(folder, name);
  const [http, tftp, api] = [await freePort(), await freePort(), await freePort()];
  const config = at('bootlayer.yaml');
  const put = (name: string, text: string) => writeFile(at(name), text, { mode: 0o600 });
  const lines = [
    'advertise: 127.0.0.1',
    'data: data',
    `http: { listen: "127.0.0.1:${http}"${more.includes('TLS') ? `, tls: { listen: "127.0.0.1:0", cert: cert.pem, key: key.pem }` : ''} }`,
    `tftp: { listen: "127.0.0.1:${tftp}" }`,
    `api: { listen: "127.0.0.1:${api}"${more.includes('TOKENS') ? ', tokenFile: tokens' : ''} }`,
    `ipxe: { binaries: "${join(boot(), 'ipxe')}" }`,
    ...more.filter((line) => line !== 'TLS' && line !== 'TOKENS'),
    `assignments: [{ name: all, match: {}, image: "${image}" }]`,
  ];
  await put('bootlayer.yaml', `${lines.join('\n')}\n`);
  return { config, at, put, http, tftp, api };
}

async function examined(config: string) {
  const { status, out, err } = await bootlayer(['doctor', '--json', '-c', config]);
  return { status, err, out, report: JSON.parse(out) as Report };
}

describe('at a site that is as it should be', () => {
  it('finds nothing that fails, before its server runs and beside it', async () => {
    const { config, http, tftp } = await lab();
    const before = await examined(config);
    expect([told(before.report), before.status, before.err]).toEqual([[], 0, '']);
    expect(told(before.report, 'ok').join('\n')).toContain(`127.0.0.1:${http} (http.listen) is free`);
    expect(told(before.report, 'ok').join('\n')).toMatch(/ipxe: snponly\.efi: iPXE 1\.21\.1\+git\d+/);
    await serve(config);
    const beside = await examined(config);
    expect([told(beside.report), beside.status]).toEqual([[], 0]);
    expect(told(beside.report, 'ok').join('\n')).toMatch(/^server: it runs, and is ready/m);
    expect(told(beside.report, 'ok').join('\n')).toContain(`127.0.0.1:${tftp} (tftp.listen) is the server's`);
  });

  it('tells it in lines, and by --strict minds warnings', async () => {
    const { config } = await lab();
    const { status, out } = await bootlayer(['doctor', '--strict', '-c', config]);
    expect([status, out]).toEqual([1, expect.stringMatching(/^warn: advertise: .+; set advertise to .+\n/) as string]);
    expect(out).toMatch(/^ok: images: 1 assignment can be booted$/m);
    expect(out).toMatch(/^0 failures, 1 warning, \d+ ok\n$/m);
  });
});

describe('says what is wrong, and what to do', () => {
  it('of a port that another program has', async () => {
    const { config, tftp } = await lab();
    const socket = createSocket('udp4').bind(tftp, '127.0.0.1');
    await once(socket, 'listening');
    onTestFinished(() => void socket.close());
    const { status, report } = await examined(config);
    expect([status, told(report)]).toEqual([
      1,
      [
        `ports: cannot listen on 127.0.0.1:${tftp}: another program listens there already; end it (ss -lnp names it), or turn it off with "tftp: { enabled: false }"`,
      ],
    ]);
  });

  it('of a certificate that is over, and of tokens that everybody may read', async () => {
    const { config, put, at } = await lab(['TLS', 'TOKENS']);
    const { pair } = await tlsPair({ notBefore: new Date('2020-01-01'), notAfter: new Date('2020-02-01') });
    await put('cert.pem', pair.cert);
    await put('key.pem', pair.key);
    await put('tokens', `admin ${'0123456789abcdef'.repeat(2)}\n`);
    await chmod(at('tokens'), 0o644);
    const { status, out, report } = await examined(config);
    expect([status, told(report)]).toEqual([
      1,
      [
        `permissions: every user of this host may read ${at('tokens')} (api.tokenFile); chmod o-r ${at('tokens')}`,
        expect.stringMatching(
          /^tls: .+cert\.pem: the certificate is expired since Feb .* 2020 GMT: renew it/,
        ) as string,
      ],
    ]);
    expect(out).not.toContain('0123456789abcdef');
    // What cannot be used at all is told, and the rest is looked at.
    await put('key.pem', 'nothing');
    expect(told((await examined(config)).report)[0]).toMatch(/^configuration: .*key\.pem holds no private key in PEM/s);
  });

  it('of a registry that takes connections and says nothing, without waiting for it for long', async () => {
    const silent = createServer().listen(0, '127.0.0.1');
    await once(silent, 'listening');
    onTestFinished(() => void silent.close());
    const host = `127.0.0.1:${(silent.address() as AddressInfo).port}`;
    const entry = `registries: { "${host}": { plainHttp: true } }`;
    const { config } = await lab([entry], { image: `${host}/os/test:1` });
    const { report } = await examined(config);
    expect(told(report)).toEqual([
      `registries: ${host} does not answer within 4 s; see that it runs, and can be reached from this host`,
    ]);
    expect(told(report, 'skipped').join('\n')).toContain('images: what is mapped was not looked at');
  });

  it('of name servers that are silent, without waiting for them for long', async () => {
    const { config, at, put } = await lab([], { image: 'registry.lab/os/test:1' });
    await put('bootlayer.yaml', (await readFile(config, 'utf8')).replace('127.0.0.1', 'http://boot.lab'));
    await put('resolv.conf', 'nameserver 192.0.2.1\n');
    // What is sent there comes back, and is nobody's.
    const silent =
      'mount --bind "$1" /etc/resolv.conf; ip link set lo up; ip route add 192.0.2.1 dev lo; shift; "$@" || true';
    const within = ['--user', '--map-root-user', '--mount', '--net', 'sh', '-ec', silent, 'sh', at('resolv.conf')];
    const out = await run('unshare', [...within, process.execPath, PROGRAM, 'doctor', '--json', '-c', config]);
    const report = JSON.parse(out) as Report;
    expect(told(report).join('\n')).toContain(
      'no name server of this host says who boot.lab is; see that the name servers of /etc/resolv.conf answer',
    );
    expect(told(report).join('\n')).toMatch(/^registries: registry\.lab/m);
    expect(out).not.toContain('not done within');
  });

  it('of a registry that refuses the password', async () => {
    const registry = await startedRegistry({ htpasswd: HTPASSWD });
    const entry = `{ plainHttp: true, credentials: { username: boot, passwordFile: password } }`;
    const image = `${registry.host}/os/test:1`;
    const { config, put } = await lab([`registries: { "${registry.host}": ${entry} }`], { image });
    await put('password', PASSWORD);
    await buildTestImage(image, ['amd64'], ['-c', config]);
    const right = await examined(config);
    expect([told(right.report), right.status]).toEqual([[], 0]);
    expect(told(right.report, 'ok').join('\n')).toContain(`registries: ${registry.host} answers, and lets us in`);
    expect(told(right.report, 'ok').join('\n')).toContain(`clock: it agrees with ${registry.host}`);
    await put('password', 'mistaken');
    const wrong = await examined(config);
    expect([wrong.status, told(wrong.report)]).toEqual([
      1,
      [
        expect.stringMatching(
          /^registries: .+ it answered 401 to user boot .+; see that the user and the password/,
        ) as string,
      ],
    ]);
    expect(wrong.out).not.toContain('mistaken');
  });
});

describe('on a network', () => {
  it('finds another that tells machines what to boot, and the iPXE that is missing, and boots nobody', async (context) => {
    const { segment } = await startSite(context, ['dhcp-boot=pxelinux.0,,192.168.77.9']);
    const folder = await temporaryFolder(context);
    await mkdir(join(folder, 'ipxe'));
    const config = await writeProxiedConfig({
      folder,
      assignments: [`{ name: all, match: {}, image: "oci:${join(boot(), 'image')}:1" }`],
    });
    const { server, told: seen } = await startProxied(context, config, segment.network.within);
    const run = async () => {
      const ran = await segment.network.run([process.execPath, PROGRAM, 'doctor', '--json', '-c', config]);
      return { ...ran, report: JSON.parse(ran.out) as Report };
    };
    const { status, report } = await run();
    expect([status, told(report)]).toEqual([
      1,
      [expect.stringMatching(/^ipxe: no iPXE for some machines: undionly\.kpxe \(BIOS\), snponly\.efi/) as string],
    ]);
    expect(told(report, 'warn').join('\n')).toContain(
      'others: 192.168.77.2 gives addresses, and tells machines to load pxelinux.0 from 192.168.77.9, on br0: machines may take that',
    );
    expect(told(report, 'ok').join('\n')).toContain(
      'machines are told http://192.168.77.1:8080, where the server answers',
    );
    expect([seen('dhcp.answered'), seen('dhcp.unanswered')]).toEqual([[], []]);
    await server.stop();
    // As the only one that gives addresses, the server would not start.
    await writeFile(
      config,
      `advertise: 192.168.77.1\ndata: data\ndhcp: { mode: server, probe: false, subnets: [{ subnet: 192.168.77.0/24, range: 192.168.77.50-192.168.77.60 }] }\nipxe: { binaries: "${join(boot(), 'ipxe')}" }\nassignments: [{ name: all, match: {}, image: "oci:${join(boot(), 'image')}:1" }]\n`,
    );
    expect(told((await run()).report)).toEqual([
      expect.stringMatching(
        /^others: 192\.168\.77\.2 gives addresses, .+ will not start beside it; end it, /,
      ) as string,
    ]);
  });
});
