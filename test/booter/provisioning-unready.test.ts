import { describe, expect, it, vi } from 'vitest';
import { Inventory } from '../../src/machine/inventory.js';
import { fileDocument } from '../../src/provision/kinds.js';
import type { Provision } from '../../src/provision/provision.js';
import { testBooter } from '../fixtures/booter.js';
import { documentsOf } from '../fixtures/document-files.js';
import { assignment, facts, machine } from '../fixtures/mappings.js';
import { resolvedImage } from '../fixtures/plans.js';

const FILE = '/etc/install.sh';
const PROVISION: Provision = {
  kinds: ['files'],
  documents: [{ ...fileDocument('install.sh'), key: 'files.install.sh', file: FILE, isTemplate: true }],
  secrets: {},
  life: 3_600_000,
  isOnce: false,
  isByAddress: false,
};

it.each([
  ['curl -X POST {{ done.url }} {{ provision.url }}/files/more\n', undefined],
  ['rack {{ machine.labels.rack }}\n', `provision.files.install.sh: ${FILE}:1:9: machine.labels.rack has no value`],
])('says before a machine boots whether its documents can be written: %j', (text, reason) => {
  const { booter } = testBooter({ documents: documentsOf({ [FILE]: text }) });
  const subject = new Inventory([machine()]).identify(facts());
  const whose = { subject, assignment: assignment({ provision: PROVISION }), image: resolvedImage() };
  const unready = booter.provisioning.unready(whose, PROVISION);
  expect(unready?.slice(0, reason?.length)).toBe(reason);
});

describe('a machine that asks again', () => {
  function site() {
    const documents = documentsOf({ [FILE]: 'rack {{ machine.labels.rack }}\n' });
    const { booter } = testBooter({ documents });
    const unready = vi.spyOn(documents, 'unready');
    const ask = (labels: Readonly<Record<string, string>>, provision = PROVISION) => {
      const subject = new Inventory([machine({ labels })]).identify(facts());
      return booter.provisioning.unready({ subject, assignment: assignment(), image: resolvedImage() }, provision);
    };
    return { booter, unready, ask };
  }

  it('is judged once, whatever the verdict is, for as long as what decides it stays', () => {
    const { unready, ask } = site();
    for (let times = 0; times < 3; times += 1) {
      expect(ask({})).toContain('machine.labels.rack has no value');
      expect(ask({ rack: 'r1' })).toBeUndefined();
    }
    expect(unready).toHaveBeenCalledTimes(2);
    expect(ask({}, { ...PROVISION, documents: [] })).toBeUndefined();
    expect(unready).toHaveBeenCalledTimes(3);
  });

  it('is judged anew by other documents', () => {
    const { booter, ask } = site();
    expect(ask({})).toContain('has no value');
    booter.redocument(documentsOf({ [FILE]: 'none\n' }));
    expect(ask({})).toBeUndefined();
  });
});
