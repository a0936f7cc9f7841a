import { expect, it } from 'vitest';
import type { Assignment } from '../../src/boot/assignment.js';
import { BootUrls } from '../../src/booter/boot-urls.js';
import { prepareBoot } from '../../src/booter/preparation.js';
import { writePreparation } from '../../src/cli/planned-way.js';
import type { Client } from '../../src/image/bootable.js';
import type { ResolvedImage } from '../../src/image/image.js';
import type { OpenedIso } from '../../src/image/iso-opening.js';
import { OPENED_ISO, readIsoOf, readUkiOf } from '../fixtures/contents.js';
import { assignment, facts } from '../fixtures/mappings.js';
import { resolvedImage } from '../fixtures/plans.js';

const UKI = resolvedImage(['uki'], { contents: { uki: readUkiOf({ commandLine: 'quiet' }) }, commandLine: '' });

const appending = (...append: readonly string[]) => ({ kernelArgs: [{ append }] });

function written(image: ResolvedImage, client: Client, more: Partial<Assignment> = {}): readonly string[] {
  const subject = { name: 'node-01', contradictions: [], mayBeKnown: false, facts: facts({ architecture: 'amd64' }) };
  const prepared = prepareBoot({ subject, assignment: assignment(more) }, image, {
    defaults: {},
    urls: new BootUrls(() => 'http://10.0.2.2:8080'),
    starter: { client, architecture: 'amd64' },
  });
  const lines: string[] = [];
  writePreparation({ terminal: false, write: (text) => void lines.push(text) }, { ...prepared, image });
  return lines.join('').trimEnd().split('\n');
}

it('says what starts the machine, why nothing else does, and whose each argument is', () => {
  const lines = written(UKI, 'ipxe-uefi', appending('debug'));
  expect(lines).toEqual([
    expect.stringMatching(/^ {2}plan {6}sha256:[0-9a-f]{64}$/),
    '  starts    kernel, initramfs and command line out of its UKI, by iPXE',
    '  memory    needs at least 4.0 KiB: its kernel, and its initramfs packed and unpacked',
    '  not       its kernel and initramfs layers: it has no kernel layer',
    '  not       its UKI as it is: kernel arguments are given to a kernel that iPXE starts',
    'kernel arguments',
    '  ARGUMENT  FROM',
    '  quiet     uki',
    '  debug     assignment',
  ]);
});

it('says what of an ISO is started, and how that was found', () => {
  const iso = { files: { kernel: '/live/vmlinuz', initramfs: ['/live/initrd.img'] }, kernelArgs: 'own' };
  const image = (opening: Partial<OpenedIso>) =>
    resolvedImage(['iso'], {
      commandLine: '',
      contents: { iso: readIsoOf({ opening: { ...OPENED_ISO, ...opening } }) },
    });
  const found = (lines: readonly string[]) => lines.filter((line) => line.startsWith('  found'));
  expect(found(written(image({}), 'ipxe-bios'))).toEqual([
    '  found     by /boot/grub/grub.cfg, entry "Live": /live/vmlinuz, /live/initrd.img',
  ]);
  const wished = written(image({ by: 'assignment' }), 'ipxe-bios', { iso });
  expect(found(wished)).toEqual(['  found     by the assignment: /live/vmlinuz, /live/initrd.img']);
  expect(wished.slice(-2)).toEqual(['  ARGUMENT  FROM', '  own       assignment iso']);
  expect(found(written(image({}), 'uefi-http'))).toEqual([]);
});

it('says that its firmware starts it, or is given iPXE', () => {
  expect(written(UKI, 'uefi-http')[1]).toBe('  starts    its UKI as it is, by its firmware');
  const [loader = '', , starts] = written(UKI, 'uefi-http', appending('debug'));
  expect(loader).toMatch(/^ {2}loader {4}its firmware is given iPXE: .* is started by iPXE: kernel arguments /);
  expect(starts).toContain('out of its UKI, by iPXE');
});

it('says how much memory an ISO takes that iPXE reads as a disc, where that is known, and else nothing of it', () => {
  const memoryOf = (contents: ResolvedImage['contents'] = {}) =>
    written(resolvedImage(['iso'], { commandLine: '', contents }), 'ipxe-bios', { boot: 'iso' }).filter((line) =>
      line.startsWith('  memory'),
    );
  expect(memoryOf({ iso: readIsoOf() })).toEqual([
    '  memory    needs at least 4.0 KiB: the kernel and initramfs in its ISO',
  ]);
  expect(memoryOf()).toEqual([]);
});

it('says that there are no arguments', () => {
  expect(written(resolvedImage(['kernel', 'initramfs'], { commandLine: '' }), 'ipxe-bios').at(-1)).toBe(
    'no kernel arguments',
  );
});

it('says why nothing is booted, by each way, and lets nothing through that drives a terminal', () => {
  const lines = written(resolvedImage(['disk'], { reference: 'lab:5000/\u001b[2J' }), 'ipxe-bios');
  expect(lines[0]).toMatch(/^nothing is booted: lab:5000\/\?\[2J cannot be booted: it holds only a disk image/);
  expect(lines.slice(1).map((line) => line.slice(0, 30))).toEqual([
    '  not       its kernel and ini',
    '  not       its UKI as it is: ',
    '  not       kernel, initramfs ',
  ]);
  expect(lines[2]).toBe('  not       its UKI as it is: it has no UKI: add --uki to image build');
});

it.each([
  ['machine.serial', ['  a machine may report {machine.serial} itself: say here by --serial what it reports']],
  ['machine.label.rack', []],
])('says by which option that is said which a machine reports: %s', (name, told) => {
  const lines = written(resolvedImage(), 'ipxe-bios', appending(`s={${name}}`));
  expect(lines[0]).toContain(`hold {${name}}, which is not known of node-01`);
  expect(lines.filter((line) => line.includes('may report'))).toEqual(told);
});
