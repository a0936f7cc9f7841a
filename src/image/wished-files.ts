/** What an operator wants started of an ISO, by paths from its root. */
export type WishedFiles = {
  readonly kernel: string;
  /** In the order in which they are handed over; none for a kernel that has its own. */
  readonly initramfs: readonly string[];
};

/** The same as one text, for maps and tables; empty where nothing is wished. Pure. */
export function wishedName(wished: WishedFiles | undefined): string {
  return wished === undefined ? '' : JSON.stringify([wished.kernel, ...wished.initramfs]);
}
