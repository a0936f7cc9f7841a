import { expect, it } from 'vitest';
import { BootUrls } from '../../src/booter/boot-urls.js';
import { prepareBoot } from '../../src/booter/preparation.js';
import { writePreparation } from '../../src/cli/planned-way.js';
import type { Client } from '../../src/image/bootable.js';
import type { ResolvedImage } from '../../src/image/image.js';
import { readUkiOf } from '../fixtures/contents.js';
import { assignment, facts } from '../fixtures/mappings.js';
import { resolvedImage } from '../fixtures/plans.js';

const UKI = resolvedImage(['uki'], { contents: { uki: readUkiOf({ commandLine: 'quiet' }) }, commandLine: '' });

function written(image: ResolvedImage, client: Client, append: readonly string[] = []): readonly string[] {
  const subject = { name: 'node-01', contradictions: [], mayBeKnown: false, facts: facts({ architecture: 'amd64' }) };
  const prepared = prepareBoot({ subject, assignment: assignment({ kernelArgs: [{ append }] }) }, image, {
    defaults: {},
    urls: new BootUrls(() => 'http://10.0.2.2:8080'),
    starter: { client, architecture: 'amd64' },
  });
  const lines: string[] = [];
  writePreparation({ terminal: false, write: (text) => void lines.push(text) }, prepared);
  return lines.join('').trimEnd().split('\n');
}

it('says what starts the machine, why nothing else does, and whose each argument is', () => {
  const lines = written(UKI, 'ipxe-uefi', ['debug']);
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

it('says that its firmware starts it, or is given iPXE', () => {
  expect(written(UKI, 'uefi-http')[1]).toBe('  starts    its UKI as it is, by its firmware');
  const [loader = '', , starts] = written(UKI, 'uefi-http', ['debug']);
  expect(loader).toMatch(/^ {2}loader {4}its firmware is given iPXE: .* is started by iPXE: kernel arguments /);
  expect(starts).toContain('out of its UKI, by iPXE');
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
  const lines = written(resolvedImage(), 'ipxe-bios', [`s={${name}}`]);
  expect(lines[0]).toContain(`hold {${name}}, which is not known of node-01`);
  expect(lines.filter((line) => line.includes('may report'))).toEqual(told);
});
