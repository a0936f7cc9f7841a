import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { provisionSchema } from '../../src/config/provision-schema.js';
import { readConfigText } from '../../src/config/read.js';
import { configFileSchema } from '../../src/config/schema.js';
import { DEPLOY } from '../fixtures/deploy.js';
import { schemaKeys } from '../fixtures/schema-keys.js';

/** That the sample is a good configuration as it stands is in test/config/read.test.ts. */

const SAMPLE = readFileSync(join(DEPLOY, 'bootlayer.yaml'), 'utf8');

const lines = SAMPLE.split('\n');
/** Keys that it shows behind a comment's sign, each with how deep it stands. */
const shown = lines.flatMap((line, at) => {
  const [, indent, written, key] = /^( *)# (([a-z][\w.:-]*): .+)$/.exec(line) ?? [];
  return indent === undefined || written === undefined
    ? []
    : [{ at, begin: `${indent}${key}: `, written: `${indent}${written}` }];
});

/** The sample with what one comment shows, in place of its like before it. */
function uncommented({ at, begin, written }: (typeof shown)[number]): string {
  return lines
    .map((line, each) => (each === at ? written : line))
    .filter((line, each) => each >= at || !line.startsWith(begin) || (begin.startsWith(' ') && each < at - 1))
    .join('\n');
}

describe('the sample of a configuration', () => {
  it.each(shown.map((one) => [one.written.trim(), one] as const))('may also say %s', (_name, one) => {
    const { config, warnings } = readConfigText(uncommented(one), '/etc/bootlayer/bootlayer.yaml', {});
    expect(warnings).toEqual([]);
    expect(config.assignments).toHaveLength(4);
  });

  it('has every key that there is', () => {
    const known = [configFileSchema, provisionSchema].flatMap(schemaKeys).map((path) => path.split('.').at(-1) ?? '');
    const keys = new Set(known.map((key) => key.replace('[]', '')));
    expect(keys.size).toBeGreaterThan(60);
    expect([...keys].filter((key) => !new RegExp(`(^|[ {])${key}: ?`, 'm').test(SAMPLE))).toEqual([]);
  });
});
