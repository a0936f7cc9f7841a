import { expect, it } from 'vitest';
import { standingKeys, whoseStanding } from '../../src/boot/standing-keys.js';
import { swapUuid } from '../../src/net/uuid.js';
import { facts, MAC, machine, OTHER_MAC, UUID, uuid } from '../fixtures/mappings.js';

const reported = facts({ macs: [MAC, OTHER_MAC], uuid: UUID, serial: '7' });

it('knows a stranger by the first card that it names, and what it reports beside that apart', () => {
  const whose = whoseStanding({ name: MAC, facts: reported });
  expect(whose).toEqual({
    machine: MAC,
    keys: [`mac ${MAC}`],
    also: [`mac ${OTHER_MAC}`, `uuid ${UUID}`],
    evidence: [`mac ${MAC}`, `mac ${OTHER_MAC}`, `uuid ${UUID}`, `uuid ${swapUuid(UUID)}`, 'serial 7'],
  });
});

it('knows a machine by its record alone, and takes nobody for done by what it reports', () => {
  const whose = whoseStanding({ name: 'node-01', machine: machine({ serial: '9' }), facts: reported });
  expect(whose.keys).toEqual(['name node-01', `mac ${MAC}`, 'serial 9']);
  expect(whose.also).toEqual([`mac ${OTHER_MAC}`, `uuid ${UUID}`]);
  expect(whose.evidence).toBeUndefined();
});

it('takes nothing from a UUID that boards without one have', () => {
  const junk = uuid('03000200-0400-0500-0006-000700080009');
  expect(whoseStanding({ name: MAC, facts: facts({ uuid: junk }) }).evidence).toEqual([`mac ${MAC}`]);
});

it('takes nothing from a serial number that many boards have', () => {
  const serial = 'To be filled by O.E.M.';
  expect(whoseStanding({ name: MAC, facts: facts({ serial }) }).evidence).toEqual([`mac ${MAC}`]);
});

it('knows a stranger without a card by its UUID, else by its address', () => {
  expect(standingKeys({ facts: facts({ macs: [], uuid: UUID }) })).toEqual([`uuid ${UUID}`]);
  expect(standingKeys({ facts: facts({ macs: [] }) })).toEqual(['address 192.168.77.20']);
});
