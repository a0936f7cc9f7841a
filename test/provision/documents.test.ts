import { describe, expect, it } from 'vitest';
import { Documents, type Rendering } from '../../src/provision/documents.js';
import { fileDocument, SEED_DOCUMENTS, SINGLE_DOCUMENTS } from '../../src/provision/kinds.js';
import type { Provision } from '../../src/provision/provision.js';
import { documentFiles } from '../fixtures/document-files.js';

const VALUES = { machine: { name: 'node-01', labels: {} } };
const PROVISION: Provision = {
  kinds: ['cloudInit'],
  documents: [{ ...SEED_DOCUMENTS.userData, key: 'cloudInit.userData', file: '/etc/user-data', isTemplate: true }],
  secrets: { root: { file: '/run/root' }, unused: { file: '/run/unused' } },
  ...{ life: 3_600_000, isOnce: false, isByAddress: false },
};

function render(
  text: string | Uint8Array | undefined,
  { path = 'seed/user-data', more = {}, provision = PROVISION } = {},
) {
  const files = documentFiles({ ...(text !== undefined && { '/etc/user-data': text }), ...more });
  return new Documents(files).render(provision, path, VALUES);
}

const textOf = (rendering: Rendering) =>
  rendering.kind === 'document' ? new TextDecoder().decode(rendering.document.bytes) : rendering;

describe('Documents', () => {
  it('fills in a template, with secrets without their line ends', () => {
    const more = { '/run/root': 'hash\r\n\n' };
    expect(textOf(render('name: {{ machine.name }} {{ secrets.root }}', { more }))).toBe('name: node-01 hash');
  });

  it.each([
    [
      '{{ machine.nmae }}',
      {},
      'provision.cloudInit.userData: /etc/user-data:1:4: {{ machine.nmae }} stands for nothing: did you mean machine.name?',
    ],
    ['a\n{% if secrets.rot %}{% endif %}', {}, 'did you mean secrets.root?'],
    ['{{ secrets.root }}', {}, 'provision.secrets.root: /run/root is not read: see that it is there, and readable'],
    [
      '{{ machine.labels.rack }}',
      { '/run/root': 'x' },
      'provision.cloudInit.userData: /etc/user-data:1:4: machine.labels.rack',
    ],
    [undefined, {}, 'provision.cloudInit.userData: /etc/user-data is not read'],
  ])('says what is wrong with %j', (text, more, reason) => {
    expect(render(text, { more })).toEqual({ kind: 'refused', reason: expect.stringContaining(reason) as string });
  });

  it.each([
    ['{{ machine.nmae }}', 'provisions.worker.cloudInit.userData: /etc/user-data:1:4: '],
    ['{{ secrets.root }}', 'provisions.worker.secrets.root: /run/root is not read'],
    [undefined, 'provisions.worker.cloudInit.userData: /etc/user-data is not read'],
  ])('says of a set by its name what is wrong with %j', (text, reason) => {
    const rendering = render(text, { provision: { ...PROVISION, set: 'worker' } });
    expect(rendering).toEqual({ kind: 'refused', reason: expect.stringContaining(reason) as string });
  });

  it('hands a file out as it is', () => {
    const [document] = PROVISION.documents;
    const documents = document === undefined ? [] : [{ ...document, isTemplate: false }];
    expect(textOf(render('{{ machine.nmae }}', { provision: { ...PROVISION, documents } }))).toBe('{{ machine.nmae }}');
    const bytes = new Uint8Array([0xef, 0xbb, 0xbf, 0, 0xff]);
    expect(render(bytes, { provision: { ...PROVISION, documents } })).toMatchObject({ document: { bytes } });
  });

  it('has the rest of a seed, and of nothing else', () => {
    expect(textOf(render('', { path: 'seed/meta-data' }))).toBe('instance-id: "node-01"\nlocal-hostname: "node-01"\n');
    expect(textOf(render('', { path: 'seed/vendor-data' }))).toBe('');
    expect(render('', { path: 'seed/other' })).toEqual({ kind: 'absent' });
    const ignition = { ...SINGLE_DOCUMENTS.ignition, key: 'ignition', file: '/etc/user-data', isTemplate: false };
    const provision: Provision = { ...PROVISION, kinds: ['ignition'], documents: [ignition] };
    expect(render('', { provision, path: 'seed/meta-data' })).toEqual({ kind: 'absent' });
    expect(new Documents(new Map()).paths(PROVISION)).toEqual(['seed/user-data', 'seed/meta-data']);
    expect(new Documents(new Map()).paths(provision)).toEqual(['config.ign']);
  });

  it('takes what it renders of one machine together: steps, and bytes', () => {
    const source = { ...fileDocument(''), key: 'files', isTemplate: true };
    const both = (text: string) => {
      const files = documentFiles({ '/a': text, '/b': text });
      const documents = ['a', 'b'].map((name) => ({ ...source, ...fileDocument(name), file: `/${name}` }));
      const provision: Provision = { ...PROVISION, kinds: ['files'], documents };
      const made = new Documents(files);
      const alone = documents.map(({ path }) => made.render(provision, path, VALUES).kind);
      return [alone, made.unready(provision, VALUES)];
    };
    const loop = (items: number) => `{% for i in (1..${items}) %}{{ i }},{{ i }},{% endfor %}`;
    expect(both(loop(900))).toEqual([['document', 'document'], undefined]);
    expect(both(loop(1_500))).toEqual([
      ['document', 'document'],
      expect.stringMatching(/limit exceeded: .* 10000 steps/),
    ]);
    expect(both(loop(3_000))).toEqual([['refused', 'refused'], expect.stringContaining('limit exceeded')]);
  });

  it('has room for what honest templates make', () => {
    const lines = 'x'.repeat(2_080);
    const text = `{% for i in (1..500) %}{{ i }}${lines}{% endfor %}`;
    const rendering = render(text);
    expect(rendering.kind === 'document' && rendering.document.bytes.length).toBeGreaterThan(1_040_000);
    const many = Array.from({ length: 5 }, (_, at) => ({
      ...fileDocument(String(at)),
      file: '/a',
      key: `files.${at}`,
    }));
    const documents = many.map((one) => ({ ...one, isTemplate: true }));
    const provision: Provision = { ...PROVISION, kinds: ['files'], documents };
    expect(new Documents(documentFiles({ '/a': text })).unready(provision, VALUES)).toMatch(
      /^provision\.files\.4: \/a:.*larger than 4 MiB together/,
    );
  });
});
