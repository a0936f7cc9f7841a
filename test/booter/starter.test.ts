import { expect, it } from 'vitest';
import { clientOf, firstStarter, scriptStarter } from '../../src/booter/starter.js';
import type { Firmware } from '../../src/machine/facts.js';
import { facts } from '../fixtures/mappings.js';

/** What it comes as, what is planned for at first, and what for when iPXE on it asks. */
it.each<[readonly Firmware[] | undefined, string, readonly [string | undefined, string, string]]>([
  [undefined, 'amd64', [undefined, 'ipxe-bios', 'ipxe-bios']],
  [undefined, 'arm64', [undefined, 'ipxe-uefi', 'ipxe-uefi']],
  [[], 'amd64', [undefined, 'ipxe-bios', 'ipxe-bios']],
  [['bios'], 'amd64', ['ipxe-bios', 'ipxe-bios', 'ipxe-bios']],
  [['uefi'], 'amd64', ['ipxe-uefi', 'ipxe-uefi', 'ipxe-uefi']],
  [['uefi-http'], 'amd64', ['uefi-http', 'uefi-http', 'ipxe-uefi']],
  // As iPXE on UEFI reports itself: by which of the two it was loaded, it does not know.
  [['uefi', 'uefi-http'], 'amd64', ['ipxe-uefi', 'ipxe-uefi', 'ipxe-uefi']],
])('tells by the firmware who starts the image: %j on %s', (firmware, architecture, [client, first, asked]) => {
  const its = facts(firmware && { firmware });
  expect(clientOf(its)).toBe(client);
  expect(firstStarter(its, architecture)).toMatchObject({ client: first, architecture });
  expect(scriptStarter(its, architecture)).toMatchObject({ client: asked, architecture });
});

it.each([true, false, undefined])('passes on whether Secure Boot is on: %s', (secureBoot) => {
  const its = facts({ firmware: ['uefi-http'], ...(secureBoot !== undefined && { secureBoot }) });
  expect([firstStarter(its, 'amd64').secureBoot, scriptStarter(its, 'amd64').secureBoot]).toEqual([
    secureBoot,
    secureBoot,
  ]);
});
