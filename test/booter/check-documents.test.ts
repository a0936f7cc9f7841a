import { expect, it } from 'vitest';
import { BootUrls } from '../../src/booter/boot-urls.js';
import { findDocumentWarnings } from '../../src/booter/check-documents.js';
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

function warnings(text: string, machines: readonly Machine[], handing = assignment({ provision: PROVISION })) {
  const mapping = createMapping({ machines, assignments: [handing], defaults: { kernelArgs: {} } });
  const urls = new BootUrls(() => 'http://10.0.2.2:8080');
  return findDocumentWarnings({ mapping, urls, documents: documentsOf({ [FILE]: text }) });
}

it('says once for which machines a label is missing, and where it is named', async () => {
  const machines = ['a', 'b', 'c', 'd', 'e', 'f', 'g'].map((name) => node(name));
  const [said, ...more] = await warnings('echo\nrack {{ machine.labels.rack }}\n', [
    node('whole', { labels: { rack: 'r1' } }),
    ...machines,
  ]);
  expect([said, more]).toEqual([
    expect.stringContaining(
      `what is handed out cannot be written for a, b, c, d, e and 2 more: provision.files.install.sh: ${FILE}:2:9: machine.labels.rack has no value`,
    ),
    [],
  ]);
});

it('takes for known what machines report at boot, and not what is left to records', async () => {
  const reported = ['name', 'mac', 'uuid', 'serial', 'ip', 'arch'].map((name) => `{{ machine.${name} }}`).join('\n');
  expect(await warnings(`${reported}\n{{ done.url }} {{ image.digest }}`, [node('a')])).toEqual([]);
  expect(await warnings('{{ machine.hostname }}', [node('a')])).toEqual([
    expect.stringContaining('for a: provision.files.install.sh: /etc/install.sh:1:4: machine.hostname has no value'),
  ]);
});

it('looks at those alone that are handed something', async () => {
  const missing = '{{ machine.labels.rack }}';
  expect(await warnings(missing, [node('a')], assignment({ boot: 'local', provision: PROVISION }))).toEqual([]);
  const other = assignment({ match: { machine: ['b'] }, provision: PROVISION });
  expect(await warnings(missing, [node('a')], other)).toEqual([]);
});

it('says of how many machines it has not looked at', async () => {
  const many = Array.from({ length: 10_003 }, (_, at) => node(`n${at}`, { labels: { rack: 'r' } }));
  expect(await warnings('{{ machine.labels.rack }}', many)).toEqual([
    'documents were written for 10000 machines as a test, and not for 3 more machines',
  ]);
});
