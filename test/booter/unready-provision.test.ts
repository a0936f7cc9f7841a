import { expect, it } from 'vitest';
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
