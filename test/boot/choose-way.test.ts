import { describe, expect, it } from 'vitest';
import { chooseWay, type WayWish } from '../../src/boot/choose-way.js';
import type { Bootable, Starter } from '../../src/image/bootable.js';
import type { Role } from '../../src/image/role.js';
import { KERNELS, OPENED_ISO, readIsoOf, readUkiOf } from '../fixtures/contents.js';

const BIOS: Starter = { client: 'ipxe-bios', architecture: 'amd64' };
const UEFI: Starter = { client: 'ipxe-uefi', architecture: 'amd64' };
const HTTP: Starter = { client: 'uefi-http', architecture: 'amd64' };
const SECURE: Starter = { ...UEFI, secureBoot: true };
const PLAIN: WayWish = { boot: 'auto', wantsArguments: false };
const ARGS: WayWish = { boot: 'auto', wantsArguments: true };

const of = (roles: readonly Role[], contents: Bootable['contents'] = {}): Bootable => ({
  artifacts: roles.map((role) => ({ role })),
  contents,
});
const LAYERS = of(['kernel', 'initramfs'], { kernel: KERNELS.bzimage });
const UKI = of(['uki'], { uki: readUkiOf() });
const SIGNED = of(['uki'], { uki: readUkiOf({ isSigned: true }) });
const BARE = of(['uki'], { uki: readUkiOf({ hasNoCommandLine: true }) });
const UNREAD = of(['uki']);
const BOTH = of(['kernel', 'initramfs', 'uki'], { kernel: KERNELS.bzimage, uki: readUkiOf() });
const BOTH_SIGNED = of(['kernel', 'initramfs', 'uki'], { uki: readUkiOf({ isSigned: true }) });

const UNOPENED = 'its kernel and initramfs layers need no opening';
const BY_ITSELF = 'the firmware starts its UKI by itself';

/** `kernel by ipxe`, with a `*` where arguments are lost; or why there is none. */
function outcome(image: Bootable, starter: Starter, wish: WayWish): string {
  const choice = chooseWay(image, starter, wish);
  if (choice.kind === 'none') return choice.reason;
  return `${choice.way} by ${choice.by}${choice.unmet.includes('arguments') ? '*' : ''}`;
}

describe('an ISO', () => {
  const CLOSED = { kind: 'closed', reason: 'none of its menus names a kernel' } as const;
  const ISO = of(['iso'], { iso: readIsoOf() });
  const OPENED = 'iso-files by ipxe';
  const READ = 'iso by ipxe';
  const NO_KERNEL =
    'its ISO cannot be opened: none of its menus names a kernel: name in the assignment, by iso.kernel and iso.initramfs, what to start of it';
  const OPENED_ARM = { ...OPENED_ISO, kernel: { ...OPENED_ISO.kernel, facts: KERNELS.image } };
  const OF_ARM = 'the kernel in its ISO is for arm64, and the machine is amd64: give image build an ISO for amd64';

  it.each<[string, Bootable, readonly string[]]>([
    ['that boots and can be opened', ISO, [OPENED, OPENED, 'iso by firmware']],
    ['that cannot be opened', of(['iso'], { iso: readIsoOf({ opening: CLOSED }) }), [READ, READ, 'iso by firmware']],
    [
      'that cannot be opened, and that UEFI alone boots',
      of(['iso'], { iso: readIsoOf({ opening: CLOSED, firmware: ['uefi'] }) }),
      [`${NO_KERNEL}; its ISO has nothing that a BIOS boots`, READ, 'iso by firmware'],
    ],
    [
      'that cannot be opened, and that a BIOS alone boots',
      of(['iso'], { iso: readIsoOf({ opening: CLOSED, firmware: ['bios'] }) }),
      [READ, `${NO_KERNEL}; its ISO has nothing that UEFI boots`, `its ISO has nothing that UEFI boots; ${NO_KERNEL}`],
    ],
    ...([[], ['other']] as const).map((firmware): [string, Bootable, readonly string[]] => [
      `of data, that boots on ${firmware.join() || 'nothing'}`,
      of(['iso'], { iso: readIsoOf({ opening: CLOSED, firmware }) }),
      [
        ...[BIOS, UEFI].map(() => `${NO_KERNEL}; its ISO has nothing that firmware boots`),
        `its ISO has nothing that firmware boots; ${NO_KERNEL}`,
      ],
    ]),
    ['of another architecture', of(['iso'], { iso: readIsoOf({ opening: OPENED_ARM }) }), [OF_ARM, OF_ARM, OF_ARM]],
    ['that UEFI does not boot', of(['iso'], { iso: readIsoOf({ firmware: ['bios'] }) }), [OPENED, OPENED, OPENED]],
    [
      'that is a disk with partitions',
      of(['iso'], { iso: readIsoOf({ firmware: ['bios'], isHybrid: true }) }),
      [OPENED, OPENED, 'iso by firmware'],
    ],
    [
      'with a kernel of UEFI alone',
      of(['iso'], {
        iso: readIsoOf({
          opening: { ...OPENED_ISO, kernel: { ...OPENED_ISO.kernel, facts: { ...KERNELS.bzimage, kind: 'efi' } } },
        }),
      }),
      [READ, OPENED, 'iso by firmware'],
    ],
    ['that could not be read yet', of(['iso']), [READ, READ, 'iso by firmware']],
    [
      'that is none',
      of(['iso'], { iso: { kind: 'refused', reason: 'it is no ISO 9660 image', isIso: false } }),
      Array(3).fill('its ISO cannot be used: it is no ISO 9660 image: build the image anew, of an ISO') as string[],
    ],
    [
      'that is cut off',
      of(['iso'], { iso: { kind: 'refused', reason: 'it is cut off' } }),
      Array(3).fill(
        'its ISO cannot be used: it is cut off: download the ISO again, and build the image anew',
      ) as string[],
    ],
    ['beside layers', of(['kernel', 'initramfs', 'iso'], ISO.contents), Array(3).fill('kernel by ipxe') as string[]],
    [
      'beside a UKI',
      of(['uki', 'iso'], { ...UKI.contents, ...ISO.contents }),
      ['opened by ipxe', 'uki by ipxe', 'uki by firmware'],
    ],
  ])('%s', (_what, image, outcomes) => {
    expect([BIOS, UEFI, HTTP].map((starter) => outcome(image, starter, PLAIN))).toEqual(outcomes);
  });

  it('is opened where kernel arguments are wanted, or lie beside it', () => {
    expect(outcome(ISO, HTTP, ARGS)).toBe(OPENED);
    expect(outcome({ ...ISO, commandLine: 'quiet' }, HTTP, PLAIN)).toBe(OPENED);
  });

  it('is started as it is where nobody could give it arguments, and that is said', () => {
    const choice = chooseWay(of(['iso'], { iso: readIsoOf({ opening: CLOSED }) }), HTTP, ARGS);
    expect(choice).toMatchObject({ way: 'iso', by: 'firmware', unmet: ['iso-arguments'] });
    const closed = of(['iso'], { iso: readIsoOf({ opening: CLOSED }) });
    expect(chooseWay(closed, BIOS, ARGS)).toMatchObject({ way: 'iso', by: 'ipxe', unmet: ['iso-arguments'] });
    expect(chooseWay(ISO, BIOS, PLAIN).rejected).toContainEqual({
      way: 'iso',
      reason: 'the kernel in it is started without a disc',
      remedy: 'write boot: iso to have it as a disc',
    });
    expect(chooseWay(ISO, HTTP, ARGS).rejected).toContainEqual({
      way: 'iso',
      reason: 'kernel arguments are wanted, and an ISO as it is takes none',
    });
  });

  it('is opened, or not started at all, where it is said what of it is', () => {
    const wish = { ...PLAIN, opensIso: true };
    expect([BIOS, UEFI, HTTP].map((starter) => outcome(ISO, starter, wish))).toEqual(Array(3).fill(OPENED));
    const reason = 'the assignment says what of its ISO is started';
    expect(chooseWay(ISO, HTTP, wish).rejected).toEqual([
      expect.objectContaining({ way: 'kernel' }),
      expect.objectContaining({ way: 'uki' }),
      expect.objectContaining({ way: 'opened' }),
      { way: 'iso', reason },
    ]);
    const closed = of(['iso'], { iso: readIsoOf({ opening: CLOSED }) });
    expect(outcome(closed, HTTP, wish)).toBe(NO_KERNEL);
    expect(chooseWay(closed, HTTP, wish).rejected).toContainEqual({ way: 'iso', reason });
    // What was made for booting by network is started all the same.
    expect(outcome(of(['uki', 'iso'], { ...UKI.contents, ...ISO.contents }), HTTP, wish)).toBe('uki by firmware');
  });

  it.each(['iso.kernel', 'iso.initramfs'] as const)('is not opened by what %s names wrongly', (namedBy) => {
    const image = of(['iso'], { iso: readIsoOf({ opening: { ...CLOSED, namedBy } }) });
    expect(outcome(image, UEFI, { ...PLAIN, opensIso: true })).toBe(
      `its ISO cannot be opened: none of its menus names a kernel: correct ${namedBy}, or take iso out of the assignment`,
    );
  });

  it('is taken where the assignment wants it', () => {
    const all = of(['kernel', 'initramfs', 'uki', 'iso'], { ...UKI.contents, ...ISO.contents });
    expect(outcome(all, HTTP, { boot: 'iso', wantsArguments: false })).toBe('iso by firmware');
    expect(outcome(all, UEFI, { boot: 'iso', wantsArguments: false })).toBe(READ);
    const ofBios = of(['uki', 'iso'], { ...UKI.contents, iso: readIsoOf({ firmware: ['bios'] }) });
    expect(outcome(ofBios, UEFI, { boot: 'iso', wantsArguments: false })).toBe(
      'the assignment wants boot: iso, and its ISO has nothing that UEFI boots; boot: auto or uki or kernel boots it',
    );
    expect(outcome(ISO, UEFI, { boot: 'kernel', wantsArguments: false })).toBe(OPENED);
    expect(outcome(UKI, HTTP, { boot: 'iso', wantsArguments: false })).toMatch(
      /^the assignment wants boot: iso, and it has no ISO/,
    );
  });
});

describe('layers of no bytes', () => {
  const emptied = (roles: readonly Role[], empty: Role): Bootable => ({
    artifacts: roles.map((role) => ({ role, descriptor: { size: role === empty ? 0 : 4_096 } })),
  });

  it.each<[Role, readonly Role[], string]>([
    ['kernel', ['kernel', 'initramfs'], 'its kernel is empty: build the image anew, of files that are whole'],
    ['initramfs', ['kernel', 'initramfs'], 'its initramfs is empty: build the image anew, of files that are whole'],
    ['uki', ['uki'], 'its UKI is empty: build the image anew, of files that are whole'],
  ])('are started by nobody: %s', (empty, roles, reason) => {
    for (const starter of [UEFI, HTTP, SECURE]) expect(outcome(emptied(roles, empty), starter, PLAIN)).toBe(reason);
  });

  it('stand against nothing else of the image', () => {
    expect(outcome(emptied(['kernel', 'initramfs', 'uki'], 'uki'), HTTP, PLAIN)).toBe('kernel by ipxe');
    expect(outcome(emptied(['kernel', 'initramfs', 'uki'], 'kernel'), HTTP, PLAIN)).toBe('uki by firmware');
    expect(outcome(emptied(['kernel', 'initramfs', 'squashfs'], 'squashfs'), UEFI, PLAIN)).toBe('kernel by ipxe');
  });
});

describe('chooseWay', () => {
  it.each<[string, Bootable, readonly string[]]>([
    ['layers', LAYERS, ['kernel by ipxe', 'kernel by ipxe', 'kernel by ipxe', 'kernel by ipxe']],
    [
      'a UKI',
      UKI,
      [
        'opened by ipxe',
        'uki by ipxe',
        'Secure Boot is on, and its UKI is not signed: sign it by image build --sign-key; Secure Boot is on, and a kernel out of a UKI is not what was signed',
        'uki by firmware',
      ],
    ],
    ['a signed UKI', SIGNED, ['opened by ipxe', 'uki by ipxe', 'uki by ipxe', 'uki by firmware']],
    [
      'a UKI that could not be read',
      UNREAD,
      [
        'what its UKI holds is not known yet, since its registry did not say: try again',
        'uki by ipxe',
        'uki by ipxe',
        'uki by firmware',
      ],
    ],
    ['everything', BOTH, ['kernel by ipxe', 'kernel by ipxe', 'kernel by ipxe', 'uki by firmware']],
    ['everything, signed', BOTH_SIGNED, ['kernel by ipxe', 'kernel by ipxe', 'uki by ipxe', 'uki by firmware']],
  ])('boots %s on BIOS, UEFI, UEFI with Secure Boot and UEFI HTTP Boot', (_what, image, expected) => {
    expect([BIOS, UEFI, SECURE, HTTP].map((starter) => outcome(image, starter, PLAIN))).toEqual(expected);
  });

  it.each<[string, Bootable, readonly string[]]>([
    ['layers', LAYERS, ['kernel by ipxe', 'kernel by ipxe', 'kernel by ipxe', 'kernel by ipxe']],
    [
      'a UKI',
      UKI,
      [
        'opened by ipxe',
        'opened by ipxe',
        'Secure Boot is on, and a kernel out of a UKI is not what was signed; Secure Boot is on, and its UKI is not signed: sign it by image build --sign-key',
        'opened by ipxe',
      ],
    ],
    ['a signed UKI', SIGNED, ['opened by ipxe', 'opened by ipxe', 'uki by ipxe*', 'uki by firmware*']],
    [
      'a UKI without a command line',
      BARE,
      [
        'opened by ipxe',
        'uki by ipxe',
        'Secure Boot is on, and its UKI is not signed: sign it by image build --sign-key; Secure Boot is on, and a kernel out of a UKI is not what was signed',
        'opened by ipxe',
      ],
    ],
    ['everything', BOTH, ['kernel by ipxe', 'kernel by ipxe', 'kernel by ipxe', 'kernel by ipxe']],
    ['everything, signed', BOTH_SIGNED, ['kernel by ipxe', 'kernel by ipxe', 'uki by ipxe*', 'uki by firmware*']],
  ])('gives %s other arguments on the same four', (_what, image, expected) => {
    expect([BIOS, UEFI, SECURE, HTTP].map((starter) => outcome(image, starter, ARGS))).toEqual(expected);
  });

  it('does as the assignment wants, or says that it cannot', () => {
    const [uki, kernel] = [
      { ...ARGS, boot: 'uki' },
      { ...PLAIN, boot: 'kernel' },
    ] as const;
    expect([UEFI, HTTP].map((starter) => outcome(BOTH, starter, uki))).toEqual(['uki by ipxe*', 'uki by firmware*']);
    expect([UEFI, HTTP].map((starter) => outcome(SIGNED, starter, kernel))).toEqual([
      'opened by ipxe',
      'opened by ipxe',
    ]);
    const wanted = 'the assignment wants boot: uki, and';
    const more = '; boot: auto or kernel boots it';
    expect(outcome(BOTH, BIOS, uki)).toBe(`${wanted} a BIOS starts no UKI as it is${more}`);
    expect(outcome(LAYERS, UEFI, uki)).toBe(`${wanted} it has no UKI: add --uki to image build${more}`);
    // The same, so that check says it once.
    expect(outcome(LAYERS, BIOS, uki)).toBe(outcome(LAYERS, UEFI, uki));
    const none = 'it holds only a disk image, which is written to a disk by an installer and not booted';
    expect(outcome(of(['disk']), UEFI, kernel)).toBe(
      `the assignment wants boot: kernel, and ${none}: add --kernel and --initramfs, or --uki, to image build`,
    );
    const unread = of(['uki'], { uki: { kind: 'refused', reason: 'it is odd' } });
    expect(outcome(unread, UEFI, kernel)).toBe(
      'the assignment wants boot: kernel, and its UKI cannot be opened: it is odd: make another by image build --uki make; boot: auto or uki boots it',
    );
  });

  it.each<[string, Starter, keyof typeof KERNELS, string]>([
    [
      'a kernel without a stub',
      UEFI,
      'bare',
      'its kernel has no EFI stub (CONFIG_EFI_STUB), and UEFI starts none without: give image build one that has',
    ],
    ['a kernel without a stub', BIOS, 'bare', 'kernel by ipxe'],
    [
      'an arm64 kernel',
      BIOS,
      'image',
      'its kernel is for arm64, and the machine is amd64: give image build one for amd64',
    ],
    ['an arm64 kernel', { ...UEFI, architecture: 'arm64' }, 'image', 'kernel by ipxe'],
    ['a zboot kernel', { ...HTTP, architecture: 'arm64' }, 'zboot', 'kernel by ipxe'],
    [
      'a packed kernel',
      UEFI,
      'gzip',
      'its kernel is packed by gzip, which iPXE for amd64 does not unpack: unpack it by gunzip',
    ],
    ['a packed kernel', { ...UEFI, architecture: 'arm64' }, 'gzip', 'kernel by ipxe'],
    ['what nobody knows', BIOS, 'unknown', 'kernel by ipxe'],
  ])('recognises %s', (_what, starter, kernel, expected) => {
    expect(outcome(of(['kernel', 'initramfs'], { kernel: KERNELS[kernel] }), starter, PLAIN)).toBe(expected);
  });

  it('gives a UKI that takes arguments those of its image, by iPXE where firmware has none to give', () => {
    const own = { ...BARE, commandLine: 'console=ttyS0' };
    expect([UEFI, HTTP].map((starter) => outcome(own, starter, PLAIN))).toEqual(['uki by ipxe', 'opened by ipxe']);
    expect(outcome({ ...own, commandLine: '' }, HTTP, PLAIN)).toBe('uki by firmware');
  });

  it('starts nothing that is no program at all, and leaves it to firmware what another is', () => {
    const read = { kind: 'refused', reason: 'it is no program of UEFI' } as const;
    const junk = of(['uki'], { uki: { ...read, isProgram: false } });
    expect([UEFI, HTTP].map((starter) => outcome(junk, starter, PLAIN))).toEqual([
      'its UKI cannot be opened: it is no program of UEFI: make another by image build --uki make',
      'its UKI cannot be opened: it is no program of UEFI: make another by image build --uki make',
    ]);
    expect(outcome(of(['uki'], { uki: read }), HTTP, PLAIN)).toBe('uki by firmware');
  });

  it('tells of a device tree that an opened UKI loses', () => {
    const read = readUkiOf();
    const profile = { ...read.uki.profiles[0], dtb: { offset: 0, length: 1 } };
    const image = of(['uki'], { uki: { ...read, uki: { ...read.uki, profiles: [profile] } } });
    expect(chooseWay(image, BIOS, PLAIN)).toMatchObject({ way: 'opened', unmet: ['dtb'] });
    expect(chooseWay(image, HTTP, PLAIN)).toMatchObject({ way: 'uki', unmet: [] });
  });

  it.each<[string, Starter, WayWish, readonly string[]]>([
    ['layers before opening', BIOS, PLAIN, ['a BIOS starts no UKI as it is', UNOPENED]],
    ['layers before the UKI', UEFI, PLAIN, ['iPXE starts its kernel and initramfs layers', UNOPENED]],
    ['layers for arguments', HTTP, ARGS, ['kernel arguments are given to a kernel that iPXE starts', UNOPENED]],
    ['what is wished', HTTP, { ...PLAIN, boot: 'kernel' }, ['the assignment wants boot: kernel', UNOPENED]],
    ['the firmware', HTTP, PLAIN, [BY_ITSELF, BY_ITSELF]],
  ])('prefers %s of all there is, and says so of the others', (_what, starter, wish, reasons) => {
    expect(chooseWay(BOTH, starter, wish).rejected.map(({ reason }) => reason)).toEqual(reasons);
  });

  it('says why each other way is not taken, and what is lost', () => {
    expect(chooseWay(SIGNED, HTTP, ARGS)).toEqual({
      ...{ kind: 'chosen', way: 'uki', by: 'firmware', unmet: ['arguments'] },
      rejected: [
        { way: 'kernel', reason: 'it has no kernel layer' },
        {
          way: 'opened',
          reason: 'its UKI is signed, and the machine may start nothing else',
          remedy: 'write boot: kernel to have it started so all the same',
        },
      ],
    });
    // What an image does well without is not to be added.
    expect(chooseWay(LAYERS, BIOS, PLAIN).rejected.filter(({ remedy }) => remedy !== undefined)).toEqual([]);
    expect(chooseWay(LAYERS, UEFI, { ...PLAIN, boot: 'uki' }).rejected).toEqual([
      { way: 'kernel', reason: 'the assignment wants boot: uki' },
      ...['uki', 'opened'].map((way) => ({ way, reason: 'it has no UKI', remedy: 'add --uki to image build' })),
    ]);
    const bare = of(['kernel', 'initramfs', 'uki'], { kernel: KERNELS.bare, uki: readUkiOf() });
    expect(chooseWay(bare, UEFI, PLAIN).rejected[0]).toMatchObject({ remedy: 'give image build one that has' });
  });
});
