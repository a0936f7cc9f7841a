import { describe, expect, it } from 'vitest';
import type { Assignment } from '../../src/boot/assignment.js';
import { BootUrls } from '../../src/booter/boot-urls.js';
import { findNameless } from '../../src/booter/check-policies.js';
import { checkTarget } from '../../src/booter/check-target.js';
import { findClientWarnings, findMappingWarnings } from '../../src/booter/check-warnings.js';
import { createMapping } from '../../src/booter/mapping.js';
import type { KernelArgs } from '../../src/image/command-line.js';
import type { ResolvedImage } from '../../src/image/image.js';
import type { ProvisionKind } from '../../src/provision/kinds.js';
import { OPENED_ISO, readIsoOf, readUkiOf } from '../fixtures/contents.js';
import { assignment, machine } from '../fixtures/mappings.js';
import { resolvedImage } from '../fixtures/plans.js';

const handing = (...kinds: readonly ProvisionKind[]) => ({
  provision: { kinds, documents: [], secrets: {}, life: 3_600_000, isOnce: false, isByAddress: false },
});

/** What `check` warns of, by UEFI and BIOS alike. */
async function warned(image: ResolvedImage, more: Partial<Assignment>): Promise<readonly string[]> {
  const one = assignment(more);
  const mapping = createMapping({ machines: [], assignments: [one], defaults: { kernelArgs: {} } });
  const urls = new BootUrls(() => 'http://192.168.77.1:8080');
  const images = { resolve: () => Promise.resolve(image) };
  const target = await checkTarget(one, 'amd64', { mapping, images, urls, seesDhcp: true });
  const warnings = findClientWarnings([{ assignment: 'all', image: 'i', targets: [target] }]);
  return warnings.filter((warning) => warning.includes('provision'));
}

const LEADS = (clients: string) =>
  `assignment "all": its image for amd64 leads machines that come as ${clients} to nothing of what provision hands out, since `;

describe('who is led to what is handed out', () => {
  const layers = resolvedImage(['kernel', 'initramfs']);
  const uki = resolvedImage(['uki'], { contents: { uki: readUkiOf({ isSigned: true }) } });
  const iso = resolvedImage(['iso'], { contents: { iso: readIsoOf({ opening: OPENED_ISO }) } });

  it('is whoever starts a kernel with the arguments of the mapping', async () => {
    expect(await warned(layers, handing('ignition'))).toEqual([]);
    expect(await warned(uki, handing('ignition', 'files'))).toEqual([
      `${LEADS('uefi-http')}a UKI that is started as it is has its own kernel arguments: write boot: kernel, so that iPXE starts a kernel with them`,
      `${LEADS('ipxe-uefi with Secure Boot on')}a UKI that is started as it is has its own kernel arguments: build the image with kernel and initramfs layers, which Secure Boot wants signed`,
    ]);
    expect(await warned(iso, handing('preseed'))).toEqual([]);
  });

  it('is nobody who is given a UKI or an ISO as it is', async () => {
    const [always] = await warned(uki, { boot: 'uki', ...handing('cloudInit') });
    expect(always).toBe(
      `${LEADS('ipxe-uefi, uefi-http')}a UKI that is started as it is has its own kernel arguments: write boot: kernel, so that iPXE starts a kernel with them`,
    );
    const [disc] = await warned(iso, { boot: 'iso', ...handing('preseed') });
    expect(disc).toContain('an ISO that is booted as it is has its own kernel arguments: leave boot: iso out');
    const closed = resolvedImage(['iso'], {
      contents: { iso: readIsoOf({ opening: { kind: 'closed', reason: 'none of its menus names a kernel' } }) },
    });
    expect((await warned(closed, handing('preseed')))[0]).toMatch(/: name by iso.kernel what iPXE is to start of it$/);
  });

  it('is nobody where files alone are handed out and no argument says where', async () => {
    const [unnamed] = await warned(layers, handing('files'));
    expect(unnamed).toContain('since no kernel argument holds {provision.url}: append one with its URL');
    const append = ['config={provision.url}/files/config'];
    expect(await warned(layers, { ...handing('files'), kernelArgs: [{ append }] })).toEqual([]);
  });

  it('is nobody where an argument of the operator stands in the place of what would lead there', async () => {
    const preset = { preset: 'flatcar-live' } as const;
    const cases: readonly (readonly [readonly ProvisionKind[], KernelArgs, string])[] = [
      [
        ['cloudInit'],
        { append: ['ds=nocloud;s=http://lab/'] },
        'ds=nocloud;s=http://lab/ (assignment) takes the place of ds=nocloud;dsmode=net;s={provision.url}/seed/: leave it out, or write ds=nocloud;dsmode=net;s={provision.url}/seed/',
      ],
      [
        ['kickstart'],
        { replace: { 'inst.ks': 'http://lab/{server.host}.ks' } },
        'inst.ks=http://lab/{server.host}.ks (assignment) takes the place of inst.ks={provision.url}/ks.cfg: leave it out, or write inst.ks={provision.url}/ks.cfg',
      ],
      [
        ['ignition'],
        { remove: ['ignition.config.url'] },
        'kernelArgs takes out ignition.config.url={provision.url}/config.ign: leave ignition.config.url out of remove, or append ignition.config.url={provision.url}/config.ign',
      ],
      [
        ['ignition'],
        { ...preset, append: ['flatcar.config.url=http://lab/a.ign'] },
        'flatcar.config.url=http://lab/a.ign (assignment) takes the place of flatcar.config.url={provision.url}/config.ign: leave it out, or write flatcar.config.url={provision.url}/config.ign',
      ],
    ];
    for (const [kinds, change, text] of cases) {
      const [warning] = await warned(layers, { ...handing(...kinds), kernelArgs: [change] });
      expect(warning).toBe(`${LEADS('ipxe-bios, ipxe-uefi, uefi-http')}${text}`);
    }
  });

  it('is whoever is known by its address where what is built in says so', async () => {
    const byAddress = (...kinds: readonly ProvisionKind[]) => {
      const { provision } = handing(...kinds);
      return { provision: { ...provision, isByAddress: true } };
    };
    const ukiSaying = (commandLine: string) =>
      resolvedImage(['uki'], { contents: { uki: readUkiOf({ isSigned: true, commandLine }) } });
    const self = 'http://192.168.77.1:8080/provision/self';
    expect(await warned(ukiSaying(`ds=nocloud;dsmode=net;s=${self}/seed/`), byAddress('cloudInit'))).toEqual([]);
    expect(await warned(ukiSaying('quiet'), byAddress('cloudInit'))).toEqual([
      `${LEADS('ipxe-uefi, uefi-http')}the command line in its UKI does not name /provision/self/: build ds=nocloud;dsmode=net;s=http://SERVER/provision/self/seed/ into it, unless something else in it leads there, or write boot: kernel, so that iPXE starts a kernel with them`,
    ]);
    expect((await warned(ukiSaying('quiet'), byAddress('files')))[0]).toContain(
      ': build config=http://SERVER/provision/self/files/NAME into it',
    );
    // What it holds is not known.
    expect(await warned(resolvedImage(['uki']), byAddress('cloudInit'))).toEqual([]);
    expect(await warned(iso, { boot: 'iso', ...byAddress('preseed') })).toEqual([
      expect.stringContaining('the command line in its ISO does not name /provision/self/: build auto=true'),
    ]);
    expect(await warned(layers, byAddress('ignition'))).toEqual([]);
    // What is in an initramfs may say it.
    expect(await warned(layers, byAddress('files'))).toEqual([]);
    const replaced = { 'ignition.config.url': `${self}/config.ign` };
    expect(await warned(layers, { ...byAddress('ignition'), kernelArgs: [{ replace: replaced }] })).toEqual([]);
  });

  it('is nobody where the assignment leaves its machines to their disks', () => {
    const assignments = [assignment({ boot: 'local', ...handing('ignition') })];
    const mapping = createMapping({ machines: [], assignments, defaults: { kernelArgs: {} } });
    expect(findMappingWarnings(mapping, { seesDhcp: true })).toEqual([
      'assignment "all": what its provision names is never handed out, since boot: local starts no kernel of ours: leave one of the two out',
    ]);
  });
});

it('a machine whose cards are not known is handed nothing', () => {
  const machines = [machine({ macs: [], serial: '7' })];
  const of = (more: Partial<Assignment>) =>
    findNameless(machines, createMapping({ machines, assignments: [assignment(more)], defaults: { kernelArgs: {} } }));
  expect(of({})).toEqual([]);
  expect(of(handing('ignition'))).toEqual([
    'node-01 will not be booted, since what its provision hands out wants to know who asks, which only a MAC shows: say its mac',
  ]);
});
