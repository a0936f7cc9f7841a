import { expect, it } from 'vitest';
import { absentBinary, whyNoBinary } from '../../src/ipxe/absent-binary.js';

it.each([
  [[], 'there is no iPXE for it'],
  [['undionly.kpxe'], 'undionly.kpxe is missing'],
  [['snponly.efi', 'ipxe.efi'], 'snponly.efi or ipxe.efi is missing'],
])('of %j, none is given', (files, reason) => expect(whyNoBinary(files)).toBe(reason));

it.each([
  [
    ['snponly.efi', 'ipxe.efi'],
    'snponly.efi or ipxe.efi is missing',
    'put it into one of /a, /b, as ipxe/README.md says',
  ],
  [[], 'there is no iPXE for it', undefined],
  [['pxelinux.0'], 'there is no such file', undefined],
])('of %j, none is there', (files, message, remedy) =>
  expect(absentBinary(files, ['/a', '/b'])).toMatchObject({ code: 'NOT_FOUND', message, remedy }),
);
