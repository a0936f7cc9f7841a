import { chmod, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { loadConfig } from '../../src/config/load.js';
import { readConfigText } from '../../src/config/read.js';
import { refusal } from '../fixtures/configuration-texts.js';
import { temporaryFolder } from '../fixtures/folder.js';

const IGNITION = '{"ignition":{"version":"3.4.0"}}';
const text = (provisions: string, ...taken: readonly string[]) =>
  [
    'advertise: 192.168.77.1',
    'data: data',
    `provisions: ${provisions}`,
    'assignments:',
    ...taken.map(
      (provision, at) =>
        `  - { name: n${at}, match: { labels: { n: "${at}" } }, image: "lab:5000/os:1", provision: ${provision} }`,
    ),
    '',
  ].join('\n');
const read = (written: string) => readConfigText(written, '/etc/bootlayer/bootlayer.yaml', {}).config;

async function lab(written: string, files: Readonly<Record<string, string>>): Promise<string> {
  const cwd = await temporaryFolder();
  await writeFile(join(cwd, 'bootlayer.yaml'), written);
  for (const [name, contents] of Object.entries(files)) await writeFile(join(cwd, name), contents, { mode: 0o600 });
  return cwd;
}

describe('sets of provisions', () => {
  it('are what assignments hand out that take them by name, beside the file that has them', () => {
    const config = read(text('{ worker: { ignition: w.ign, life: 2h }, idle: { files: { a: /srv/a } } }', 'worker'));
    const [assignment] = config.assignments;
    expect(assignment?.provision).toMatchObject({
      ...{ set: 'worker', kinds: ['ignition'], life: 7_200_000 },
      documents: [{ file: '/etc/bootlayer/w.ign' }],
    });
    expect([...config.provisions.keys()]).toEqual(['worker', 'idle']);
    expect(config.provisions.get('worker')).toEqual(assignment?.provision);
  });

  it('are taken by assignments of other files as well', async () => {
    const written = text('{ worker: { ignition: w.ign } }').replace('assignments:', 'include: more/*.yaml');
    const cwd = await lab(written, { 'w.ign': IGNITION });
    const more = text('{}', 'worker').split('\n').slice(3).join('\n');
    await writeFile(join(cwd, 'more.yaml'), more);
    await writeFile(join(cwd, 'bootlayer.yaml'), written.replace('more/*.yaml', 'more.yaml'));
    const { config } = await loadConfig({ env: {}, cwd });
    expect(config.assignments[0]?.provision?.documents).toMatchObject([{ file: join(cwd, 'w.ign') }]);
  });

  it.each([
    [text('{ worker: { ignition: a } }', 'wroker'), 'no provisions have the name "wroker": did you mean "worker"?'],
    [
      text('{ worker: { ignition: a }, idle: { ignition: a } }', 'toString'),
      'no provisions have the name "toString": add them to provisions, beside worker, idle',
    ],
    [text('{ worker: { ignitoin: a } }'), 'provisions.worker.ignitoin: unknown key "ignitoin", did you mean'],
    [text('{ worker: {} }'), 'provisions.worker: hands out nothing: name one of ignition'],
    [text('{ worker: other, other: { talos: a } }'), 'provisions.worker: must be a mapping, such as'],
    [text('{ "a b": { talos: a } }'), 'must not hold spaces, slashes or invisible characters'],
    [text('[]'), 'provisions: must be a mapping of names to what is handed out'],
  ])('are refused where they are wrong, or not there: %#', (written, message) => {
    expect(refusal(written)).toContain(message);
  });

  it('are read, watched and judged as they are, whether somebody takes them or not', async () => {
    const sets =
      '{ a: { ignition: a.ign }, b: { kickstart: { template: b.ks }, secrets: { root: { file: root } } }, c: { ignition: a.ign } }';
    const cwd = await lab(text(sets, 'a', 'a', '{ ignition: a.ign }'), {
      ...{ 'a.ign': IGNITION, 'b.ks': 'reboot\n', root: 'x' },
    });
    await chmod(join(cwd, 'root'), 0o604);
    const { documents, read: files, warnings } = await loadConfig({ env: {}, cwd, withSecrets: true });
    expect([...(documents?.files.keys() ?? [])]).toEqual(['a.ign', 'b.ks', 'root'].map((name) => join(cwd, name)));
    expect(files.named).toEqual([...(documents?.files.keys() ?? [])]);
    expect(warnings.map((one) => one.replaceAll(`${cwd}/`, ''))).toEqual([
      'provisions "b": secrets.root: no template names it: write {{ secrets.root }} in one, or leave it out',
      'provisions "b": secrets.root: every user of this host may read root: chmod o-r root',
    ]);
    await writeFile(join(cwd, 'a.ign'), '[]');
    await writeFile(join(cwd, 'b.ks'), '{{ secrets.rot }}\n');
    const thrown: unknown = await loadConfig({ env: {}, cwd, withSecrets: true }).catch((error: unknown) => error);
    const lines = String(thrown).replaceAll(`${cwd}/`, '').split('\n').slice(1);
    expect(lines.map((line) => line.trim())).toEqual([
      expect.stringMatching(/^bootlayer.yaml:3:\d+: provisions.a.ignition: a.ign: .* \(the same of 1 more set\)$/),
      expect.stringMatching(/^bootlayer.yaml:3:\d+: provisions.b.kickstart: b.ks:1:4: .* mean secrets.root\?$/),
      expect.stringMatching(/^bootlayer.yaml:7:\d+: assignments\[2\].provision.ignition: a.ign: an Ignition/),
    ]);
  });
});
