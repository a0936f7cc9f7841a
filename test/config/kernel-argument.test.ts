import { describe, expect, it } from 'vitest';
import { ASSIGNMENT, read, refusal } from '../fixtures/configuration-texts.js';

const args = (kernelArgs: string) => `${ASSIGNMENT}, kernelArgs: ${kernelArgs} }]`;

describe('kernel arguments', () => {
  it('say who shares them', () => {
    const text = [
      'defaults: { kernelArgs: { preset: talos }, named: { arm: { kernelArgs: { consoles: true } } } }',
      'machines: [{ name: m, kernelArgs: { preset: alpine, append: "a={machine.label.rack-row}" } }]',
      `${ASSIGNMENT}, defaults: arm, kernelArgs: { preset: debian-live } }]`,
    ].join('\n');
    const { defaults, machines, assignments } = read(text).config;
    expect(defaults.kernelArgs).toEqual({ preset: 'talos' });
    expect(machines[0]?.kernelArgs).toEqual({ preset: 'alpine', append: ['a={machine.label.rack-row}'] });
    expect(assignments[0]?.kernelArgs).toEqual([{ consoles: true, from: 'defaults "arm"' }, { preset: 'debian-live' }]);
  });

  it.each([
    'ds=nocloud;s=http://lab/',
    'x=a&&b c=;d',
    'dyndbg=\\"file foo.c +p\\"',
    'root=/dev/disk/by-id/a#b',
    'a\\nb',
    'x={} y={1}',
    '-- single',
    'mac={machine.mac.hyphens} url={server.url} h={server.host} l={machine.label.topology.lab/rack}',
    'init=/nix/store/x$y',
  ])('may be "%s"', (text) => expect(read(args(`{ append: ["${text}"] }`)).config.assignments).toHaveLength(1));

  it('may have a value that is no argument', () => {
    expect(read(args('{ replace: { x: "&&", y: "#a", z: ";" } }')).config.assignments).toHaveLength(1);
  });

  it.each<readonly [string, string]>([
    ['{ append: "quiet #x" }', 'append[0]: "#x" cannot be given by iPXE: iPXE takes it for the start of a comment'],
    ['{ append: "x=${net0/mac}" }', '"x=${net0/mac}" cannot be given by iPXE: iPXE would expand it'],
    ['{ append: ["a", "b && c"] }', 'append[1]: "&&" cannot be given by iPXE'],
    ['{ append: ";" }', '";" cannot be given by iPXE: iPXE takes a lone ";" for the end of the command'],
    ['{ append: "a\\\\" }', 'iPXE takes a backslash at the end for a joined line'],
    [
      '{ append: "a\\x01" }',
      'it holds a character that is not printable ASCII: leave it out, or write it without that',
    ],
    ['{ append: "name=é" }', '"name=é" cannot be given by iPXE'],
    ['{ replace: { "#x": y } }', 'replace.#x: "#x=y" cannot be given by iPXE'],
    ['{ replace: { x: "a || b" } }', 'replace.x: "||" cannot be given by iPXE'],
    ['{ append: "x={machine.hostnam}" }', '"{machine.hostnam}" is no placeholder, did you mean {machine.hostname}?'],
    ['{ append: "x={foo.bar}" }', '"{foo.bar}" is no placeholder; known: {machine.name}, {machine.mac}'],
    ['{ replace: { x: "{image.diges}" } }', 'did you mean {image.digest}?'],
    ['{ append: "kernel={blob.kernel.url}" }', '"{blob.kernel.url}" is not in this version'],
    ['{ append: "x={blob.kernel.url}" }', '"{blob.kernel.url}" is not in this version'],
    ['{ preset: debian }', 'kernelArgs.preset: must be garden-linux or'],
    ['{ preset: debian-life }', 'did you mean "debian-live"?'],
    ['{ consoles: false }', 'kernelArgs.consoles: must be true, or be left out'],
    ['{ console: true }', 'unknown key "console", did you mean "consoles"?'],
  ])('%s is refused', (kernelArgs, message) => expect(refusal(args(kernelArgs))).toContain(message));
});
