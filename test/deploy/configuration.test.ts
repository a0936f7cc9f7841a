import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { assignmentKeys, machineSchema } from '../../src/config/mapping-schema.js';
import { readConfigText } from '../../src/config/read.js';
import { configFileSchema } from '../../src/config/schema.js';
import { later } from '../../src/config/values.js';
import { DEPLOY } from '../fixtures/deploy.js';

/** That the sample is a good configuration as it stands is in test/config/read.test.ts. */

const SAMPLE = readFileSync(join(DEPLOY, 'bootlayer.yaml'), 'utf8');
const README = readFileSync(new URL('../../README.md', import.meta.url), 'utf8');

const lines = SAMPLE.split('\n');
/** Keys that it shows behind a comment's sign, each with how deep it stands. */
const shown = lines.flatMap((line, at) => {
  const [, indent, written, key] = /^( *)# (([a-z][\w.:-]*): .+)$/.exec(line) ?? [];
  return indent === undefined || written === undefined ? [] : [{ at, key, written: `${indent}${written}` }];
});

/** The sample with what one comment shows, in place of its like before it. */
function uncommented({ at, key, written }: (typeof shown)[number]): string {
  return lines
    .map((line, each) => (each === at ? written : line))
    .filter((line, each) => each >= at || !line.startsWith(`${key}: `))
    .join('\n');
}

describe('the sample of a configuration', () => {
  it.each(shown.map((one) => [one.written.trim(), one] as const))('may also say %s', (_name, one) => {
    const { config, warnings } = readConfigText(uncommented(one), '/etc/bootlayer/bootlayer.yaml', {});
    expect(warnings).toEqual([]);
    expect(config.assignments).toHaveLength(4);
  });

  it('has every key that there is', () => {
    const [, table = ''] = /### Configuration\n\n\| key \|.*\n.*\n([\s\S]*?)\n\n/.exec(README) ?? [];
    const told = [...table.matchAll(/^\| ((?:`[^`]+`(?:, )?)+) \|/gm)].flatMap(([, cell = '']) =>
      [...cell.matchAll(/`([^`]+)`/g)].map(([, path = '']) => path.replaceAll('[]', '').split('.').at(-1) ?? ''),
    );
    const known = [configFileSchema, machineSchema, assignmentKeys].flatMap(({ shape }) =>
      Object.entries(shape).flatMap(([key, schema]) => (schema === later ? [] : [key])),
    );
    expect(told.length).toBeGreaterThan(40);
    const keys = new Set([...told, ...known].filter((key) => !key.startsWith('<')));
    expect([...keys].filter((key) => !new RegExp(`(^|[ {])${key}: ?`, 'm').test(SAMPLE))).toEqual([]);
  });
});
