import { describe, expect, it } from 'vitest';
import { judgeImage } from '../../src/booter/judged-image.js';
import type { ImageContents } from '../../src/image/image.js';
import type { Role } from '../../src/image/role.js';
import { KERNELS, readUkiOf } from '../fixtures/contents.js';
import { resolvedImage } from '../fixtures/plans.js';

const EVERYBODY = { clients: ['ipxe-bios', 'ipxe-uefi', 'uefi-http'], refused: [] };

function judge(roles: readonly Role[], commandLine: string, contents?: ImageContents, architecture?: string) {
  return judgeImage(resolvedImage(roles, { commandLine, ...(contents && { contents }) }), { architecture });
}

const judgeUki = (commandLine: string, roles: readonly Role[] = ['uki']) =>
  judge(roles, '', { uki: readUkiOf({ commandLine }) }, 'amd64');

describe('a UKI', () => {
  it.each([
    ['name=é', 'kernel argument "name=é" cannot be given by iPXE: it holds a character that is not printable ASCII'],
    ['quiet # c', 'kernel argument "#" cannot be given by iPXE: iPXE takes it for the start of a comment'],
    ['name=${net0/mac}', 'kernel argument "name=${net0/mac}" cannot be given by iPXE: iPXE would expand it'],
    [
      'root={blob.squashfs.url}',
      'the kernel arguments hold {blob.squashfs.url}, and this image has no squashfs: add --squashfs',
    ],
    ['a={blob.kernel.url}', 'the kernel arguments hold {blob.kernel.url}, which is not in this version: leave it out'],
    ['x'.repeat(3_000), 'its kernel arguments are 3000 bytes long, and'],
  ])('boots by its firmware alone with what iPXE cannot be given: %s', (commandLine, why) => {
    const { clients, refused, reason } = judgeUki(commandLine);
    expect([clients, reason]).toEqual([['uefi-http'], undefined]);
    expect(refused.map(({ client }) => client)).toEqual(['ipxe-bios', 'ipxe-uefi']);
    for (const one of refused)
      expect(one).toMatchObject({ kind: 'arguments', reason: expect.stringContaining(why) as string });
  });

  it.each([
    ['quiet', ['uki']],
    ['root=live:{blob.squashfs.url} done={done.url}', ['uki', 'squashfs']],
    ['id={machine.uuid},{machine.serial},{machine.mac},{machine.ip} at={machine.label.rack}', ['uki']],
  ] as const)('boots everybody with what iPXE can be given: %s', (commandLine, roles) => {
    expect(judgeUki(commandLine, roles)).toEqual(EVERYBODY);
  });

  it.each(['serial', 'hostname', 'label.rack'])('is judged by all of it, whatever only a machine has: %s', (name) => {
    expect(judgeUki(`id={machine.${name}} é`).clients).toEqual(['uefi-http']);
  });
});

describe('an image', () => {
  const ROLES = ['kernel', 'initramfs', 'uki'] as const;

  it('is judged as an assignment wants it started', () => {
    const both = resolvedImage(ROLES, { contents: { uki: readUkiOf({}) } });
    expect(judgeImage(both, { architecture: 'amd64', boot: 'uki' })).toEqual({
      clients: ['ipxe-uefi', 'uefi-http'],
      refused: [
        {
          ...{ client: 'ipxe-bios', kind: 'way' },
          reason: expect.stringContaining('the assignment wants boot: uki') as string,
        },
      ],
    });
    expect(judgeImage(resolvedImage(), { boot: 'uki' }).clients).toEqual([]);
    expect(judgeImage(resolvedImage(), { boot: 'kernel' }).refused).toEqual([]);
    const odd = resolvedImage(ROLES, { contents: { uki: readUkiOf({ commandLine: 'é' }) } });
    expect(judgeImage(odd, { boot: 'uki' }).clients).toEqual(['uefi-http']);
    expect(judgeImage(odd, { boot: 'kernel' })).toEqual(EVERYBODY);
  });

  it('that names no architecture is for what its layers are for, or for any', () => {
    const of = (contents: ImageContents) => judgeImage(resolvedImage(ROLES, { contents })).clients;
    expect(of({ kernel: KERNELS.image })).toEqual(['ipxe-uefi', 'uefi-http']);
    expect(of({ uki: readUkiOf({ architecture: 'arm64', kernel: KERNELS.image }) })).toEqual([
      'ipxe-uefi',
      'uefi-http',
    ]);
    expect(of({})).toEqual(EVERYBODY.clients);
  });
});

describe('layers beside a UKI', () => {
  const judgeBoth = (commandLine: string, uki: string) =>
    judge(['kernel', 'initramfs', 'uki'], commandLine, { uki: readUkiOf({ commandLine: uki }) }, 'amd64').clients;

  it('are judged by their own arguments, whatever only a machine has', () => {
    expect(judgeBoth('a={machine.label.rack} é', 'quiet')).toEqual(['uefi-http']);
    expect(judgeBoth('a={machine.label.rack}', 'b={machine.label.row} é')).toEqual(EVERYBODY.clients);
  });
});

describe('layers', () => {
  const LAYERS = ['kernel', 'initramfs'] as const;

  it('boot nobody with what iPXE cannot be given', () => {
    expect(judge(LAYERS, 'é', undefined, 'arm64')).toMatchObject({
      ...{ clients: [], reason: expect.stringContaining('kernel argument "é" cannot be given by iPXE') as string },
    });
    expect(judge(LAYERS, 'quiet', undefined, 'arm64').clients).toEqual(['ipxe-uefi', 'uefi-http']);
  });

  it('of no architecture are judged as any machine takes them', () => {
    expect(judge(LAYERS, 'x'.repeat(1_500))).toEqual(EVERYBODY);
  });
});
