import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { bootArguments } from '../src/boot/boot-arguments.js';
import type { RefusedProvision } from '../src/boot/provision-event.js';
import { BootUrls } from '../src/booter/boot-urls.js';
import { explainProvision } from '../src/booter/explained-provision.js';
import { readConfigText } from '../src/config/read.js';
import { Inventory } from '../src/machine/inventory.js';
import { handOffWords } from '../src/provision/hand-off.js';
import { judgeIgnition } from '../src/provision/ignition.js';
import { fileDocument, PROVISION_KINDS, SEED_DOCUMENTS, SINGLE_DOCUMENTS } from '../src/provision/kinds.js';
import { documentFiles } from './fixtures/document-files.js';
import { facts, MAC } from './fixtures/mappings.js';
import { resolvedImage } from './fixtures/plans.js';

const README = readFileSync(new URL('../README.md', import.meta.url), 'utf8');
const [, SECTION = ''] = /\n### Provisioning\n([\s\S]*?)\n### Security model/.exec(README) ?? [];
const EXAMPLES = [...SECTION.matchAll(/```yaml\n# example: provision: (.+)\n([\s\S]*?)```/g)].map(
  ([, kind = '', text = '']) => ({ kind, text }),
);
/** What stands under the examples, and what they leave to its own tools. */
const FILES = new Map([
  ...[...SECTION.matchAll(/```\w+ (\S+)\n([\s\S]*?)```/g)].map(([, name = '', text = '']) => [name, text] as const),
  ['controlplane.yaml', 'version: v1alpha1\n'],
  ['ca.pem', '-----BEGIN CERTIFICATE-----\n'],
]);
const SECRET = '$6$salt$Hash/of.it';

/** What the machine of an example is handed, and the kernel arguments that lead it there. */
async function handed(text: string) {
  const { config, warnings } = readConfigText(text, '/etc/bootlayer/bootlayer.yaml', {});
  expect(warnings).toEqual([]);
  const [assignment = expect.unreachable('no assignment')] = config.assignments;
  const { provision = expect.unreachable('it hands nothing out') } = assignment;
  const subject = new Inventory(config.machines).identify(facts({ macs: [MAC], architecture: 'amd64' }));
  const image = resolvedImage(['kernel', 'initramfs', 'squashfs']);
  const whose = { subject, assignment, image };
  const secrets = Object.values(provision.secrets).map(({ file }) => [file, SECRET] as const);
  const files = new Map([...FILES].map(([name, contents]) => [`/etc/bootlayer/${name}`, contents] as const));
  const { documents = [] } = await explainProvision(whose, provision, {
    urls: new BootUrls(() => 'http://192.168.77.1:8080'),
    unled: undefined,
    filesFor: async () => ({ files: documentFiles(Object.fromEntries([...files, ...secrets])), showsSecrets: true }),
  });
  const args = bootArguments({ ...whose, defaults: {} }, { from: 'image', commandLine: 'quiet' });
  const words = args.kind === 'arguments' ? args.words.map((word) => word.text) : expect.fail(args.reason);
  return { documents, words };
}

describe('what the README says of provisioning', () => {
  it('has an example of each kind', () => {
    expect(EXAMPLES.map(({ kind }) => kind)).toEqual(PROVISION_KINDS);
  });

  it.each(EXAMPLES)('can be handed out: $kind', async ({ kind, text }) => {
    const { documents, words } = await handed(text);
    expect(documents.filter((document) => 'refused' in document)).toEqual([]);
    expect(words.some((word) => word.includes('{provision.url}'))).toBe(true);
    for (const document of documents) {
      if (!('text' in document)) continue;
      const { path, contentType, text: written } = document;
      if (path === 'config.ign') expect(judgeIgnition(written)).toBeUndefined();
      if (contentType === 'text/yaml') expect(parse(written)).toBeTypeOf('object');
    }
    const all = documents.map((document) => ('text' in document ? document.text : '')).join('\n');
    expect(all.includes(SECRET)).toBe(text.includes('/run/secrets/'));
    if (text.includes('mode: once')) expect(all, kind).toContain('/boot/done/<done-capability>');
  });

  it('can be handed out by the name of a set, where the example is by that', async () => {
    const [, text = ''] = /```yaml\n# example: provisions: by name\n([\s\S]*?)```/.exec(SECTION) ?? [];
    const { documents, words } = await handed(text);
    expect(documents).toMatchObject([{ path: 'ks.cfg', text: expect.stringContaining(SECRET) as string }]);
    expect(words).toContain('inst.ks={provision.url}/ks.cfg');
  });

  it('tells of each kind which documents it is, and which kernel arguments it adds', () => {
    const [, table = ''] =
      /\n\| `provision` \| document \| kernel arguments added \|\n\| --- .*\n([\s\S]*?)\n\n/.exec(SECTION) ?? [];
    const rows = table
      .split('\n')
      .map((row) => row.split('|').map((cell) => [...cell.matchAll(/`([^`]+)`/g)].map(([, code = '']) => code)));
    expect(rows.map(([, kind = []]) => kind[0])).toEqual(PROVISION_KINDS);
    const seed = Object.values(SEED_DOCUMENTS).map(({ path }) => path);
    const paths: Readonly<Record<string, readonly string[]>> = {
      ...Object.fromEntries(Object.entries(SINGLE_DOCUMENTS).map(([kind, { path }]) => [kind, [path]])),
      cloudInit: seed,
      autoinstall: seed.slice(0, 2),
      files: [fileDocument('<name>').path],
    };
    for (const [index, kind] of PROVISION_KINDS.entries()) {
      const [, , documents, words = []] = rows[index] ?? [];
      expect(documents, kind).toEqual(paths[kind]);
      if (kind !== 'files') expect(words[0], kind).toBe(handOffWords([kind]).join(' '));
    }
    expect(rows[0]?.[3]?.at(-1)).toBe(handOffWords(['ignition'], 'flatcar-live').join(' '));
  });

  it('tells each reason for which nothing is handed out', () => {
    const whys: Readonly<Record<RefusedProvision, true>> = {
      ...{ unknown: true, foreign: true, expired: true, superseded: true, done: true },
      ...{ spent: true, changed: true, absent: true, broken: true },
    };
    const [, table = ''] = /\n\| `why` \| means \|\n\| --- .*\n([\s\S]*?)\n\n/.exec(`${SECTION}\n`) ?? [];
    const told = table.split('\n').map((row) => /^\| `(\w+)`/.exec(row)?.[1]);
    expect(told).toEqual(Object.keys(whys));
  });
});
