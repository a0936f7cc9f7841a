import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { bootArguments } from '../src/boot/boot-arguments.js';
import { readConfigText } from '../src/config/read.js';
import { roomForArguments } from '../src/image/argument-room.js';
import { knownPlaceholders } from '../src/image/placeholders.js';
import { PRESETS } from '../src/image/preset-name.js';
import { Inventory } from '../src/machine/inventory.js';
import { facts, UUID } from './fixtures/mappings.js';
import { resolvedImage } from './fixtures/plans.js';

const README = readFileSync(new URL('../README.md', import.meta.url), 'utf8');
const [, SECTION = ''] = /\n### Kernel arguments\n([\s\S]*?)\n## /.exec(README) ?? [];
const EXAMPLES = [...SECTION.matchAll(/```yaml\n# example: arguments: (.+)\n([\s\S]*?)```/g)].map(
  ([, name = '', text = '']) => ({ name, text }),
);
/** What the README says an example makes, and of which arguments of the image. */
const said = (text: string, key: string) => new RegExp(`^# ${key}: (.*)$`, 'm').exec(text)?.[1];

function merged(text: string): string {
  const { config, warnings } = readConfigText(text, '/etc/bootlayer/bootlayer.yaml', {});
  expect(warnings).toEqual([]);
  const subject = new Inventory(config.machines).identify(facts({ uuid: UUID, architecture: 'amd64' }));
  const [assignment = expect.unreachable('no assignment')] = config.assignments;
  const image = resolvedImage(['kernel', 'initramfs', 'squashfs']);
  const commandLine = said(text, 'of an image that says') ?? 'quiet';
  const args = bootArguments(
    { subject, assignment, defaults: config.defaults.kernelArgs, image },
    { from: 'image', commandLine },
  );
  return args.kind === 'arguments' ? args.words.map((word) => word.text).join(' ') : args.reason;
}

describe('what the README says of kernel arguments', () => {
  it('has an example of each preset', () => {
    expect(EXAMPLES.map(({ name }) => name)).toEqual(['who says what', ...PRESETS]);
  });

  it.each(EXAMPLES)('is what they become: $name', ({ text }) => expect(merged(text)).toBe(said(text, 'makes')));

  it('tells of each preset, and what it adds', () => {
    const [, table = ''] = /\n\| `preset` \| adds \| needs \|\n\| --- .*\n([\s\S]*?)\n\n/.exec(SECTION) ?? [];
    const rows = table.split('\n').map((row) => [...row.matchAll(/`([^`]+)`/g)].map(([, code = '']) => code));
    expect(rows.map(([name]) => name)).toEqual(PRESETS);
    for (const [name = '', ...codes] of rows) {
      const text = `assignments: [{ name: a, match: {}, image: "lab:5000/os:1", kernelArgs: { preset: ${name} } }]`;
      const words = merged(text).split(' ').slice(1);
      const told = codes.join(' ').split(' ');
      expect(told.slice(0, words.length), name).toEqual(words);
    }
  });

  it('names every placeholder', () => {
    const [, table = ''] = /\n\| placeholder \| becomes \|\n\| --- .*\n([\s\S]*?)\n\n/.exec(SECTION) ?? [];
    const names = table.split('\n').flatMap((row) => [...(row.split('|')[1] ?? '').matchAll(/\{([^}]+)\}/g)]);
    expect(names.map(([, name]) => name).toSorted()).toEqual([...knownPlaceholders()].toSorted());
  });

  it('says how many bytes there are', () => {
    const rooms = ['amd64', 'arm64', 'arm', 'riscv64', 'loong64', 's390x'].map((one) => roomForArguments(one));
    expect(rooms).toEqual([2_025, 2_025, 1_001, 1_001, 4_073, 489]);
    expect(SECTION).toContain('2025 on amd64 and arm64, 1001 on arm and riscv64, 4073 on loong64, 489 elsewhere');
  });
});
