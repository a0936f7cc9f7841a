import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { formatBytes } from '../../src/format.js';
import { temporaryFolder } from '../fixtures/folder.js';
import { bootlayer } from '../fixtures/program.js';
import { program } from '../fixtures/programs.js';
import { isoImage } from '../setup/iso.js';

/** The program as built. */
const LINUX = { name: '.linux', contents: 'a kernel' };

describe('a UKI that iPXE cannot start', () => {
  const of = (cmdline: string) => program([{ name: '.cmdline', contents: cmdline }, LINUX]);
  const BUILD = ['image', 'build', '--platform', 'linux/amd64', '--uki', 'uki', 'oci:image:1'];

  it.each([BUILD, [...BUILD, '--json']])('is warned of, and shown: case %#', async (...build) => {
    const cwd = await temporaryFolder();
    await writeFile(join(cwd, 'uki'), of('name=é'));
    const why = 'kernel argument "name=é" cannot be given by iPXE: it holds a character that is not printable ASCII';
    const { status, err } = await bootlayer(build, { cwd });
    expect([status, err]).toEqual([
      0,
      expect.stringContaining(`warning: it does not boot machines that come as ipxe-bios or ipxe-uefi: ${why}\n`),
    ]);
    const { out } = await bootlayer(['image', 'inspect', 'oci:image:1'], { cwd });
    const refused = ['bios', 'uefi'].map((one) => `        not ipxe-${one}: ${why}\n`);
    expect(out).toContain(`boots   uefi-http\n${refused.join('')}`);
  });

  it('is warned of by each of its placeholders', async () => {
    const cwd = await temporaryFolder();
    await writeFile(join(cwd, 'uki'), of('a={server.url} b={done.url} c={server.url}'));
    const { err } = await bootlayer(BUILD, { cwd });
    const warnings = err.split('\n').filter((line) => line.includes('warning'));
    const said = (name: string) =>
      `bootlayer: warning: {${name}} in the kernel arguments is not filled where firmware starts the UKI`;
    expect(warnings).toEqual([said('server.url'), said('done.url')]);
  });
});

it.each(['uki', 'kernel'])('refuses a %s for another platform before it has written anything', async (role) => {
  const cwd = await temporaryFolder();
  await writeFile(join(cwd, 'file'), program([LINUX], { machine: 0xaa64 }));
  const args = ['image', 'build', '--platform', 'linux/amd64', `--${role}`, 'file', 'oci:image:1'];
  const { status, err } = await bootlayer(args, { cwd });
  const why = `file for the ${role} is for arm64, and the image for linux/amd64`;
  expect([status, err]).toEqual([2, `bootlayer: ${why}; name one for amd64, or say --platform linux/arm64\n`]);
  expect(await readdir(cwd)).toEqual(['file']);
});

describe('an ISO', () => {
  const BUILD = ['image', 'build', '--platform', 'linux/amd64', '--iso', 'file', 'oci:image:1'];

  /** Of a build of it, and what is there afterwards. */
  async function built(iso: Buffer) {
    const cwd = await temporaryFolder();
    await writeFile(join(cwd, 'file'), iso);
    return { ...(await bootlayer(BUILD, { cwd })), cwd, left: await readdir(cwd) };
  }

  it('is refused before anything is written, where it is none or is cut off', async () => {
    const whole = await isoImage({ files: { file: Buffer.alloc(100_000) } });
    const cases = [
      [Buffer.alloc(100_000), 'it is no ISO 9660 image; name an ISO, or use --disk'],
      [
        whole.subarray(0, -2_048),
        `it is cut off: of its ${formatBytes(whole.length)}, 2.0 KiB are missing; download it again, or name another`,
      ],
    ] as const;
    for (const [iso, why] of cases)
      expect(await built(iso)).toMatchObject({
        status: 2,
        err: `bootlayer: file for the iso cannot be used: ${why}\n`,
        left: ['file'],
      });
  });

  it('is shown as image inspect shows it, beside the reference of the image', async () => {
    const { cwd, out, err } = await built(await isoImage({ files: { 'casper/vmlinuz': 'k', 'casper/initrd': 'i' } }));
    const inspected = await bootlayer(['image', 'inspect', 'oci:image:1'], { cwd });
    const lines = (text: string) => text.split('\n').filter((line) => line.startsWith('iso     '));
    expect(lines(err)).toEqual(lines(inspected.out));
    expect(lines(err)).toContain('iso     opened as Ubuntu (casper) has it');
    expect(out).toMatch(/^\S+:1@sha256:[0-9a-f]{64}\n$/);
    const { err: ofJson } = await bootlayer([...BUILD, '--json'], { cwd });
    expect(lines(ofJson)).toEqual([]);
  });

  it('is refused where its kernel is for another platform', async () => {
    const iso = await isoImage({
      files: { 'casper/vmlinuz': program([LINUX], { machine: 0xaa64 }), 'casper/initrd': 'i' },
    });
    expect(await built(iso)).toMatchObject({
      status: 2,
      err: 'bootlayer: the kernel in file for the iso is for arm64, and the image for linux/amd64; name an ISO for amd64, or say --platform linux/arm64\n',
      left: ['file'],
    });
  });

  it('of data is taken, with a warning that nothing boots it', async () => {
    const { status, err } = await built(await isoImage({ files: { file: 'data' } }));
    expect([status, err]).toEqual([0, expect.stringContaining('; its ISO has nothing that firmware boots\n')]);
    expect(err).toContain('bootlayer: warning: nothing can be booted from it: ');
  });
});

describe('--cmdline beside a UKI that is ready', () => {
  /** The warnings of a build. */
  async function warningsOf(uki: Buffer, more: readonly string[] = []): Promise<readonly string[]> {
    const cwd = await temporaryFolder();
    for (const [name, bytes] of [
      ['uki', uki],
      ['cmdline', 'quiet'],
      ['kernel', 'a kernel'],
      ['initrd', 'an initramfs'],
    ] as const)
      await writeFile(join(cwd, name), bytes);
    const args = ['image', 'build', '--platform', 'linux/amd64', '--uki', 'uki', '--cmdline', 'cmdline', ...more];
    const { status, err } = await bootlayer([...args, 'oci:image:1'], { cwd });
    expect(status).toBe(0);
    return err.split('\n').filter((line) => line.includes('--cmdline'));
  }
  const OWN = program([{ name: '.cmdline', contents: 'root=/dev/sda1' }, LINUX]);
  const UNUSED = 'bootlayer: warning: no machine is given what is in the file of --cmdline, since the UKI';

  it('is warned of where no machine is given it', async () => {
    expect(await warningsOf(OWN)).toEqual([
      `${UNUSED} has kernel arguments of its own: leave --cmdline out, or add --kernel and --initramfs, which are started with it`,
    ]);
    const other = program([{ name: '.text', contents: 'code' }]);
    expect(await warningsOf(other)).toEqual([expect.stringContaining(`${UNUSED} cannot be opened: leave`)]);
  });

  it('is not where the UKI has none of its own, or there are layers to be started with it', async () => {
    expect(await warningsOf(program([LINUX]))).toEqual([]);
    expect(await warningsOf(OWN, ['--kernel', 'kernel', '--initramfs', 'initrd'])).toEqual([]);
  });
});

it('warns that there was nothing to append to, and only then', async () => {
  const cwd = await temporaryFolder();
  await writeFile(join(cwd, 'uki'), program([LINUX]));
  const build = ['image', 'build', '--platform', 'linux/amd64', '--uki', 'uki'];
  const told = async (...more: readonly string[]) => {
    const { status, err } = await bootlayer([...build, ...more], { cwd });
    expect(status).toBe(0);
    return err;
  };
  const warning = '/image:1 was not there to append to: a new image with this platform alone was written';
  expect(await told('--append', '--json', 'oci:image:1')).toContain(warning);
  expect(await told('--append', 'oci:image:1')).not.toContain('append');
  expect(await told('oci:image:2')).not.toContain('append');
});
