import { chmod, mkdir, rm, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { readDocuments } from '../../src/config/disk-documents.js';
import { loadConfig, readConfigFiles } from '../../src/config/load.js';
import { readConfigFilesAside } from '../../src/config/load-process.js';
import { BootlayerError } from '../../src/errors.js';
import { NO_DOCUMENTS } from '../../src/provision/documents.js';
import { LOAD_THREAD } from '../fixtures/built.js';
import { documentFiles } from '../fixtures/document-files.js';
import { temporaryFolder } from '../fixtures/folder.js';

const IGNITION = '{"ignition":{"version":"3.4.0"}}';

/** Assignments, one a line, with what each hands out. */
const configuration = (...provisions: string[]) =>
  `data: data\nassignments:\n${provisions
    .map(
      (provision, at) =>
        `  - { name: n${at}, match: { labels: { n: "${at}" } }, image: "oci:x:1", provision: ${provision} }\n`,
    )
    .join('')}`;

async function lab(files: Readonly<Record<string, string>>, ...provisions: string[]): Promise<string> {
  const cwd = await temporaryFolder();
  await writeFile(join(cwd, 'bootlayer.yaml'), configuration(...provisions));
  for (const [name, text] of Object.entries(files)) await writeFile(join(cwd, name), text, { mode: 0o600 });
  return cwd;
}

const load = (cwd: string) => loadConfig({ env: {}, cwd, withSecrets: true });

/** The lines of what is said where the configuration is refused. */
async function refusal(cwd: string): Promise<readonly string[]> {
  const thrown: unknown = await load(cwd).then(
    () => 'it was accepted',
    (error: unknown) => error,
  );
  if (!(thrown instanceof BootlayerError)) throw new Error(String(thrown));
  return thrown.message
    .replaceAll(`${cwd}/`, '')
    .split('\n')
    .map((line) => line.trim());
}

describe('documents', () => {
  it('are read where secrets are wanted, beside the file that names them, and watched', async () => {
    const cwd = await lab(
      { 'a.ign': IGNITION, root: 'secret\n', 'a.tpl': '#cloud-config\npassword: {{ secrets.root | quote }}\n' },
      '{ ignition: a.ign }',
      '{ cloudInit: { userData: { template: a.tpl } }, secrets: { root: { file: root } } }',
    );
    const { documents, warnings, read } = await load(cwd);
    const files = ['a.ign', 'a.tpl', 'root'].map((name) => join(cwd, name));
    expect(warnings).toEqual([]);
    expect([...(documents?.files ?? [])].map(([file, bytes]) => [file, new TextDecoder().decode(bytes)])).toEqual([
      [files[0], IGNITION],
      [files[1], '#cloud-config\npassword: {{ secrets.root | quote }}\n'],
      [files[2], 'secret\n'],
    ]);
    expect(read.named).toEqual(files);
    expect([...read.fingerprints.keys()]).toEqual([join(cwd, 'bootlayer.yaml'), ...files]);
    const without = await loadConfig({ env: {}, cwd });
    expect([without.documents, without.read.named]).toEqual([undefined, []]);
  });

  it('come through another thread as they are', async () => {
    const cwd = await lab({ 'a.ign': IGNITION }, '{ ignition: a.ign }');
    const there = await readConfigFilesAside({ env: {}, cwd, withSecrets: true }, { thread: LOAD_THREAD });
    expect(there).toEqual(await readConfigFiles({ env: {}, cwd, withSecrets: true }));
    expect(there.kind === 'loaded' && there.loaded.documents?.files).toEqual(
      documentFiles({ [join(cwd, 'a.ign')]: IGNITION }),
    );
  });

  it('tell all that is wrong with them at once, with their places in the configuration and their own', async () => {
    const cwd = await lab(
      {
        'b.ign': '{"ignition":\n  {"version": }}',
        'user-data': 'users: []\n',
        'net.yaml': '- a\n',
        't.cfg': 'hostname {{ machine.hostnam }}\nrootpw {{ secrets.rot }}\n',
        't2.cfg': '{{ machine.name\n',
        empty: '\n',
      },
      '{ ignition: none.ign }',
      '{ ignition: b.ign }',
      '{ cloudInit: { userData: user-data, networkConfig: net.yaml } }',
      '{ kickstart: { template: t.cfg }, preseed: { template: t2.cfg }, secrets: { root: { file: empty } } }',
      '{ files: { a.b: b.ign, c: none } }',
    );
    expect(await refusal(cwd)).toEqual([
      'bootlayer.yaml has 9 problems:',
      expect.stringMatching(
        /^bootlayer.yaml:3:\d+: assignments\[0\].provision.ignition: cannot read none.ign \(ENOENT\): name a file/,
      ),
      expect.stringMatching(/^bootlayer.yaml:4:\d+: assignments\[1\].provision.ignition: b.ign:2:15: an Ignition conf/),
      expect.stringMatching(
        /^bootlayer.yaml:5:\d+: assignments\[2\].provision.cloudInit.userData: user-data:1:1: clou/,
      ),
      expect.stringMatching(
        /^bootlayer.yaml:5:\d+: assignments\[2\].provision.cloudInit.networkConfig: net.yaml:1:1: m/,
      ),
      expect.stringMatching(
        /^bootlayer.yaml:6:\d+: assignments\[3\].provision.kickstart: t.cfg:1:13: .*machine.hostnam/,
      ),
      expect.stringMatching(
        /^bootlayer.yaml:6:\d+: assignments\[3\].provision.kickstart: t.cfg:2:11: .*secrets.root\?/,
      ),
      expect.stringMatching(/^bootlayer.yaml:6:\d+: assignments\[3\].provision.preseed: t2.cfg:1:1: /),
      expect.stringMatching(
        /^bootlayer.yaml:6:\d+: assignments\[3\].provision.secrets.root: empty holds nothing: write/,
      ),
      expect.stringMatching(/^bootlayer.yaml:7:\d+: assignments\[4\].provision.files.c: cannot read none \(ENOENT\)/),
    ]);
  });

  it('that an included file names are beside that, and told of there', async () => {
    const cwd = await lab({}, '{ ignition: a.ign }');
    await mkdir(join(cwd, 'm'));
    await writeFile(join(cwd, 'bootlayer.yaml'), 'include: [m/*.yaml]\n');
    await writeFile(join(cwd, 'm/a.yaml'), configuration('{ ignition: a.ign }').replace('data: data', '# rack 1'));
    expect(await refusal(cwd)).toEqual([
      expect.stringMatching(/^m\/a.yaml:3:\d+: assignments\[0\].provision.ignition: cannot read m\/a.ign \(ENOENT\)/),
    ]);
  });

  it('that many assignments share are read and told of once', async () => {
    const cwd = await lab({ 'b.ign': '[]' }, ...Array.from({ length: 2_000 }, () => '{ ignition: b.ign }'));
    const [line, ...more] = await refusal(cwd);
    expect([line, more]).toEqual([
      expect.stringMatching(/assignments\[0\].*: b.ign: an Ignition .* \(the same of 1999 more assignments\)$/),
      [],
    ]);
  });

  it('of Ignition that are templates are judged with values in them, unless they decide by these', async () => {
    const cwd = await lab(
      {
        good: '{"ignition":{"version":"3.4.0"},"storage":{{ machine.labels.disks | raw }},"x":"{{ machine.name }}"}',
        bad: '{"ignition":{"version":"3.4.0"},\n"x":"{{ machine.name }}",}',
        unknown: '{ {% if machine.labels.a == "b" %}"ignition":{"version":"3.4.0"}{% endif %} }',
      },
      '{ ignition: { template: good } }',
      '{ ignition: { template: bad } }',
      '{ ignition: { template: unknown } }',
    );
    expect(await refusal(cwd)).toEqual([
      expect.stringMatching(
        /assignments\[1\].provision.ignition: bad: with its values filled in, in line 2: an Ignition/,
      ),
    ]);
  });

  it('are bounded, each and all together', async () => {
    const names = Array.from({ length: 20 }, (_, at) => `f${at}`);
    const cwd = await lab(
      { large: '' },
      `{ files: { ${names.map((name) => `${name}: ${name}`).join(', ')}, z: large } }`,
    );
    for (const name of names) await writeFile(join(cwd, name), Buffer.alloc(4 * 1024 * 1024, 'a'));
    await truncate(join(cwd, 'large'), 4 * 1024 * 1024 + 1);
    expect(await refusal(cwd)).toEqual([
      'bootlayer.yaml has 2 problems:',
      expect.stringMatching(/provision.files.f16: what assignments hand out is more than 64 MiB together: let systems/),
      expect.stringMatching(/provision.files.z: large is larger than 4 MiB: let systems fetch/),
    ]);
    for (const name of names.slice(15)) await writeFile(join(cwd, name), 'a');
    expect(await refusal(cwd)).toEqual([
      expect.stringMatching(/provision.files.z: large is larger than 4 MiB: let syst/),
    ]);
  });

  it('beyond the bound of all are neither read nor watched', async () => {
    const names = Array.from({ length: 60 }, (_, at) => `f${at}`);
    const cwd = await lab({}, `{ files: { ${names.map((name) => `${name}: ${name}`).join(', ')} } }`);
    for (const name of names) await writeFile(join(cwd, name), '');
    for (const name of names.slice(0, 17)) await truncate(join(cwd, name), 4 * 1024 * 1024);
    const outcome = await readConfigFiles({ env: {}, cwd, withSecrets: true });
    expect(outcome.kind === 'refused' && outcome.error.message).toMatch(
      /^[^\n]*provision.files.f16: .* than 64 MiB together/,
    );
    expect(outcome.read.named).toHaveLength(32);
  });

  it('that others may read, and secrets that nothing names, are warned of', async () => {
    const cwd = await lab(
      { 'a.ign': IGNITION, root: 'x', other: 'y' },
      '{ ignition: a.ign, secrets: { root: { file: root } } }',
      '{ ignition: a.ign, secrets: { root: { file: root }, other: { file: other } } }',
    );
    await chmod(join(cwd, 'root'), 0o604);
    await chmod(join(cwd, 'a.ign'), 0o644);
    const { warnings } = await load(cwd);
    expect(warnings.map((text) => text.replaceAll(`${cwd}/`, ''))).toEqual([
      'assignment "n0": provision.secrets.root: no template names it: write {{ secrets.root }} in one, or leave it out (the same of 1 more assignment)',
      'assignment "n1": provision.secrets.other: no template names it: write {{ secrets.other }} in one, or leave it out',
      'assignment "n0": provision.secrets.root: every user of this host may read root: chmod o-r root',
    ]);
  });

  it('that nobody looks into may be no text at all, and are read byte for byte', async () => {
    const latin = Buffer.from('rootpw f\xe4llt\n', 'latin1');
    const marked = Buffer.from('\ufeffecho\n');
    const cwd = await lab({}, '{ kickstart: ks.cfg, files: { a: ks.cfg, b: marked } }');
    await writeFile(join(cwd, 'ks.cfg'), latin);
    await writeFile(join(cwd, 'marked'), marked);
    const { documents } = await load(cwd);
    expect(documents?.files).toEqual(
      new Map([
        [join(cwd, 'ks.cfg'), new Uint8Array(latin)],
        [join(cwd, 'marked'), new Uint8Array(marked)],
      ]),
    );
    const there = await readConfigFilesAside({ env: {}, cwd, withSecrets: true }, { thread: LOAD_THREAD });
    expect(there.kind === 'loaded' && there.loaded.documents?.files).toEqual(documents?.files);
  });

  it('that are judged, filled in or secret are texts', async () => {
    const cwd = await lab(
      {},
      '{ ignition: bad }',
      '{ cloudInit: { userData: bad } }',
      '{ files: { a: { template: bad } }, secrets: { s: { file: bad } } }',
    );
    await writeFile(join(cwd, 'bad'), Buffer.from('\xe4', 'latin1'));
    expect(await refusal(cwd)).toEqual([
      'bootlayer.yaml has 4 problems:',
      expect.stringMatching(/assignments\[0\].provision.ignition: bad: it is not in UTF-8$/),
      expect.stringMatching(/assignments\[1\].provision.cloudInit.userData: bad: it is not in UTF-8$/),
      expect.stringMatching(/assignments\[2\].provision.files.a: bad:1:1: it is not in UTF-8$/),
      expect.stringMatching(/assignments\[2\].provision.secrets.s: bad: it is not in UTF-8$/),
    ]);
  });

  it('of cloud-init that are packed are judged by what is in them, as far as they unpack to little', async () => {
    const cwd = await lab(
      {},
      ...['good', 'odd', 'broken', 'bomb'].map((name) => `{ cloudInit: { userData: ${name}, vendorData: ${name} } }`),
    );
    const good = gzipSync('#cloud-config\nusers: []\n');
    await writeFile(join(cwd, 'good'), good);
    await writeFile(join(cwd, 'odd'), gzipSync('#cloud-config\nusers: [\n'));
    await writeFile(join(cwd, 'broken'), good.subarray(0, 20));
    await writeFile(join(cwd, 'bomb'), gzipSync(Buffer.alloc(4 * 1024 * 1024 + 1, '#cloud-config\n')));
    const [, ...said] = await refusal(cwd);
    const faults = [
      /unpacked, in line \d: /,
      /broken: it begins as gzip does, and gunzip says: unexpected end of file$/,
      /bomb: it begins as gzip does, and it unpacks to more than 4 MiB$/,
    ];
    expect(said).toEqual(
      faults.flatMap((fault) => [expect.stringMatching(fault) as string, expect.stringMatching(fault) as string]),
    );
  });

  it('that were emptied while the server runs are refused, unless that is asked for by hand', async () => {
    const cwd = await lab(
      { 'ks.cfg': 'reboot\n', script: '#!/bin/sh\n' },
      '{ kickstart: ks.cfg, files: { s: script } }',
    );
    const first = await load(cwd);
    await writeFile(join(cwd, 'ks.cfg'), '');
    await writeFile(join(cwd, 'script'), '#!/bin/bash\n');
    const options = { env: {}, cwd, withSecrets: true };
    const outcome = await readConfigFiles({ ...options, inForce: first.read });
    expect(outcome.kind === 'refused' && outcome.error.message).toMatch(
      /provision.kickstart: \S+ks.cfg is empty now: if/,
    );
    const byHand = await readConfigFiles(options);
    expect(byHand.kind).toBe('loaded');
    // A first line that looks like a comment counts.
    const script = join(cwd, 'script');
    expect(byHand.read.fingerprints.get(script)).not.toBe(first.read.fingerprints.get(script));
    await rm(join(cwd, 'ks.cfg'));
    expect((await readConfigFiles({ ...options, inForce: byHand.read })).kind).toBe('refused');
  });

  it('are none where nobody names any', async () => {
    expect(await readDocuments([], { withSecrets: true })).toEqual({
      sources: [],
      documents: NO_DOCUMENTS,
      problems: [],
      warnings: [],
    });
  });
});
