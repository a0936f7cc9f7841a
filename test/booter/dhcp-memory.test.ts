import { describe, expect, it } from 'vitest';
import { DhcpMemory } from '../../src/booter/dhcp-memory.js';
import { parseMac } from '../../src/net/mac.js';
import { facts, MAC, OTHER_MAC } from '../fixtures/mappings.js';

const UNSURE = ['uefi', 'uefi-http'] as const;
const MINUTE = 60_000;

function memory() {
  let now = 1_000_000;
  let xid = 0;
  const kept = new DhcpMemory(() => now);
  return {
    kept,
    pass: (milliseconds: number) => {
      now += milliseconds;
    },
    /** Firmware was told to load a program, in an exchange of its own unless one is given. */
    told: (loader: string, { mac = MAC, exchange = ++xid, firmware = 'uefi' as const } = {}) =>
      kept.told(mac, { firmware, loader, xid: exchange }),
    /** As which of UEFI's two ways an iPXE of this machine is known. */
    firmware: (macs = [MAC]) => kept.withFirmware(facts({ macs, firmware: UNSURE })).firmware,
  };
}

describe('loops', () => {
  it('are told of at the sixth load of a program, and at each sixth again', () => {
    const { told, pass } = memory();
    const loops = Array.from({ length: 13 }, () => {
      pass(10_000);
      return told('snponly.efi');
    });
    expect(loops.flatMap((loop, index) => (loop === undefined ? [] : [index + 1]))).toEqual([6, 12]);
    expect(loops[5]).toEqual({ loader: 'snponly.efi', times: 6, seconds: 50 });
    expect(loops[11]).toEqual({ loader: 'snponly.efi', times: 6, seconds: 60 });
  });

  it('are counted by exchanges: what is not answered is asked again with the same number', () => {
    const { told, pass } = memory();
    for (let exchange = 1; exchange <= 5; exchange += 1)
      for (let repetition = 0; repetition < 4; repetition += 1) {
        pass(1_000);
        expect(told('snponly.efi', { exchange })).toBeUndefined();
      }
    expect(told('snponly.efi', { exchange: 6 })).toMatchObject({ times: 6 });
    // The sixth again is not the first of the next.
    expect(told('snponly.efi', { exchange: 6 })).toBeUndefined();
  });

  it('are none of machines that boot: each script begins the count anew', () => {
    const { told, kept } = memory();
    for (let boot = 0; boot < 4; boot += 1) {
      for (let load = 0; load < 5; load += 1) expect(told('snponly.efi')).toBeUndefined();
      kept.asked([OTHER_MAC, MAC]);
    }
  });

  it('are not ended by the script of another machine', () => {
    const { told, kept } = memory();
    for (let load = 0; load < 5; load += 1) told('snponly.efi');
    kept.asked([OTHER_MAC]);
    expect(told('snponly.efi')).toMatchObject({ times: 6 });
  });

  it('are none over a longer time', () => {
    const { told, pass } = memory();
    for (let load = 0; load < 30; load += 1) {
      expect(told('snponly.efi')).toBeUndefined();
      pass(MINUTE);
    }
  });

  it('are counted by programs: firmware tries PXE and HTTP Boot in turn', () => {
    const { told, kept } = memory();
    const round = () => [told('snponly.efi'), told('http://x/boot.efi')];
    for (let load = 0; load < 5; load += 1) expect(round()).toEqual([undefined, undefined]);
    expect(round()).toMatchObject([{ loader: 'snponly.efi' }, { loader: 'http://x/boot.efi' }]);
    for (let load = 0; load < 5; load += 1) expect(round()).toEqual([undefined, undefined]);
    kept.asked([MAC]);
    expect(round()).toEqual([undefined, undefined]);
  });

  it('are none of more programs than firmware tries, or of different cards', () => {
    const { told } = memory();
    for (let load = 0; load < 40; load += 1) expect(told(`${load % 5}.efi`)).toBeUndefined();
    for (let load = 0; load < 20; load += 1) {
      const mac = parseMac(`52540000000${(load % 4) + 1}`);
      if (mac !== undefined) expect(told('ipxe.efi', { mac })).toBeUndefined();
    }
  });

  it('are also those of an iPXE that must load another', () => {
    const { kept } = memory();
    const loops = Array.from({ length: 6 }, (_, xid) =>
      kept.told(MAC, { firmware: xid === 0 ? 'uefi' : undefined, loader: 'snponly.efi', xid }),
    );
    expect(loops[5]).toMatchObject({ loader: 'snponly.efi', times: 6 });
  });
});

describe('the firmware', () => {
  it('is that which the card was last seen to have', () => {
    const { told, firmware } = memory();
    expect(firmware()).toEqual(UNSURE);
    told('snponly.efi');
    expect(firmware()).toEqual(['uefi']);
    expect(firmware([OTHER_MAC])).toEqual(UNSURE);
    expect(firmware([OTHER_MAC, MAC])).toEqual(['uefi']);
  });

  it('is that of its last boot', () => {
    const { kept, firmware } = memory();
    kept.told(MAC, { firmware: 'uefi-http', loader: 'http://x/boot.efi', xid: 1 });
    expect(firmware()).toEqual(['uefi-http']);
    // It is another boot.
    kept.told(MAC, { firmware: 'uefi', loader: 'snponly.efi', xid: 2 });
    expect(firmware()).toEqual(['uefi']);
  });

  it('is still known when an iPXE had to load another', () => {
    const { kept, firmware } = memory();
    kept.told(MAC, { firmware: 'uefi-http', loader: 'http://x/boot.efi', xid: 1 });
    kept.told(MAC, { firmware: undefined, loader: 'snponly.efi', xid: 2 });
    expect(firmware()).toEqual(['uefi-http']);
  });

  it('is known after a script, and for ten minutes', () => {
    const { told, kept, pass, firmware } = memory();
    told('snponly.efi');
    kept.asked([MAC]);
    pass(10 * MINUTE);
    expect(firmware()).toEqual(['uefi']);
    pass(1);
    expect(firmware()).toEqual(UNSURE);
  });

  it('is nothing but what the machine may have', () => {
    const { kept } = memory();
    kept.told(MAC, { firmware: 'bios', loader: 'undionly.kpxe', xid: 1 });
    for (const firmware of [UNSURE, ['uefi'], ['bios']] as const)
      expect(kept.withFirmware(facts({ firmware }))).toEqual(facts({ firmware }));
    expect(kept.withFirmware(facts())).toEqual(facts());
  });

  it('is forgotten of whoever asked longest ago, when too many have', () => {
    const { kept, firmware } = memory();
    const cardOf = (number: number) => parseMac(`02${number.toString(16).padStart(10, '0')}`) ?? expect.unreachable();
    const ask = (from: number, to: number) => {
      for (let number = from; number < to; number += 1)
        kept.told(cardOf(number), { firmware: 'uefi', loader: 'x', xid: number });
    };
    ask(0, 50_000);
    expect([firmware([cardOf(0)]), firmware([cardOf(1)])]).toEqual([['uefi'], ['uefi']]);
    ask(50_000, 75_000);
    kept.told(cardOf(0), { firmware: 'uefi', loader: 'x', xid: 1 });
    ask(75_000, 100_001);
    expect([firmware([cardOf(0)]), firmware([cardOf(1)])]).toEqual([['uefi'], UNSURE]);
  });
});
