import { describe, expect, it } from 'vitest';
import { gatherFiles, joinFiles, readMainFile } from '../../src/config/read.js';
import { BootlayerError } from '../../src/errors.js';
import { MAC } from '../fixtures/mappings.js';

const FILE = '/etc/bootlayer/bootlayer.yaml';

describe('included files', () => {
  const OTHER = '/etc/bootlayer/mappings.d/rack.yaml';
  const join = (main: string, ...others: string[]) =>
    joinFiles(
      gatherFiles(
        readMainFile({ file: FILE, text: main }, {}),
        others.map((text, position) => ({
          ...{ kind: 'text', file: position === 0 ? OTHER : `${OTHER}${position}` },
          ...{ bytes: Buffer.from(text), text },
        })),
      ),
    );
  const refused = (main: string, ...others: string[]) => {
    try {
      join(main, ...others);
    } catch (thrown) {
      return thrown instanceof BootlayerError ? thrown.message.split('\n').map((line) => line.trim()) : [];
    }
    throw new Error('the configuration was accepted');
  };

  it('add their machines and assignments, their folders being relative to themselves', () => {
    const { config } = join(
      'machines: [{ name: a }]\ninclude: mappings.d/*.yaml',
      'machines: [{ name: b }]\nassignments: [{ name: x, match: { machine: [a, b] }, image: oci:images/os:1 }]',
      '',
    );
    expect(config.machines.map(({ name }) => name)).toEqual(['a', 'b']);
    expect(config.assignments[0]?.image).toMatchObject({ folder: '/etc/bootlayer/mappings.d/images/os' });
  });

  it('tell all problems of all files at once, each with its own file, line and column', () => {
    expect(
      refused('http: { lissten: 1 }\ndata: 5', 'machines:\n  - { name: a, serial: 012 }\ninclude: x', '- a'),
    ).toEqual([
      `${FILE} has 5 problems:`,
      `${FILE}:1:9: http.lissten: unknown key "lissten", did you mean "listen"?`,
      `${FILE}:2:7: data: must be text: quote it, "5"`,
      `${OTHER}:2:24: machines[0].serial: must be text: quote it, "012"`,
      `${OTHER}:3:1: include: unknown key "include"; known here: machines, assignments`,
      `${OTHER}1:1:1: must be a mapping of machines, assignments`,
    ]);
  });

  it('that cannot be had, or found, are problems like others, where they are named', () => {
    const main = readMainFile({ file: FILE, text: 'data: 5\ninclude:\n  - none.yaml\n  - x/*.yaml\n' }, {});
    const missing = { kind: 'unreadable', file: '/etc/bootlayer/none.yaml', why: 'ENOENT' } as const;
    const found = { path: ['include', 1], message: 'cannot read the folder /etc/bootlayer/x (EACCES)' };
    expect(() => joinFiles(gatherFiles(main, [missing]), [found])).toThrow(
      [
        `${FILE} has 3 problems:`,
        `${FILE}:1:7: data: must be text: quote it, "5"`,
        `${FILE}:2:1: include: cannot read /etc/bootlayer/none.yaml (ENOENT)`,
        `${FILE}:4:5: include[1]: cannot read the folder /etc/bootlayer/x (EACCES)`,
      ].join('\n  '),
    );
  });

  it('may not say again what another file says: both are named', () => {
    expect(refused(`machines: [{ name: a, mac: "${MAC}" }]`, `machines:\n- { name: b, mac: "${MAC}" }`)).toEqual([
      `${OTHER}:2:19: machines[0].mac: the MAC ${MAC} is taken by a, machines[0] (${FILE}:1)`,
    ]);
  });

  it('need a registry as any other', () => {
    expect(refused('', 'assignments: [{ name: x, match: {}, image: os:1 }]')[0]).toContain(
      `${OTHER}:1:44: assignments[0].image: "os:1" names no registry`,
    );
  });

  it('print no more than a screen or so of problems, and keep the rest', () => {
    const many = `machines:\n${'- { name: "a b" }\n'.repeat(500)}`;
    const lines = refused(many);
    expect(lines).toHaveLength(52);
    expect(lines.at(-1)).toBe('and 450 more');
  });
});
