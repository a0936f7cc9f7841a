import { describe, expect, it } from 'vitest';
import { BootUrls } from '../../src/booter/boot-urls.js';
import { anybody, checkTarget, clientsFor, reporting } from '../../src/booter/check-target.js';
import { createMapping } from '../../src/booter/mapping.js';
import { BootlayerError } from '../../src/errors.js';
import type { ResolvedImage } from '../../src/image/image.js';
import { OPENED_ISO, readIsoOf, readUkiOf } from '../fixtures/contents.js';
import { assignment } from '../fixtures/mappings.js';
import { resolvedImage } from '../fixtures/plans.js';

const mapping = createMapping({ machines: [], assignments: [], defaults: { kernelArgs: {} } });
const urls = new BootUrls(() => 'http://10.0.2.2:8080');

function check(
  image: BootlayerError | ResolvedImage,
  { seesDhcp = true, ...of }: Partial<Parameters<typeof assignment>[0]> & { readonly seesDhcp?: boolean } = {},
) {
  const resolve = async () => {
    if (image instanceof BootlayerError) throw image;
    return image;
  };
  return checkTarget(assignment(of), 'amd64', { mapping, images: { resolve }, urls, seesDhcp });
}

describe('checkTarget', () => {
  it('names who boots, who does not and why, and what the cache is to hold', async () => {
    const image = resolvedImage(['uki'], { contents: { uki: readUkiOf({ commandLine: 'é' }) } });
    const reason = expect.stringContaining('"é" cannot be given by iPXE') as string;
    expect(await check(image)).toEqual({
      ...{ architecture: 'amd64', kind: 'boots', digest: image.manifestDigest, clients: ['uefi-http'] },
      refused: ['ipxe-bios', 'ipxe-uefi'].map((client) => ({ client, reason })),
      blobs: image.artifacts.map(({ descriptor: { digest, size } }) => ({ digest, size })),
    });
  });

  it('says what of an ISO is started, where it is opened, and how that was found', async () => {
    const image = resolvedImage(['iso'], { commandLine: '', contents: { iso: readIsoOf() } });
    const { kernel, initrds, by, menu } = OPENED_ISO;
    const iso = { by, menu, kernel: kernel.path, initramfs: initrds.map(({ path }) => path) };
    expect(await check(image)).toMatchObject({ kind: 'boots', iso });
    expect(await check(image, { boot: 'iso' })).not.toHaveProperty('iso');
  });

  it('says who has its ISO as a disc', async () => {
    const image = resolvedImage(['iso'], { commandLine: '', contents: { iso: readIsoOf() } });
    expect(await check(image)).toMatchObject({ discs: ['uefi-http'] });
    expect(await check(image, { boot: 'iso' })).toMatchObject({ discs: ['ipxe-bios', 'ipxe-uefi', 'uefi-http'] });
    expect(await check(image, { boot: 'kernel' })).not.toHaveProperty('discs');
    // What its arguments want of a machine is not known of anybody.
    const one = await check(image, { match: { firmware: ['uefi'] }, kernelArgs: [{ append: ['a={machine.serial}'] }] });
    expect(one).not.toHaveProperty('discs');
  });

  it('loses kernel arguments where its ISO is booted as it is', async () => {
    const image = resolvedImage(['iso'], { commandLine: '', contents: { iso: readIsoOf() } });
    expect(await check(image, { boot: 'iso' })).toMatchObject({ lostArguments: [{ what: 'iso', where: 'always' }] });
    expect(await check(image)).not.toHaveProperty('lostArguments');
  });

  it('is refused where nobody boots, with each reason once', async () => {
    const image = resolvedImage(['disk']);
    const target = await check(image);
    expect(target).toMatchObject({ kind: 'refused', digest: image.manifestDigest });
    const { reason } = target as { readonly reason: string };
    expect(reason.split('it holds only a disk image')).toHaveLength(2);
  });

  it('is refused where the image cannot be had', async () => {
    expect(await check(new BootlayerError('IMAGE_NOT_FOUND', 'no such image'))).toEqual({
      ...{ architecture: 'amd64', kind: 'refused', reason: 'no such image' },
    });
  });

  it('says what could not be read of a UKI, and which variant is taken', async () => {
    const uki = { kind: 'refused', reason: 'it has no section .linux' } as const;
    const image = resolvedImage(['uki'], { contents: { uki }, variant: 'virtualization' });
    expect(await check(image)).toMatchObject({ unread: uki.reason, variant: 'virtualization' });
  });

  it('loses kernel arguments where UEFI HTTP Boot starts a signed UKI, which it does where DHCP leads to it', async () => {
    const image = resolvedImage(['uki'], { contents: { uki: readUkiOf({ isSigned: true }) } });
    expect(await check(image)).toMatchObject({ lostArguments: [{ where: 'always' }] });
    expect(await check(image, { seesDhcp: false })).toMatchObject({ lostArguments: [{ where: 'secure-boot' }] });
  });

  it('loses them by iPXE only where Secure Boot is on, and never where firmware starts no UKI, or none is signed', async () => {
    const image = resolvedImage(['uki'], { contents: { uki: readUkiOf({ isSigned: true }) } });
    expect(await check(image, { match: { firmware: ['uefi'] } })).toMatchObject({
      lostArguments: [{ what: 'uki', where: 'secure-boot', remedy: 'build them into the UKI' }],
    });
    expect(await check(image, { match: { firmware: ['bios'] } })).not.toHaveProperty('lostArguments');
    expect(await check(image, { boot: 'kernel' })).not.toHaveProperty('lostArguments');
    const unsigned = resolvedImage(['uki'], { contents: { uki: readUkiOf() } });
    expect(await check(unsigned, { seesDhcp: false })).not.toHaveProperty('lostArguments');
  });

  it('says of machines that boot once that they never report it, unless their arguments tell where', async () => {
    const policy = { mode: 'once', doneWhen: 'reported' } as const;
    expect(await check(resolvedImage(), { policy })).toHaveProperty('neverDone');
    const told = await check(resolvedImage(), { policy, kernelArgs: [{ append: ['done={done.url}'] }] });
    expect(told).toMatchObject({ kind: 'boots' });
    expect(told).not.toHaveProperty('neverDone');
  });
});

it.each([
  [undefined, 'amd64', ['ipxe-bios', 'ipxe-uefi', 'uefi-http']],
  [undefined, 'arm64', ['ipxe-uefi', 'uefi-http']],
  [['bios'], 'amd64', ['ipxe-bios']],
  [['bios'], 'arm64', []],
  [['uefi', 'uefi-http'], 'amd64', ['ipxe-uefi', 'uefi-http']],
] as const)('judges as those that the assignment may be for: %j on %s', (firmware, architecture, clients) => {
  expect(clientsFor(assignment({ match: firmware === undefined ? {} : { firmware } }), architecture)).toEqual(clients);
});

it('knows nothing of anybody but the architecture, and of one that reports, what all report', () => {
  const { facts } = anybody('arm64');
  expect(facts).toEqual({ macs: [], sourceAddress: '', architecture: 'arm64' });
  const { macs, ...others } = reporting(facts);
  expect(macs).toHaveLength(1);
  expect(Object.keys(others).toSorted()).toEqual(['architecture', 'ip', 'serial', 'sourceAddress', 'uuid']);
});
