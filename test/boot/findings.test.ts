import { describe, expect, it } from 'vitest';
import { type BootStep, newBoot, type StepEvent, withStep } from '../../src/boot/boot.js';
import { type Expected, FINDINGS, type FindingName } from '../../src/boot/finding.js';
import { findingsOf } from '../../src/boot/findings.js';
import type { RefusedProvision } from '../../src/boot/provision-event.js';
import { Trace } from '../../src/boot/trace.js';
import type { ErrorCode } from '../../src/errors.js';
import type { SelectorKey } from '../../src/machine/selector.js';
import { BOOT_STEPS as STEP } from '../fixtures/boot-steps.js';

const SECOND = 1_000;
const HOUR = 3_600 * SECOND;
const NOTHING: Expected = { configuration: false, done: false };

/** A second apart, looked at so long after the last of them. */
function found(events: readonly StepEvent[], { after = 0, expected = NOTHING } = {}) {
  const steps: readonly BootStep[] = events.map((event, at) => ({ at: at * SECOND, event }));
  const boot = steps.reduce(withStep, newBoot('b1', 'node-01', 0));
  const now = (events.length - 1) * SECOND + after;
  return findingsOf({ boot, trace: Trace.of(steps), expected, now });
}

const names = (...input: Parameters<typeof found>): readonly FindingName[] =>
  found(...input).map(({ finding }) => finding);

const HTTP = { ...STEP.discover, firmware: 'uefi-http', answer: 'http://10.0.0.1/boot/boot.efi' } as const;
const MACHINE = { machine: 'node-01', address: '10.0.0.7' } as const;
const LOADER = { ...MACHINE, protocol: 'tftp', file: 'snponly.efi' } as const;
const ABORTED = {
  event: 'loader.aborted',
  ...LOADER,
  bytes: 1_468,
  seconds: 9,
  reason: 'the client does not answer',
} as const;
const GONE = { event: 'file.refused', ...MACHINE, protocol: 'http', file: 'blobs/sha256/ab/vmlinuz' } as const;
const REFUSED = {
  event: 'provision.refused',
  ...MACHINE,
  document: 'config.ign',
  why: 'expired',
  reason: 'its time is over',
} as const;
const WAITS = { event: 'script.waiting', ...MACHINE, attempt: 1 } as const;
const SENT = { event: 'provision.sent', ...MACHINE, document: 'x', bytes: 1 } as const;
const LOCAL = { event: 'script.local', ...MACHINE, assignment: 'all', why: 'doubted', reason: 'not known' } as const;
const FILE = { event: 'file.refused', ...LOADER } as const;
const SHORTAGE = { needed: 2 ** 30, has: 2 ** 29 };
const STARTED = [STEP.script, STEP.kernelStarted, STEP.kernelSent, STEP.initramfsStarted, STEP.initramfsSent];
const { isUnassigned: _unassigned, ...OTHERWISE } = STEP.refused;
const refusedBy = (code: ErrorCode) => ({ ...OTHERWISE, code });

const IPXE = { ...STEP.ipxeDiscover, answer: 'http://10.0.0.1/boot.ipxe' } as const;
const { image: _none, ...UNASSIGNED } = {
  ...STEP.waiting,
  reason: 'no assignment matches this machine',
  isUnassigned: true,
} as const;

/** What is seen of a boot that stops there, and when it is certain that it does. */
const STOPS: readonly (readonly [FindingName, readonly StepEvent[], number?, Partial<Expected>?])[] = [
  ['answer-ignored', [STEP.discover], 30 * SECOND],
  ['answer-ignored', [STEP.discover, STEP.loader, IPXE], 60 * SECOND],
  ['other-server-won', [STEP.discover, { event: 'dhcp.elsewhere', machine: 'node-01', server: '10.0.0.2' }]],
  ['http-boot-refused', [HTTP], 30 * SECOND],
  [
    'loader-repeated',
    [
      STEP.discover,
      STEP.loader,
      { event: 'loader.repeated', machine: 'node-01', mac: 'a', loader: 'x', times: 6, seconds: 9 },
    ],
  ],
  ['loader-aborted', [STEP.discover, ABORTED]],
  ['loader-unanswered', [STEP.discover, { event: 'file.unanswered', ...LOADER }]],
  ['loader-not-started', [STEP.discover, STEP.loader], 60 * SECOND],
  [
    'loader-of-other-architecture',
    [
      { ...STEP.discover, platform: 'UEFI arm64' },
      { ...STEP.loader, platform: 'UEFI amd64' },
    ],
  ],
  ['file-refused', [STEP.discover, { event: 'file.refused', ...LOADER, reason: 'there is no such file' }]],
  ['file-refused', [STEP.script, { event: 'file.refused', ...LOADER, reason: 'there is no such file' }]],
  ['assignment-missing', [STEP.discover, STEP.refused]],
  ['assignment-missing', [{ ...WAITS, reason: STEP.refused.reason, isUnassigned: true }]],
  ['boot-refused', [STEP.discover, { ...OTHERWISE, reason: 'its configuration cannot be written' }]],
  ['assignment-missing', [STEP.discover, UNASSIGNED]],
  ['assignment-missing', [{ ...STEP.unanswered, why: 'unassigned' }]],
  ['loader-missing', [{ ...STEP.unanswered, why: 'no-loader', reason: 'ipxe-arm64.efi is missing' }]],
  ['assignment-undecided', [{ ...STEP.refused, undecided: { assignment: 'racks', facts: ['serial'] } }]],
  ['clock-unset', [{ ...WAITS, reason: 'it says 1970', unsure: 'clock' }]],
  ['clock-unset', [{ ...LOCAL, unsure: 'clock' }]],
  ['standing-unknown', [{ ...WAITS, reason: 'the state is another', unsure: 'standing' }]],
  ['boot-refused', [{ ...WAITS, reason: 'there is no room', unsure: 'room' }]],
  ['image-waiting', [STEP.waiting], 120 * SECOND],
  ['boot-refused', [{ ...WAITS, reason: 'its assignment is out of force' }]],
  ['image-missing', [refusedBy('IMAGE_NOT_FOUND')]],
  ['image-unusable', [refusedBy('IMAGE_INVALID')]],
  ['architecture-missing', [refusedBy('IMAGE_NO_PLATFORM')]],
  ['registry-denied', [refusedBy('REGISTRY_DENIED')]],
  ['registry-unreachable', [{ ...STEP.waiting, code: 'REGISTRY_UNREACHABLE' }]],
  ['registry-unreachable', [{ ...STEP.replaced, code: 'REGISTRY_UNREACHABLE' }, STEP.loader]],
  ['digest-mismatch', [STEP.script, STEP.kernelStarted, { ...STEP.kernelAborted, code: 'DIGEST_MISMATCH' }]],
  ['disk-full', [STEP.script, { ...GONE, reason: 'no room', code: 'DISK_FULL' }]],
  ['state-unusable', [refusedBy('DATA_UNUSABLE')]],
  ['script-without-kernel', [STEP.discover, STEP.loader, STEP.script], 30 * SECOND],
  ['script-without-kernel', [HTTP, STEP.uki], 30 * SECOND],
  ['file-unknown', [STEP.script, { ...GONE, reason: 'nothing leads to it', code: 'BLOB_UNKNOWN' }]],
  ['download-aborted', [STEP.script, STEP.kernelStarted, STEP.kernelAborted]],
  ['memory-short', [{ ...STEP.script, shortage: SHORTAGE }]],
  ['configuration-not-fetched', STARTED, 600 * SECOND, { configuration: true }],
  ['configuration-refused', [...STARTED, REFUSED]],
  ['done-not-reported', STARTED, HOUR, { done: true }],
  ['identity-doubted', [STEP.script, { event: 'identity.mismatch', ...MACHINE, reason: 'another card answers there' }]],
  [
    'machine-contradicted',
    [{ event: 'machine.contradicted', ...MACHINE, knownBy: 'uuid', others: 'serial of node-02' }],
  ],
  [
    'attempts-used-up',
    [{ event: 'boot.held', machine: 'node-01', assignment: 'all', reason: 'it was booted 3 times' }],
  ],
];

describe('findingsOf', () => {
  it.each(STOPS.map((stop) => ({ name: stop[0], stop })))('finds $name', ({ stop: [name, steps, after = 0, more] }) => {
    const expected = { ...NOTHING, ...more };
    expect(names(steps, { after, expected })).toEqual([name]);
    // Before it is certain there is nothing to say.
    if (after > 0) expect(names(steps, { after: after - 5 * SECOND, expected })).toEqual([]);
  });

  it('has each of them shown here', () => {
    const shown = new Set(STOPS.map(([name]) => name));
    expect(Object.keys(FINDINGS).filter((name) => !shown.has(name as FindingName))).toEqual([]);
  });

  it.each([
    ['firmware has its loader', [STEP.discover, STEP.discover, STEP.discover, STEP.loader]],
    ['a loader comes at the second try', [STEP.discover, ABORTED, STEP.loader]],
    ['a script is asked for', [STEP.discover, ABORTED, STEP.script]],
    ['the kernel is on its way', [STEP.discover, STEP.loader, STEP.script, STEP.kernelStarted]],
    [
      'the system has its configuration, wherever its kernel is from',
      [STEP.script, { event: 'provision.sent', ...MACHINE, document: 'x', bytes: 1 } as const],
      30 * SECOND,
    ],
    ['a download was taken up again', [STEP.script, STEP.kernelStarted, STEP.kernelAborted, STEP.kernelStarted]],
    [
      'a file is there at the second try',
      [STEP.script, { ...GONE, reason: 'no', code: 'BLOB_UNAVAILABLE' as const }, STEP.kernelStarted],
    ],
    [
      'firmware tried UEFI before BIOS',
      [
        { ...STEP.discover, platform: 'UEFI amd64' },
        { ...STEP.discover, firmware: 'bios', platform: 'BIOS' },
        { ...STEP.loader, platform: 'BIOS' },
      ],
    ],
    ['two relays hand each question on', [STEP.discover, STEP.discover, STEP.discover, STEP.discover]],
    [
      'what was fetched before a reset breaks off',
      [STEP.script, STEP.kernelStarted, STEP.script, STEP.kernelStarted, STEP.kernelAborted],
    ],
    ['the image is fetched for the first time', [STEP.waiting, STEP.waiting]],
    ['the image has come', [STEP.waiting, STEP.script]],
    ['a UKI is given after all', [{ ...STEP.replaced, code: 'REGISTRY_UNREACHABLE' as const }, STEP.uki]],
    [
      'a configuration is handed out at the second try',
      [...STARTED, REFUSED, { event: 'provision.sent', ...MACHINE, document: 'x', bytes: 1 } as const],
    ],
    [
      'it is done',
      [
        ...STARTED,
        { ...GONE, reason: 'no' },
        { event: 'boot.done', machine: 'node-01', boot: 'b1', by: 'report' } as const,
      ],
    ],
  ] satisfies readonly (readonly [string, readonly StepEvent[], number?])[])(
    'has nothing to say where %s',
    (_what, steps, after = 0) => {
      expect(names(steps, { after })).toEqual([]);
    },
  );

  it.each([
    ['a machine is sent to its disk by DHCP', [{ ...STEP.unanswered, why: 'local' as const }]],
    ['a system asks for more documents than there need be', [...STARTED, SENT, { ...REFUSED, why: 'absent' as const }]],
  ] satisfies readonly (readonly [string, readonly StepEvent[]])[])('has nothing to say where %s', (_what, steps) => {
    expect(names(steps)).toEqual([]);
  });

  it.each([
    [['serial', 'asset'], 'let its firmware say that (SMBIOS), and its iPXE report it'],
    [['mac'], 'let its iPXE begin with /boot.ipxe'],
    [['uuid', 'mac'], 'let its iPXE begin with /boot.ipxe'],
  ] satisfies readonly (readonly [readonly SelectorKey[], string])[])('says who is to report %s', (facts, remedy) => {
    const [finding] = found([{ ...STEP.refused, undecided: { assignment: 'racks', facts } }]);
    expect(finding?.remedy).toContain(remedy);
  });

  it('says of what is not handed out what helps', () => {
    const remedy = (why: RefusedProvision) => found([...STARTED, { ...REFUSED, why }])[0]?.remedy;
    expect(remedy('expired')).toBe('boot the machine anew: it is given another URL then');
    expect(remedy('absent')).toContain('its URL is still good');
    expect(remedy('foreign')).toContain('"mac"');
  });

  it('names a file as it was asked for, and shows no control characters of it', () => {
    const [refused] = found([STEP.discover, { ...FILE, file: 'a\u001b[2J', reason: 'there is no such file' }]);
    expect(refused?.evidence).toBe('10.0.0.7 asked for "a\\u001b[2J" by TFTP: there is no such file');
  });

  it('says what was seen, and what to do', () => {
    expect(found([STEP.discover, ABORTED])).toEqual([
      {
        finding: 'loader-aborted',
        at: SECOND,
        evidence: 'snponly.efi broke off by TFTP after 1.4 KiB: the client does not answer',
        remedy: expect.stringContaining('loss on its link') as string,
      },
    ]);
    const [large] = found([STEP.discover, { ...ABORTED, blksize: 8_192 }]);
    expect([large?.evidence, large?.remedy]).toEqual([
      'snponly.efi broke off by TFTP after 1.4 KiB in blocks of 8192 bytes: the client does not answer',
      expect.stringContaining('fragments'),
    ]);
    const https = { ...HTTP, answer: 'https://10.0.0.1/boot/boot.efi' };
    expect(found([https], { after: 31 * SECOND })[0]?.remedy).toContain('certificate authority');
    expect(found([STEP.discover], { after: 31 * SECOND })[0]?.evidence).toBe(
      'x64 UEFI by PXE was told 1 time to load snponly.efi, the last time 31.0 s ago, and asked for nothing',
    );
  });

  it('has the remedy for a file that is not there by whose it is', () => {
    const remedy = (more: { readonly code?: ErrorCode; readonly platform?: string }) =>
      found([{ event: 'file.refused', ...LOADER, reason: 'none', ...more }])[0]?.remedy;
    const platform = 'UEFI amd64';
    expect(remedy({ code: 'NOT_FOUND', platform })).toBe(
      'put that build of iPXE into a folder in which this server looks for it (npm run ipxe, or ipxe.binaries)',
    );
    for (const other of [{ code: 'NOT_FOUND' }, { code: 'INTERNAL', platform }, { platform }] as const)
      expect(remedy(other)).toContain('where another server tells it what to load');
  });

  it('says what firmware does not fetch, and that it is iPXE that gets nowhere', () => {
    const [uki] = found([{ ...STEP.uki, isIso: true }], { after: 31 * SECOND });
    expect(uki?.evidence).toBe('the firmware at 10.0.0.7 was told of the ISO 31.0 s ago, and does not fetch it');
    const [ipxe] = found([STEP.discover, STEP.loader, IPXE], { after: 61 * SECOND });
    expect(ipxe?.evidence).toContain('iPXE was told 1 time to load http://10.0.0.1/boot.ipxe');
    expect(ipxe?.remedy).toContain('iPXE runs');
  });

  it('says nothing of a boot whose system is done by its start', () => {
    const [script, ...rest] = STARTED;
    const events = [{ ...script, isDoneByStart: true }, ...rest] as readonly StepEvent[];
    expect(names(events, { after: HOUR, expected: { configuration: false, done: true } })).toEqual([]);
  });
});
