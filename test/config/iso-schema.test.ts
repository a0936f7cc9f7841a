import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isoSchema } from '../../src/config/iso-schema.js';
import { ASSIGNMENT, FILE, read, refusal } from '../fixtures/configuration-texts.js';

const isoIn = (iso: string, more = '') => read(`${ASSIGNMENT}, iso: ${iso}${more} }]`).config.assignments[0]?.iso;
const problemIn = (iso: string, more = '') => refusal(`${ASSIGNMENT}, iso: ${iso}${more} }]`);

describe('what an assignment says of an ISO', () => {
  it.each<[string, object]>([
    ['{ kernel: /casper/vmlinuz }', { files: { kernel: '/casper/vmlinuz', initramfs: [] } }],
    [
      '{ kernel: casper//vmlinuz/, initramfs: /casper/initrd }',
      { files: { kernel: '/casper/vmlinuz', initramfs: ['/casper/initrd'] } },
    ],
    [
      '{ kernel: "/a b/..k", initramfs: [microcode.img, /initrd] }',
      { files: { kernel: '/a b/..k', initramfs: ['/microcode.img', '/initrd'] } },
    ],
    ['{ kernelArgs: "boot=live quiet" }', { kernelArgs: 'boot=live quiet' }],
    [
      '{ kernel: /k, kernelArgs: [boot=live, "url={blob.iso.url}"] }',
      { files: { kernel: '/k', initramfs: [] }, kernelArgs: 'boot=live url={blob.iso.url}' },
    ],
  ])('is %s', (written, meant) => {
    expect(isoIn(written)).toEqual(meant);
  });

  it.each<[string, string]>([
    ['{}', 'iso: says nothing: name kernel, initramfs or kernelArgs, or leave the key out'],
    ['/casper/vmlinuz', 'iso: must be a mapping of kernel, initramfs, kernelArgs'],
    ['{ initramfs: /initrd }', 'iso.initramfs: says nothing without kernel: name the kernel that it is for'],
    ['{ kernel: / }', 'iso.kernel: "/" names no file: write its path in the ISO, such as /casper/vmlinuz'],
    ['{ kernel: "" }', 'iso.kernel: must not be empty'],
    ['{ kernel: /a/../k }', 'iso.kernel: "/a/../k" must not hold "." or ".."'],
    ['{ kernel: ./k }', 'iso.kernel: "./k" must not hold "." or "..": write the path from the root of the ISO'],
    ['{ kernel: "/k\\u001b[2J" }', 'iso.kernel: must not hold invisible characters'],
    ['{ kernel: "/k\\u202e" }', 'iso.kernel: must not hold invisible characters'],
    [`{ kernel: /${'k'.repeat(1_024)} }`, 'iso.kernel: must not be longer than 1024 characters'],
    ['{ kernel: 5 }', 'iso.kernel: must be text: quote it'],
    ['{ kernel: /k, initramfs: [] }', 'iso.initramfs: the list is empty'],
    [
      `{ kernel: /k, initramfs: [${Array.from({ length: 17 }, (_none, at) => `i${at}`).join(', ')}] }`,
      'iso.initramfs: must not name more than 16 files',
    ],
    ['{ kernel: /k, initrd: /i }', 'iso.initrd: unknown key "initrd"'],
    ['{ kernelArgs: "{machine.nothing}" }', 'iso.kernelArgs[0]: "{machine.nothing}" is no placeholder'],
  ])('is not %s', (written, problem) => {
    expect(problemIn(written)).toContain(problem);
    expect(problemIn(written)).toContain(FILE);
  });

  it.each([
    ['iso', 'all of the ISO is started'],
    ['uki', 'its UKI is started'],
  ])('is refused beside boot: %s, by which nothing of it is looked for', (boot, what) => {
    const problem = `iso: says nothing beside boot: ${boot}, by which ${what}: leave one of the two out`;
    expect(problemIn('{ kernel: /k }', `, boot: ${boot}`)).toContain(problem);
    expect(isoIn('{ kernel: /k }', ', boot: kernel')).toBeDefined();
  });

  const written = fc
    .array(fc.constantFrom('/', '//', '.', '..', 'k', 'é', ' ', '\0', '\n', '\x7f', '\u200b'), { maxLength: 12 })
    .map((pieces) => pieces.join(''));

  it('leads nowhere but into the ISO, whatever is written', () => {
    fc.assert(
      fc.property(written, (kernel) => {
        const { data } = isoSchema.safeParse({ kernel });
        if (data === undefined) return;
        expect(data.kernel).toMatch(/^(\/[^/\p{Cc}]+)+$/u);
        expect(data.kernel?.split('/')).not.toContain('..');
      }),
    );
  });
});
