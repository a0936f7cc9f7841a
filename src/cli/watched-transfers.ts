import type { ToldTransfer, ToldTransfers } from './told.js';

/** A transfer under way, with how fast it was lately. */
export type WatchedTransfer = ToldTransfer & {
  /** Bytes in a second; missing while it was told of once only. */
  readonly rate?: number;
  /** Nothing of it has come for some seconds. Never of a disc, of which a machine reads what it wants when it wants it. */
  readonly isStalled: boolean;
};

type Sample = { readonly at: number; readonly bytes: number };

/** The rate is that of so many milliseconds: long enough that it does not jump about. */
const LATELY = 4_000;

/** The transfers of which the server tells from time to time, by machine. Whoever owns the clock says what time it is. */
export class WatchedTransfers {
  #samples = new Map<number, readonly Sample[]>();
  #machines = new Map<string, readonly WatchedTransfer[]>();

  /** All that is under way at that moment: whatever is not in it has ended. */
  told({ at, transfers }: ToldTransfers): void {
    const now = Date.parse(at);
    const samples = new Map<number, readonly Sample[]>();
    const machines = new Map<string, WatchedTransfer[]>();
    for (const transfer of transfers) {
      if (transfer.machine === undefined) continue;
      const before = this.#samples.get(transfer.id) ?? [];
      const known = [...before.filter((sample) => now - sample.at <= LATELY), { at: now, bytes: transfer.bytes }];
      samples.set(transfer.id, known);
      const pace = paceOf(known);
      const watched = { ...transfer, ...pace, isStalled: pace.isStalled && transfer.isDisc !== true };
      const others = machines.get(transfer.machine);
      if (others === undefined) machines.set(transfer.machine, [watched]);
      else others.push(watched);
    }
    this.#samples = samples;
    this.#machines = machines;
  }

  /** The machine's transfer of that artifact or file has ended: it is not told of again. */
  ended(machine: string, { role, file }: Pick<ToldTransfer, 'role' | 'file'>): void {
    const others = this.of(machine).filter((transfer) => transfer.role !== role || transfer.file !== file);
    this.#machines.set(machine, others);
  }

  /** Nothing is known any more. */
  clear(): void {
    this.#samples.clear();
    this.#machines.clear();
  }

  of(machine: string): readonly WatchedTransfer[] {
    return this.#machines.get(machine) ?? [];
  }
}

function paceOf(samples: readonly Sample[]): Pick<WatchedTransfer, 'rate' | 'isStalled'> {
  const [first, last] = [samples[0], samples.at(-1)];
  if (first === undefined || last === undefined || last.at <= first.at) return { isStalled: false };
  const [bytes, milliseconds] = [last.bytes - first.bytes, last.at - first.at];
  return { rate: (Math.max(0, bytes) / milliseconds) * 1_000, isStalled: bytes <= 0 && milliseconds >= LATELY / 2 };
}
