import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { BOOT_METHODS } from '../src/boot/boot-method.js';
import { chooseWay, type WayWish } from '../src/boot/choose-way.js';
import { CLOCK_SET } from '../src/boot/clock-sense.js';
import { ALWAYS, judge, SHOWN } from '../src/boot/policy.js';
import { type Bootable, hasLayer, type Starter } from '../src/image/bootable.js';
import type { KernelFacts } from '../src/image/kernel-kind.js';
import type { Role } from '../src/image/role.js';
import { judgeWays, type Way } from '../src/image/ways.js';
import { KERNELS, readIsoOf, readUkiOf } from './fixtures/contents.js';

const README = readFileSync(new URL('../README.md', import.meta.url), 'utf8');
const [, SECTION = ''] = /\n### What a machine starts\n([\s\S]*?)\n### /.exec(README) ?? [];

/** The rows of the table that begins so, without its heading. */
function tableOf(heading: string): readonly (readonly string[])[] {
  const [, rows = ''] = SECTION.split(`\n${heading}\n`)[1]?.match(/^\|[ -|]*\n((?:\|.*\n)+)/) ?? [];
  return rows
    .trimEnd()
    .split('\n')
    .map((row) =>
      row
        .split('|')
        .slice(1, -1)
        .map((cell) => cell.trim()),
    );
}

const of = (roles: readonly Role[], contents: Bootable['contents'] = {}): Bootable => ({
  artifacts: roles.map((role) => ({ role })),
  contents,
});

const [PARTS, KERNEL] = [['kernel', 'initramfs'] as const, { kernel: KERNELS.bzimage }];
const ukis = {
  plain: { uki: readUkiOf() },
  signed: { uki: readUkiOf({ isSigned: true }) },
  bare: { uki: readUkiOf({ hasNoCommandLine: true }) },
  bareSigned: { uki: readUkiOf({ hasNoCommandLine: true, isSigned: true }) },
};

const CLOSED = { kind: 'closed', reason: 'none of its menus names a kernel' } as const;
const isos = {
  plain: { iso: readIsoOf() },
  bios: { iso: readIsoOf({ firmware: ['bios'] }) },
  uefi: { iso: readIsoOf({ firmware: ['uefi'] }) },
  closed: { iso: readIsoOf({ opening: CLOSED }) },
  closedBios: { iso: readIsoOf({ opening: CLOSED, firmware: ['bios'] }) },
  closedUefi: { iso: readIsoOf({ opening: CLOSED, firmware: ['uefi'] }) },
};

/** By the words of the README. Those of one row boot alike. */
const HOLDINGS = {
  'kernel + initramfs': [
    of(PARTS, KERNEL),
    of([...PARTS, 'squashfs'], KERNEL),
    of(PARTS),
    of([...PARTS, 'iso', 'disk'], { ...KERNEL, ...isos.bios }),
  ],
  UKI: [of(['uki'], ukis.plain), of(['uki', 'squashfs'], ukis.plain)],
  'UKI, signed': [of(['uki'], ukis.signed)],
  'UKI without a command line': [of(['uki'], ukis.bare)],
  'UKI without a command line, signed': [of(['uki'], ukis.bareSigned)],
  'kernel + initramfs + UKI': [of([...PARTS, 'uki'], { ...KERNEL, ...ukis.plain })],
  'kernel + initramfs + UKI, signed': [of([...PARTS, 'uki'], { ...KERNEL, ...ukis.signed })],
  'an ISO': [of(['iso'], isos.plain), of(['iso', 'disk', 'squashfs'], isos.plain)],
  'an ISO that UEFI does not boot': [of(['iso'], isos.bios)],
  'an ISO in which no kernel is found': [of(['iso'], isos.closed)],
  'the same, which UEFI alone boots': [of(['iso'], isos.closedUefi)],
  'the same, which a BIOS alone boots': [of(['iso'], isos.closedBios)],
  'a disk image alone': [of(['disk']), of(['squashfs'])],
} as const satisfies Readonly<Record<string, readonly Bootable[]>>;
type Holding = keyof typeof HOLDINGS;

const CLIENTS: readonly Starter[] = [
  { client: 'ipxe-bios', architecture: 'amd64' },
  { client: 'ipxe-uefi', architecture: 'amd64', secureBoot: false },
  { client: 'ipxe-uefi', architecture: 'amd64', secureBoot: true },
  { client: 'uefi-http', architecture: 'amd64' },
];

const WORDS: Readonly<Record<Way, string>> = {
  ...{ kernel: 'layers', uki: 'UKI', opened: 'opened' },
  ...{ iso: 'ISO', 'iso-files': 'opened' },
};

/** In the words of the README; who comes by UEFI HTTP Boot is asked again as iPXE where it is given that. */
function outcome(image: Bootable, starter: Starter, wish: WayWish): string {
  const first = chooseWay(image, starter, wish);
  if (first.kind === 'none') return '-';
  const isVia = starter.client === 'uefi-http' && first.by === 'ipxe';
  if (isVia) return `${outcome(image, { ...starter, client: 'ipxe-uefi', secureBoot: false }, wish)}, via iPXE`;
  return `${WORDS[first.way]}${first.unmet.length > 0 ? '*' : ''}`;
}

/** Without kernel arguments of the mapping, and with some where that is another. */
function cell(image: Bootable, starter: Starter, boot: WayWish['boot']): string {
  const [without, having] = [false, true].map((wantsArguments) => outcome(image, starter, { boot, wantsArguments }));
  return without === having ? String(without) : `${without} / ${having}`;
}

/** What each image of a row gets of each client: as a row of the README, once where all are alike. */
function rowsOf(images: readonly Bootable[], boot: WayWish['boot']): readonly (readonly string[])[] {
  const rows = images.map((image) => CLIENTS.map((starter) => cell(image, starter, boot)));
  return [...new Map(rows.map((row) => [row.join('|'), row])).values()];
}

const hasNoIso = (image: Bootable) => !hasLayer(image, 'iso');

const CLIENT_COLUMNS = 'BIOS, by iPXE | UEFI, by iPXE | the same, Secure Boot on | UEFI HTTP Boot';

describe('what the README says of what a machine starts', () => {
  it('is what is chosen where nothing is wished', () => {
    const told = tableOf(`| the image holds | ${CLIENT_COLUMNS} |`);
    const holdings = Object.entries<readonly Bootable[]>(HOLDINGS);
    expect(told).toEqual(holdings.flatMap(([name, images]) => rowsOf(images, 'auto').map((row) => [name, ...row])));
  });

  it('is what is chosen by each boot method', () => {
    const told = tableOf(`| \`boot\` | the image holds | ${CLIENT_COLUMNS} |`);
    const some = (...names: readonly Holding[]) => names.flatMap((name): readonly Bootable[] => HOLDINGS[name]);
    const layers = some('kernel + initramfs');
    const both = some('kernel + initramfs + UKI');
    const signed = some('kernel + initramfs + UKI, signed');
    const [bare, bareSigned] = [some('UKI without a command line'), some('UKI without a command line, signed')];
    const closedUefi = some('the same, which UEFI alone boots');
    const closedBios = some('the same, which a BIOS alone boots');
    const iso = some('an ISO', 'an ISO that UEFI does not boot');
    const closed = [...some('an ISO in which no kernel is found'), ...closedUefi, ...closedBios];
    const disk = some('a disk image alone');
    const rows: readonly (readonly [WayWish['boot'], string, readonly Bootable[]])[] = [
      ['kernel', 'kernel + initramfs, or these and a UKI', [...layers, ...both, ...signed]],
      ['kernel', 'a UKI alone, of any kind', [...some('UKI', 'UKI, signed'), ...bare, ...bareSigned]],
      ['kernel', 'an ISO alone', iso],
      ['kernel', 'an ISO in which no kernel is found, or a disk image alone', [...closed, ...disk]],
      ['uki', 'a UKI, or it and more', [...some('UKI'), ...both]],
      ['uki', 'the same, signed', [...some('UKI, signed'), ...signed]],
      ['uki', 'a UKI without a command line', bare],
      ['uki', 'the same, signed', bareSigned],
      ['uki', 'no UKI', [...layers, ...iso, ...closed, ...disk]],
      ['iso', 'an ISO', some('an ISO', 'an ISO in which no kernel is found')],
      ['iso', 'an ISO that UEFI alone boots', [of(['iso'], isos.uefi), ...closedUefi]],
      ['iso', 'an ISO that a BIOS alone boots', [...some('an ISO that UEFI does not boot'), ...closedBios]],
      [
        'iso',
        'no ISO',
        [...layers, ...both, ...signed, ...some('UKI', 'UKI, signed'), ...bare, ...bareSigned, ...disk].filter(
          hasNoIso,
        ),
      ],
    ];
    expect(told.filter(([method]) => method !== '`local`')).toEqual(
      rows.flatMap(([boot, name, images]) => rowsOf(images, boot).map((row) => [`\`${boot}\``, name, ...row])),
    );
    const all = Object.values<readonly Bootable[]>(HOLDINGS).flat().length;
    for (const boot of ['kernel', 'uki', 'iso'] as const)
      expect(new Set(rows.flatMap(([method, , images]) => (method === boot ? images : []))).size).toBe(all);
    expect(['`auto`', ...new Set(told.map(([method]) => method))]).toEqual(BOOT_METHODS.map((one) => `\`${one}\``));
  });

  it('leaves a machine to its disk where that is wished', () => {
    const told = tableOf(`| \`boot\` | the image holds | ${CLIENT_COLUMNS} |`);
    const nothing = { standing: undefined, doubt: undefined, clock: CLOCK_SET, hasRoom: true, attempts: [], now: 0 };
    const verdict = judge({ ...nothing, policy: ALWAYS, requester: SHOWN, method: 'local' });
    expect(verdict).toMatchObject({ kind: 'local', why: 'assigned' });
    expect(told.at(-1)).toEqual(['`local`', 'anything', ...CLIENTS.map(() => 'its local disk')]);
  });

  it('is so for each kind of kernel', () => {
    const told = tableOf('| the kernel is | on a BIOS | on UEFI |');
    const arm: Pick<KernelFacts, 'kind' | 'architecture'> = { kind: 'image', architecture: 'arm64' };
    const kernels: readonly (readonly [string, KernelFacts, string?])[] = [
      ['a bzImage (`vmlinuz` of PCs) with an EFI stub', KERNELS.bzimage],
      ['a bzImage without an EFI stub', KERNELS.bare],
      ['an `Image` (arm64, riscv64) with an EFI stub', KERNELS.image],
      ['an `Image` without an EFI stub', { ...arm, hasEfiStub: false }],
      ['`vmlinuz.efi` (zboot)', KERNELS.zboot],
      ['another program of UEFI', { kind: 'efi', hasEfiStub: true }],
      ['`Image.gz` of arm64 and riscv64', KERNELS.gzip, 'arm64'],
      ['`Image.gz` of others', KERNELS.gzip],
      ['of no kind that is known here', KERNELS.unknown],
    ];
    const starts = (client: Starter['client'], kernel: KernelFacts, whose = 'amd64') => {
      const [layers] = judgeWays(of(PARTS, { kernel }), { client, architecture: kernel.architecture ?? whose });
      return layers?.kind === 'possible' ? 'yes' : '-';
    };
    expect(told).toEqual(
      kernels.map(([name, kernel, whose]) => [
        name,
        starts('ipxe-bios', kernel, whose),
        starts('ipxe-uefi', kernel, whose),
      ]),
    );
  });
});
