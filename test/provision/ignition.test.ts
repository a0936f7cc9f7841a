import { describe, expect, it } from 'vitest';
import { judgeIgnition } from '../../src/provision/ignition.js';

describe('judgeIgnition', () => {
  it.each(['2.2.0', '2.4.0', '3.0.0', '3.5.0', '3.6.0-experimental'])('accepts version %s', (version) => {
    expect(judgeIgnition(JSON.stringify({ ignition: { version }, storage: {} }))).toBeUndefined();
  });

  it.each([
    ['{"ignition": {"version": "4.0.0"}}', 'must be 2.x.0 or 3.x.0, such as "3.4.0", not "4.0.0"'],
    ['{"ignition": {"version": "3.4"}}', 'not "3.4"'],
    ['{"ignition": {"version": "3.4.0\\n"}}', 'not "3.4.0\\n"'],
    ['{"ignition": {"version": 3.4}}', 'ignition.version must be a string'],
    ['{"ignition": {}}', 'needs ignition.version'],
    ['{"ignition": []}', 'needs ignition.version'],
    ['{}', 'needs ignition.version'],
    ['[]', 'is a JSON object'],
    ['null', 'is a JSON object'],
    ['"3.4.0"', 'is a JSON object'],
  ])('refuses %s', (text, reason) => {
    const fault = judgeIgnition(text);
    expect(fault?.reason).toContain(reason);
    expect(fault).not.toHaveProperty('line');
  });

  it.each([
    ['{\n  "ignition": {"version": "3.4.0"},\n}', 3, 1],
    ['{"ignition" {}}', 1, 13],
    ['{"ignition": {"version": "3.4.0"}', 1, 34],
    ['', 1, 1],
    ['#cloud-config\nhostname: x\n', 1, 1],
    ['\ufeff{}', 1, 1],
  ])('says where %j is no JSON', (text, line, column) => {
    expect(judgeIgnition(text)).toMatchObject({
      line,
      column,
      reason: expect.stringContaining('is JSON, and this is') as string,
    });
  });

  it.each(['variant: fcos\nversion: 1.5.0\n', '# mine\n\nvariant: flatcar\nversion: 1.1.0\n'])(
    'knows Butane: %j',
    (text) => {
      expect(judgeIgnition(text)?.reason).toContain('run butane first');
    },
  );
});
