import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  factsFromFirmware,
  firmwarePath,
  parseFirmwarePath,
  readFirmwarePath,
} from '../../src/booter/firmware-path.js';
import { parseMac } from '../../src/net/mac.js';
import { parseUuid } from '../../src/net/uuid.js';
import { knownArchitectures } from '../../src/oci/platform.js';
import { MAC, UUID } from '../fixtures/mappings.js';

describe('the path for UEFI HTTP Boot', () => {
  it('says who asks in its folders, and ends as firmware wants it', () => {
    expect(firmwarePath({ architecture: 'amd64', mac: MAC, uuid: UUID })).toBe(
      `/uefi/amd64/52-54-00-12-34-56/${UUID}/boot.efi`,
    );
    expect(firmwarePath({ architecture: 'arm64' })).toBe('/uefi/arm64/-/-/boot.efi');
  });

  it('is read as it was written', () => {
    const hex = (bytes: number) =>
      fc.uint8Array({ minLength: bytes, maxLength: bytes }).map((one) => Buffer.from(one).toString('hex'));
    const asks = fc.record({
      architecture: fc.constantFrom(...knownArchitectures()),
      mac: fc.option(hex(6).map(parseMac), { nil: undefined }),
      uuid: fc.option(hex(16).map(parseUuid), { nil: undefined }),
    });
    fc.assert(
      fc.property(asks, ({ architecture, mac, uuid }) => {
        const said = { architecture, ...(mac !== undefined && { mac }), ...(uuid !== undefined && { uuid }) };
        expect(parseFirmwarePath(firmwarePath(said).slice(1))).toEqual(said);
      }),
    );
  });

  it('may be anything: what cannot be read is not said', () => {
    const anything = fc.oneof(fc.string(), fc.constantFrom('-', '', '__proto__', 'amd64', MAC, UUID));
    fc.assert(
      fc.property(anything, anything, anything, (architecture, mac, uuid) => {
        const asked = readFirmwarePath({ architecture, mac, uuid });
        if (asked !== undefined) expect(knownArchitectures()).toContain(asked.architecture);
        expect(asked?.mac).toBe(asked && parseMac(mac));
      }),
    );
    expect(readFirmwarePath({ architecture: 'x86_64', mac: 'x', uuid: '' })).toEqual({ architecture: 'amd64' });
    expect(readFirmwarePath({ architecture: 'z80', mac: MAC, uuid: UUID })).toBeUndefined();
    for (const path of ['', 'uefi/amd64/-/-/boot.iso', 'uefi/amd64/-/boot.efi', 'x/uefi/amd64/-/-/boot.efi'])
      expect(parseFirmwarePath(path), path).toBeUndefined();
  });
});

describe('factsFromFirmware', () => {
  it('takes what the path says, and that it is HTTP Boot', () => {
    expect(factsFromFirmware({ architecture: 'amd64', mac: MAC, uuid: UUID }, '::ffff:10.0.2.15')).toEqual({
      ...{ macs: [MAC], uuid: UUID, ip: '10.0.2.15', architecture: 'amd64', firmware: ['uefi-http'] },
      sourceAddress: '::ffff:10.0.2.15',
    });
  });

  it('takes nothing for an identity that is none', () => {
    const [mac, uuid] = [parseMac('000000000000'), parseUuid('f'.repeat(32))];
    if (mac === undefined || uuid === undefined) return expect.unreachable();
    expect(factsFromFirmware({ architecture: 'amd64', mac, uuid }, 'somewhere')).toEqual({
      ...{ macs: [], architecture: 'amd64', firmware: ['uefi-http'], sourceAddress: 'somewhere' },
    });
  });
});
