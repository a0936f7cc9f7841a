import { describe, expect, it } from 'vitest';
import type { Assignment } from '../../src/boot/assignment.js';
import { BootUrls } from '../../src/booter/boot-urls.js';
import { findNameless } from '../../src/booter/check-policies.js';
import { checkTarget } from '../../src/booter/check-target.js';
import { findClientWarnings, findMappingWarnings } from '../../src/booter/check-warnings.js';
import { createMapping } from '../../src/booter/mapping.js';
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
