import type { Firmware, MachineFacts } from '../machine/facts.js';
import type { MacAddress } from '../net/mac.js';
import { RecentMap } from '../recent-map.js';

/** What a machine last asked for by DHCP. Milliseconds. */
type Step = {
  readonly at: number;
  readonly firmware: Firmware | undefined;
  /** The loads of one program since `since`, of which none led to a script: a UKI never does, and is not loaded as often. */
  readonly loader: string;
  readonly loads: number;
  readonly since: number;
  /** Of the request that was counted last: firmware repeats one that is not answered. */
  readonly xid: number;
};

/** A firmware that asks again for the same program, `times` within so many seconds. */
export type LoaderLoop = { readonly loader: string; readonly times: number; readonly seconds: number };

/** A machine boots once within them. */
const LIVE_MILLISECONDS = 600_000;
const LOOP_MILLISECONDS = 300_000;
const LOOP_LOADS = 6;
/** Are remembered at least. */
const MACHINES = 25_000;

/** What the DHCP steps of boots have shown, by the cards they came from: whoever forges it can take a machine from an
 * assignment for `uefi` to one for `uefi-http`, or back, and nothing else. */
export class DhcpMemory {
  readonly #now: () => number;
  readonly #steps = new RecentMap<MacAddress, Step>(MACHINES);

  constructor(now: () => number) {
    this.#now = now;
  }

  /**
   * Firmware was told to load, or an iPXE, which does not show by which firmware it came; answers the loop it is in, each time
   * that another round of it is full.
   */
  told(mac: MacAddress, { loader, xid, ...told }: Pick<Step, 'firmware' | 'loader' | 'xid'>): LoaderLoop | undefined {
    const now = this.#now();
    const last = this.#steps.get(mac);
    const firmware = told.firmware ?? last?.firmware;
    const goesOn = last !== undefined && last.loader === loader && now - last.since < LOOP_MILLISECONDS;
    const isRepeated = goesOn && last.xid === xid;
    const loads = goesOn ? last.loads + (isRepeated ? 0 : 1) : 1;
    const since = goesOn ? last.since : now;
    this.#steps.set(mac, { at: now, firmware, loader, loads, since, xid });
    if (isRepeated || loads < LOOP_LOADS) return undefined;
    this.#steps.set(mac, { at: now, firmware, loader, loads: 0, since: now, xid });
    return { loader, times: loads, seconds: Math.round((now - since) / 1000) };
  }

  /** A script was asked for: what was loaded before works. */
  asked(macs: readonly MacAddress[]): void {
    for (const mac of macs) {
      const last = this.#steps.get(mac);
      if (last !== undefined) this.#steps.set(mac, { ...last, loads: 0, since: this.#now() });
    }
  }

  /** What an iPXE that was loaded does not say: by which of the firmwares that it may be its machine boots now. */
  withFirmware(facts: MachineFacts): MachineFacts {
    if (facts.firmware === undefined || facts.firmware.length < 2) return facts;
    const shown = this.#firmwareOf(facts.macs);
    return shown !== undefined && facts.firmware.includes(shown) ? { ...facts, firmware: [shown] } : facts;
  }

  #firmwareOf(macs: readonly MacAddress[]): Firmware | undefined {
    const since = this.#now() - LIVE_MILLISECONDS;
    for (const mac of macs) {
      const step = this.#steps.get(mac);
      if (step?.firmware !== undefined && step.at >= since) return step.firmware;
    }
    return undefined;
  }
}
