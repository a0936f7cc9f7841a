import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { writeConfiguration } from '../fixtures/configuration.js';
import { temporaryFolder } from '../fixtures/folder.js';
import { bzImageHead } from '../fixtures/huge-uki.js';
import { bootlayer } from '../fixtures/program.js';
import { serve } from '../fixtures/serving.js';
import { isoImage } from '../setup/iso.js';
import type { Server } from '../setup/server.js';

const [ONE, TWO] = ['52:54:00:00:00:01', '52:54:00:00:00:02'] as const;
const MENU = "menuentry 'Live' {\n linux /live/vmlinuz boot=live\n initrd /live/initrd.img\n}";
/** Of mkisofs: what a BIOS boots of a CD. */
const BIOS_ALONE = ['-J', '-b', 'boot/cd.img', '-no-emul-boot', '-c', 'boot/boot.cat'];

/** An image of an ISO, which one machine starts by its menu, and the other as its assignment says. `more`: of the first one's assignment. */
async function site(more: Readonly<Record<string, unknown>> = {}) {
  const folder = await temporaryFolder();
  const iso = join(folder, 'live.iso');
  const rescue = Buffer.concat([bzImageHead(), Buffer.from('rescue')]);
  const files = { 'live/vmlinuz': bzImageHead(), 'live/initrd.img': 'initramfs', 'rescue/vmlinuz': rescue };
  const all = { ...files, 'boot/grub/grub.cfg': MENU, 'boot/cd.img': Buffer.alloc(2_048) };
  await writeFile(iso, await isoImage({ files: all, options: BIOS_ALONE }));
  const image = `oci:${join(folder, 'image')}:1`;
  const built = await bootlayer(['image', 'build', '--platform', 'linux/amd64', '--iso', iso, image]);
  expect(built.status).toBe(0);
  const machines = `machines: [{ name: one, mac: "${ONE}", arch: amd64 }, { name: two, mac: "${TWO}", arch: amd64 }]`;
  const named =
    '{ name: named, match: { machine: two }, image: "oci:image:1", iso: { kernel: rescue/vmlinuz, kernelArgs: rescue } }';
  const menu = JSON.stringify({ name: 'menu', match: { machine: 'one' }, image: 'oci:image:1', ...more });
  const file = await writeConfiguration(folder, { assignments: [menu, named], more: [machines] });
  return { folder, file };
}

async function scriptOf({ http }: Server, mac: string): Promise<string> {
  return (await fetch(`http://${http}/boot/script?mac=${mac}&buildarch=x86_64&platform=pcbios`)).text();
}

it('is shown by check and plan, with how it was found', async () => {
  const { file } = await site();
  const checked = await bootlayer(['check', '-c', file]);
  expect(checked.out).toMatch(/^menu .*uefi-http \(its ISO opened by \/boot\/grub\/grub.cfg, entry "Live"\)$/m);
  expect(checked.out).toMatch(/^named .*uefi-http \(its ISO opened by the assignment\)$/m);
  const of = (mac: string) => ['plan', '-c', file, '--mac', mac, '--firmware', 'bios', '--arch', 'amd64'];
  const [menu, named] = [await bootlayer(of(ONE)), await bootlayer(of(TWO))];
  expect(menu.out).toContain('  found     by /boot/grub/grub.cfg, entry "Live": /live/vmlinuz, /live/initrd.img\n');
  expect(menu.out).toMatch(/^ {2}boot=live +iso$/m);
  expect(named.out).toContain('  found     by the assignment: /rescue/vmlinuz\n');
  expect(named.out).toMatch(/^ {2}rescue +assignment iso$/m);
  const { out } = await bootlayer([...of(TWO), '--json']);
  expect(JSON.parse(out)).toMatchObject({
    boot: {
      image: {
        isoFiles: { kernel: '/rescue/vmlinuz', initramfs: [] },
        contents: { iso: { iso: { opening: { by: 'assignment' } } } },
      },
      preparation: { planned: { words: [{ text: 'rescue', from: 'assignment iso' }] } },
    },
  });
});

it('is each machine its own, also after a restart, where its place gives nothing any more', async () => {
  const { folder, file } = await site();
  const { server } = await serve(file);
  const [menu, named] = [await scriptOf(server, ONE), await scriptOf(server, TWO)];
  expect(menu).toMatch(/\nkernel .* initrd=initrd boot=live /);
  expect(named).toMatch(/\nkernel .*\/vmlinuz rescue /);
  expect(named).not.toContain('initrd');
  await server.stop();
  await writeFile(join(folder, 'image', 'index.json'), 'half of i');
  const again = await serve(file);
  expect(await scriptOf(again.server, TWO)).toBe(named.replaceAll(server.http, again.server.http));
  expect(await scriptOf(again.server, ONE)).toBe(menu.replaceAll(server.http, again.server.http));
});

it('is edited by its options, and refused where it is not in the ISO', async () => {
  const { folder, file } = await site();
  const { server } = await serve(file);
  const image = `oci:${join(folder, 'image')}:1`;
  const set = (...args: readonly string[]) =>
    bootlayer(['assignment', 'set', 'api', ...args, '--server', `http://${server.api}`]);
  const made = await set(
    '--match',
    `mac=${ONE}`,
    '--priority',
    '1',
    '--image',
    image,
    '--iso-kernel',
    '/rescue/vmlinux',
  );
  expect(made.err).toContain(
    '/rescue/vmlinux, which iso.kernel of the assignment names, is not in it: correct iso.kernel, or take iso out of',
  );
  expect(await scriptOf(server, ONE)).toContain(
    '/rescue/vmlinux, which iso.kernel of the assignment names, is not in it',
  );
  expect((await set('--iso-kernel', '/rescue/vmlinuz', '--iso-kernel-arg', 'a', '--iso-kernel-arg', 'b')).status).toBe(
    0,
  );
  expect(await scriptOf(server, ONE)).toMatch(/\nkernel .*\/vmlinuz a b /);
  const wrong = await set('--iso-kernel', '', '--iso-initramfs', '/live/initrd.img');
  expect([wrong.status, wrong.err]).toEqual([
    expect.any(Number),
    expect.stringContaining('iso.initramfs: says nothing without kernel'),
  ]);
  const shown = await bootlayer(['assignment', 'show', 'api', '--server', `http://${server.api}`]);
  expect(shown.out).toContain('iso:\n  kernel: /rescue/vmlinuz\n  kernelArgs:\n    - a\n    - b\n');
});

it('is said to be a disc where it is booted as it is, and who is not given kernel arguments then', async () => {
  const { folder, file } = await site({ boot: 'iso', kernelArgs: { append: ['quiet'] } });
  const lost =
    'where an ISO is booted as it is, the kernel arguments of the mapping are not given, since an ISO boots by its own loader: ' +
    'take kernelArgs out, or leave boot: iso out, so that iPXE starts a kernel with them';
  const { out } = await bootlayer(['check', '-c', file]);
  expect(out).toMatch(/^menu .* ipxe-bios \(its ISO as a disc\)$/m);
  expect(out).toContain(`warning: assignment "menu": ${lost}\n`);
  const { server } = await serve(file);
  const image = `oci:${join(folder, 'image')}:1`;
  const given = ['--image', image, '--match', `mac=${ONE}`, '--boot', 'iso', '--kernel-arg', 'quiet'];
  const set = await bootlayer(['assignment', 'set', 'api', ...given, '--server', `http://${server.api}`]);
  expect([set.status, set.err]).toEqual([0, expect.stringContaining(`assignment "api": ${lost}`)]);
});
