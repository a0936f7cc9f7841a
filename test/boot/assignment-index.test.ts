import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Assignment } from '../../src/boot/assignment.js';
import { AssignmentIndex } from '../../src/boot/assignment-index.js';
import { orderAssignments, selectAmong } from '../../src/boot/select.js';
import { FIRMWARES, type MachineFacts } from '../../src/machine/facts.js';
import { Inventory } from '../../src/machine/inventory.js';
import type { Machine } from '../../src/machine/machine.js';
import type { Selector } from '../../src/machine/selector.js';
import { type IpAddress, parseIp, parseSubnet, type Subnet } from '../../src/net/ip.js';
import { swapUuid } from '../../src/net/uuid.js';
import { assignment, mac, machine, uuid } from '../fixtures/mappings.js';

/** Few values, so that they meet often. */
const MACS = ['52:54:00:00:00:01', '52:54:00:00:00:02', '52:54:00:00:00:03'].map(mac);
const UUIDS = ['4c4c4544-0042-3010-8057-b7c04f4d3732', '44454c4c-4200-1030-8057-b7c04f4d3732'].map(uuid);
const SUBNETS = ['10.0.0.0/8', '10.1.0.0/16', '10.1.2.3/32', '11.0.0.0/8', 'fd77::/16', 'fd77::1/128'].map(
  (text) => parseSubnet(text) as Subnet,
);
const ADDRESSES = ['10.1.2.3', '10.1.9.9', '11.0.0.1', 'fd77::1', '192.168.1.1'].map(
  (text) => parseIp(text) as IpAddress,
);
const WORDS = ['a', 'b', 'c'];

const some = <T>(values: readonly T[]) => fc.subarray([...values], { minLength: 1 });
const word = fc.constantFrom(...WORDS);

const selector = fc.record(
  {
    machine: some(['m0', 'm1', 'm2']),
    mac: some(MACS),
    uuid: some(UUIDS),
    serial: some(WORDS),
    asset: some(WORDS),
    manufacturer: some(WORDS),
    product: some(WORDS),
    ip: some(SUBNETS),
    arch: some(['amd64', 'arm64']),
    firmware: some(FIRMWARES),
    hostname: some(WORDS),
    labels: fc.dictionary(fc.constantFrom('rack', 'role', 'toString'), some(WORDS), { minKeys: 1 }),
  },
  { requiredKeys: [] },
) as fc.Arbitrary<Selector>;

const assignments = fc
  .array(fc.record({ match: selector, priority: fc.integer({ min: 0, max: 2 }) }), { maxLength: 30 })
  .map((list): readonly Assignment[] =>
    list.map(({ match, priority }, position) => assignment({ name: `a${position}`, match: sparse(match), priority })),
  );

const facts = fc.record(
  {
    macs: fc.subarray([...MACS]),
    uuid: fc.constantFrom(...UUIDS),
    serial: word,
    asset: word,
    manufacturer: word,
    product: word,
    hostname: fc.constantFrom('a', 'B'),
    ip: fc.constantFrom(...ADDRESSES),
    architecture: fc.constantFrom('amd64', 'arm64'),
    firmware: some(FIRMWARES),
    sourceAddress: fc.constant('10.0.0.1'),
  },
  { requiredKeys: ['macs', 'sourceAddress'] },
) as fc.Arbitrary<MachineFacts>;

const machines = fc
  .array(
    fc.record(
      {
        macs: fc.subarray([...MACS]),
        uuid: fc.constantFrom(...UUIDS),
        serial: word,
        architecture: fc.constantFrom('amd64', 'arm64'),
        ip: fc.constantFrom(...ADDRESSES),
        hostname: word,
        labels: fc.dictionary(fc.constantFrom('rack', 'role'), word),
      },
      { requiredKeys: ['macs', 'labels'] },
    ),
    { maxLength: 3 },
  )
  .map((list): readonly Machine[] => list.map((one, position) => machine({ ...sparse(one), name: `m${position}` })));

/** Whether a machine says of itself what its record says, as far as both say something. */
function agree(record: Machine | undefined, said: MachineFacts): boolean {
  const { uuid, hostname } = record ?? {};
  return (
    isSame(record?.serial, said.serial) &&
    isSame(record?.ip, said.ip) &&
    isSame(hostname?.toLowerCase(), said.hostname?.toLowerCase()) &&
    (isSame(uuid, said.uuid) || isSame(uuid && swapUuid(uuid), said.uuid))
  );
}

function isSame<T>(recorded: T | undefined, said: T | undefined): boolean {
  return recorded === undefined || said === undefined || recorded === said;
}

/** fast-check may give keys that hold undefined. */
function sparse<T extends object>(value: T): T {
  return Object.fromEntries(Object.entries(value).filter(([, one]) => one !== undefined)) as T;
}

describe('AssignmentIndex', () => {
  it('answers what a scan of all assignments does, whatever is asked', () => {
    fc.assert(
      fc.property(assignments, machines, facts, (list, known, said) => {
        const subject = new Inventory(known).identify(sparse(said));
        expect(new AssignmentIndex(list).select(subject)).toEqual(selectAmong(orderAssignments(list), subject));
      }),
      { numRuns: 3_000 },
    );
  });

  it('never takes back a definite answer when the machine says more', () => {
    fc.assert(
      fc.property(
        assignments,
        machines,
        facts,
        fc.subarray(['uuid', 'serial', 'asset', 'product', 'firmware', 'ip', 'hostname']),
        (list, known, said, hidden) => {
          const all = sparse(said);
          const fewer = Object.fromEntries(
            Object.entries(all).filter(([key]) => !hidden.includes(key)),
          ) as MachineFacts;
          const inventory = new Inventory(known);
          const [early, late] = [inventory.identify(fewer), inventory.identify(all)];
          // Facts that contradict each other or its record may make it another machine; a record names all it boots from.
          fc.pre(
            late.contradictions.length === 0 &&
              agree(late.machine, all) &&
              (early.machine === late.machine || early.mayBeKnown),
          );
          const index = new AssignmentIndex(list);
          const answer = index.select(early);
          if (answer.kind !== 'undecided') expect(index.select(late)).toEqual(answer);
        },
      ),
      { numRuns: 3_000 },
    );
  });

  it('keeps the documented order', () => {
    fc.assert(
      fc.property(assignments, (list) => {
        expect(new AssignmentIndex(list).ordered).toEqual(orderAssignments(list));
      }),
    );
  });
});
