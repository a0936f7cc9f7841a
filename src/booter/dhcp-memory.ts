import type { Firmware, MachineFacts } from '../machine/facts.js';
import type { MacAddress } from '../net/mac.js';
import { RecentMap } from '../recent-map.js';

/** What a machine last asked for by DHCP. Milliseconds. */
type Step = {
  readonly at: number;
  readonly firmware: Firmware | undefined;
  /** What it loaded since it last asked for a script, the last first. */
  readonly loads: readonly Loads[];
};

/** How often it loads one program, which led to no script: a UKI never does, and is not loaded as often. */
type Loads = {
  readonly loader: string;
  readonly since: number;
  readonly times: number;
  /** Of the request that was counted last: firmware repeats one that is not answered. */
  readonly xid: number;
};

/** What firmware is told to load. */
type Told = { readonly firmware: Firmware | undefined; readonly loader: string; readonly xid: number };

/** A firmware that asks again for the same program, `times` within so many seconds. */
export type LoaderLoop = { readonly loader: string; readonly times: number; readonly seconds: number };

/** A machine boots once within them. */
const LIVE_MILLISECONDS = 600_000;
const LOOP_MILLISECONDS = 300_000;
const LOOP_LOADS = 6;
/** Programs of one machine: firmware tries PXE and HTTP Boot in turn. */
const MOST_LOADERS = 4;
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
  told(mac: MacAddress, { loader, xid, ...told }: Told): LoaderLoop | undefined {
    const now = this.#now();
    const last = this.#steps.get(mac);
    const before = last?.loads ?? [];
    const known = before.find((one) => one.loader === loader);
    const { loads, loop } = loadedAgain(known, { loader, xid, now });
    // Nearly all load one program alone.
    const isAlone = before.length === (known === undefined ? 0 : 1);
    const all = isAlone ? [loads] : [loads, ...before.filter((one) => one !== known).slice(0, MOST_LOADERS - 1)];
    this.#steps.set(mac, { at: now, firmware: told.firmware ?? last?.firmware, loads: all });
    return loop;
  }

  /** A script was asked for: what was loaded before works. */
  asked(macs: readonly MacAddress[]): void {
    for (const mac of macs) {
      const last = this.#steps.get(mac);
      if (last !== undefined) this.#steps.set(mac, { ...last, loads: [] });
    }
  }

  /** Whether firmware there is booting now, by what it was told. */
  hasAsked(mac: MacAddress): boolean {
    const step = this.#steps.get(mac);
    return step !== undefined && step.at >= this.#now() - LIVE_MILLISECONDS;
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

type Counted = { readonly loads: Loads; readonly loop?: LoaderLoop };

/** One load more, of those of its program. */
function loadedAgain(
  last: Loads | undefined,
  { loader, xid, now }: { readonly loader: string; readonly xid: number; readonly now: number },
): Counted {
  if (last === undefined || now - last.since >= LOOP_MILLISECONDS)
    return { loads: { loader, since: now, times: 1, xid } };
  if (last.xid === xid) return { loads: last };
  const { since } = last;
  const times = last.times + 1;
  if (times < LOOP_LOADS) return { loads: { loader, since, times, xid } };
  const loop = { loader, times, seconds: Math.round((now - since) / 1000) };
  return { loads: { loader, since: now, times: 0, xid }, loop };
}
