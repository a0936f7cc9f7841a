/** What the API tells, as far as it is shown. Another version may tell less, or more. */

export type ToldBoot = {
  readonly id: string;
  readonly machine: string;
  readonly state: string;
  readonly beganAt: string;
  readonly lastAt: string;
  readonly assignment?: string;
  readonly image?: string;
  readonly reason?: string;
  /** Of a list: why one that is under way does not go on. */
  readonly finding?: string;
};

export type ToldSteps = ToldBoot & {
  readonly steps: readonly Pick<ToldEvent, 'at' | 'text'>[];
  /** Missing where an older server tells it. */
  readonly findings?: readonly ToldFinding[];
};

/** Why a boot does not go on. */
export type ToldFinding = { readonly finding: string; readonly evidence: string; readonly remedy: string };

/** A step as it happens. `boot`, its state after it and when it began are missing where it belongs to none. */
export type ToldEvent = {
  readonly event: string;
  readonly at: string;
  readonly machine: string;
  readonly text: string;
  readonly boot?: string;
  readonly state?: string;
  readonly beganAt?: string;
  /** Of some kinds of steps. */
  readonly reason?: string;
  readonly answer?: string;
  readonly role?: string;
  readonly file?: string;
};

/** What is under way at one moment: all of it. */
export type ToldTransfers = { readonly at: string; readonly transfers: readonly ToldTransfer[] };

export type ToldTransfer = {
  readonly id: number;
  readonly machine?: string;
  /** Of an artifact; of a boot loader it is `file`. */
  readonly role?: string;
  readonly file?: string;
  /** Many parts of it are read as of a disc, each maybe more than once. */
  readonly isDisc?: boolean;
  readonly size: number;
  readonly bytes: number;
  /** Since it began. */
  readonly seconds: number;
};

/** A step as it is streamed; undefined where it is none. */
export function readStep(event: string, data: unknown): ToldEvent | undefined {
  const told = (data ?? {}) as Partial<ToldEvent>;
  if (![told.at, told.machine, told.text].every((value) => typeof value === 'string')) return undefined;
  return { ...(told as ToldEvent), event };
}

/** The same of what is under way. */
export function readTransfers(data: unknown): ToldTransfers | undefined {
  const told = (data ?? {}) as Partial<ToldTransfers>;
  if (typeof told.at !== 'string' || !Array.isArray(told.transfers)) return undefined;
  return { at: told.at, transfers: (told.transfers as unknown[]).filter(isTransfer) };
}

function isTransfer(value: unknown): value is ToldTransfer {
  const { id, size, bytes, seconds } = (value ?? {}) as Partial<ToldTransfer>;
  return [id, size, bytes, seconds].every((number) => typeof number === 'number');
}
