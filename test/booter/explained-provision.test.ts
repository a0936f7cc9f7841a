import { createHash } from 'node:crypto';
import { expect, it } from 'vitest';
import { BootUrls } from '../../src/booter/boot-urls.js';
import { explainProvision, type FilesRead } from '../../src/booter/explained-provision.js';
import { Inventory } from '../../src/machine/inventory.js';
import { fileDocument, SINGLE_DOCUMENTS } from '../../src/provision/kinds.js';
import type { Provision } from '../../src/provision/provision.js';
import { documentFiles } from '../fixtures/document-files.js';
import { assignment, facts, machine } from '../fixtures/mappings.js';
import { resolvedImage } from '../fixtures/plans.js';

const PROVISION: Provision = {
  kinds: ['ignition', 'files'],
  documents: [
    { ...SINGLE_DOCUMENTS.ignition, key: 'ignition', file: '/etc/worker.ign', isTemplate: true },
    { ...fileDocument('join'), key: 'files.join', file: '/etc/join.sh', isTemplate: true },
  ],
  secrets: { token: { file: '/run/token' }, other: { file: '/run/token' } },
  life: 3_600_000,
  isOnce: true,
  isByAddress: false,
};

const URLS = new BootUrls(() => 'http://192.168.77.1:8080');
const IGN = '{ "ignition": { "version": "3.4.0" }, "at": "{{ provision.url }}", "token": "{{ secrets.token }}" }';
const JOIN =
  'post {{ done.url }}, join {{ secrets.token }} {{ secrets.other | base64 }} {{ secrets.token | shell }} bm8=\n';

function explain(read: Partial<FilesRead> | undefined, provision = PROVISION) {
  const files = documentFiles({
    '/etc/worker.ign': IGN,
    '/etc/join.sh': JOIN,
    ...(read?.showsSecrets && { '/run/token': "it's\n" }),
  });
  const subject = new Inventory([machine()]).identify(facts());
  return explainProvision({ subject, assignment: assignment(), image: resolvedImage() }, provision, {
    urls: URLS,
    unled: undefined,
    filesFor: read && (async () => ({ files, showsSecrets: false, ...read })),
  });
}

it('says which set it is, where its assignment takes one by its name', async () => {
  const [whose, urls] = [{ subject: new Inventory([machine()]).identify(facts()), assignment: assignment() }, URLS];
  const image = resolvedImage();
  const explained = await explainProvision(
    { ...whose, image },
    { set: 'worker', ...PROVISION },
    { urls, unled: undefined },
  );
  expect(explained.set).toBe('worker');
});

it('says what is handed out, without a look at it', async () => {
  expect(await explain(undefined)).toEqual({
    kinds: ['ignition', 'files'],
    life: 3_600_000,
    isOnce: true,
    isByAddress: false,
  });
});

it('shows documents by the names of their secrets, however these are written there', async () => {
  const { documents = [] } = await explain({});
  const ign = `{ "ignition": { "version": "3.4.0" }, "at": "http://192.168.77.1:8080/provision/<provision-capability>", "token": "(secret token)" }`;
  const join =
    'post http://192.168.77.1:8080/boot/done/<done-capability>, join (secret token) (secret other) (secret token) bm8=\n';
  expect(documents).toEqual([
    { path: 'config.ign', file: '/etc/worker.ign', contentType: 'application/json', bytes: ign.length, text: ign },
    {
      path: 'files/join',
      file: '/etc/join.sh',
      contentType: 'application/octet-stream',
      bytes: join.length,
      text: join,
    },
  ]);
});

it('shows secrets where they are to be, and where one does not fit', async () => {
  const { documents = [] } = await explain({ showsSecrets: true });
  expect(documents).toEqual([
    expect.objectContaining({ text: expect.stringContaining('"token": "it\'s"') as string }),
    {
      path: 'files/join',
      file: '/etc/join.sh',
      refused: expect.stringMatching(/^provision\.files\.join: \/etc\/join\.sh:1:27: .*secrets\.token/) as string,
    },
  ]);
});

it('says what is not there to be read', async () => {
  const { documents = [] } = await explain({ files: new Map() });
  expect(documents[0]).toMatchObject({
    path: 'config.ign',
    refused: 'provision.ignition: /etc/worker.ign is not read: see that it is there, and readable',
  });
});

it('shows what is no text by its size and its digest', async () => {
  const bytes = new Uint8Array([0x1f, 0x8b, 0, 0xff]);
  const plain = { ...PROVISION, documents: PROVISION.documents.map((one) => ({ ...one, isTemplate: false })) };
  const { documents = [] } = await explain(
    { files: documentFiles({ '/etc/worker.ign': bytes, '/etc/join.sh': 'a\0' }) },
    plain,
  );
  expect(documents).toEqual([
    {
      ...{ path: 'config.ign', file: '/etc/worker.ign', contentType: 'application/json', bytes: 4 },
      sha256: createHash('sha256').update(bytes).digest('hex'),
    },
    expect.objectContaining({ path: 'files/join', bytes: 2, sha256: expect.any(String) as string }),
  ]);
});
