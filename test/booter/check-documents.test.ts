import { expect, it } from 'vitest';
import { BootUrls } from '../../src/booter/boot-urls.js';
import { checkDocuments } from '../../src/booter/check-documents.js';
import { createMapping } from '../../src/booter/mapping.js';
import type { Machine } from '../../src/machine/machine.js';
import { fileDocument } from '../../src/provision/kinds.js';
import type { Provision } from '../../src/provision/provision.js';
import { documentsOf } from '../fixtures/document-files.js';
import { assignment } from '../fixtures/mappings.js';

const FILE = '/etc/install.sh';
const PROVISION: Provision = {
  kinds: ['files'],
  documents: [{ ...fileDocument('install.sh'), key: 'files.install.sh', file: FILE, isTemplate: true }],
  ...{ secrets: {}, life: 3_600_000, isOnce: false, isByAddress: false },
};

const node = (name: string, more: Partial<Machine> = {}): Machine => ({
  ...{ name, macs: [], labels: {}, kernelArgs: {} },
  ...more,
});

function check(text: string, machines: readonly Machine[], handing = [assignment({ provision: PROVISION })]) {
  const mapping = createMapping({ machines, assignments: handing, defaults: { kernelArgs: {} } });
  const urls = new BootUrls(() => 'http://10.0.2.2:8080');
  return checkDocuments({ mapping, urls, documents: documentsOf({ [FILE]: text }) });
}

const unbootable = (machine: string, reason: string) => ({
  machine,
  reason: expect.stringContaining(`provision.files.install.sh: ${FILE}:${reason}`) as string,
});

it('says for which machines a label is missing, and where it is named', async () => {
  const machines = [node('whole', { labels: { rack: 'r1' } }), node('a'), node('b')];
  const reason = '2:9: machine.labels.rack has no value';
  expect(await check('echo\nrack {{ machine.labels.rack }}\n', machines)).toEqual({
    machines: [unbootable('a', reason), unbootable('b', reason)],
    warnings: [],
  });
});

it('says once of a machine what keeps it from booting by whichever assignment', async () => {
  const handing = [
    assignment({ name: 'x', match: { asset: ['A'] }, priority: 1, provision: PROVISION }),
    assignment({ name: 'y', provision: PROVISION }),
  ];
  const { machines } = await check('{{ machine.labels.rack }}', [node('a')], handing);
  expect(machines).toEqual([unbootable('a', '1:4: machine.labels.rack has no value')]);
});

it('takes for known what machines report at boot, and not what is left to records', async () => {
  const reported = ['name', 'mac', 'uuid', 'serial', 'ip', 'arch'].map((name) => `{{ machine.${name} }}`).join('\n');
  expect((await check(`${reported}\n{{ done.url }} {{ image.digest }}`, [node('a')])).machines).toEqual([]);
  expect((await check('{{ machine.hostname }}', [node('a')])).machines).toEqual([
    unbootable('a', '1:4: machine.hostname has no value'),
  ]);
});

it('looks at those alone that are handed something', async () => {
  const missing = '{{ machine.labels.rack }}';
  const others = [
    assignment({ boot: 'local', provision: PROVISION }),
    assignment({ match: { machine: ['b'] }, provision: PROVISION }),
  ];
  for (const other of others) expect((await check(missing, [node('a')], [other])).machines).toEqual([]);
});

it('says of how many machines it has not looked at', async () => {
  const many = Array.from({ length: 10_003 }, (_, at) => node(`n${at}`, { labels: { rack: 'r' } }));
  expect(await check('{{ machine.labels.rack }}', many)).toEqual({
    machines: [],
    warnings: ['documents were written for 10000 machines as a test, and not for 3 more machines'],
  });
});
