import { describe, expect, it } from 'vitest';
import { judgeUserData, judgeYaml } from '../../src/config/seed-text.js';

describe('user data', () => {
  it.each([
    ['cloud-config', '#cloud-config\nusers: [{ name: core }]\n'],
    ['cloud-config that says nothing', '#cloud-config\n'],
    ['cloud-config behind empty lines', '\n\n#cloud-config\na: 1\n'],
    ['keys twice, which its reader takes', '#cloud-config\na: 1\na: 2\n'],
    ['tabs in a block of text', '#cloud-config\nwrite_files:\n  - content: |\n      a\tb: {\n'],
    ['anchors and merged keys', '#cloud-config\nx: &x { a: 1 }\ny: { <<: *x }\n'],
    ['a script', '#!/bin/sh\n: {\n'],
    ['an include', '#include\nhttps://lab/x\n'],
    ['a template of its own', '## template: jinja\n#cloud-config\na: {{ x }}\n'],
    ['a boothook', '#cloud-boothook\n: {\n'],
    ['an archive, which is a list', '#cloud-config-archive\n- a\n'],
    ['a message', 'Content-Type: multipart/mixed; boundary="x"\nMIME-Version: 1.0\n\n--x\n'],
  ])('may be %s', (_name, text) => {
    expect(judgeUserData(text)).toBeUndefined();
  });

  it.each([
    [
      'YAML without its first line',
      'users: []\n',
      { line: 1, column: 1 },
      'cloud-init does not know what this is: begin it with #cloud-c',
    ],
    ['nothing', '', { line: 1, column: 1 }, 'cloud-init does not know what this is'],
    ['another comment', '#cloud-configs\na: 1\n', { line: 1, column: 1 }, 'cloud-init does not know what this is'],
    ['a list', '#cloud-config\n- a\n', { line: 2, column: 1 }, 'must be a YAML mapping'],
    ['a word', '#cloud-config\nusers\n', { line: 2, column: 1 }, 'must be a YAML mapping'],
    ['broken YAML', '#cloud-config\na: 1\nb: [1, 2\nc: 3\n', { line: 4, column: 1 }, 'Flow sequence'],
    ['two documents', '#cloud-config\na: 1\n---\nb: 1\n', { line: 3, column: 1 }, 'must be one YAML document'],
  ])('is not %s', (_name, text, place, reason) => {
    expect(judgeUserData(text)).toEqual({ ...place, reason: expect.stringContaining(reason) as string });
  });

  it('may be nested deeper than anybody can follow, which ends nothing', () => {
    expect(judgeUserData(`#cloud-config\na: ${'['.repeat(10_000)}`)).toMatchObject({
      reason: expect.any(String) as string,
    });
  });
});

describe('other YAML', () => {
  it('is a mapping, of which some may be several', () => {
    expect(judgeYaml('version: 2\n')).toBeUndefined();
    expect(judgeYaml('a: 1\n---\nb: 1\n', { maySeveral: true })).toBeUndefined();
    expect(judgeYaml('a: 1\n---\n- b\n', { maySeveral: true })).toEqual({
      line: 3,
      column: 1,
      reason: 'must be a YAML mapping',
    });
    expect(judgeYaml('# nothing\n')).toMatchObject({ reason: 'must be a YAML mapping, and holds nothing' });
  });
});
