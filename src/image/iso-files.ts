/** What an operator wants started of an ISO, by paths from its root. */
export type IsoFiles = {
  readonly kernel: string;
  /** In the order in which they are handed over; none for a kernel that has its own. */
  readonly initramfs: readonly string[];
};

/** The same as one text, for maps and tables; empty where nothing is said. Pure. */
export function isoFilesName(isoFiles: IsoFiles | undefined): string {
  return isoFiles === undefined ? '' : JSON.stringify([isoFiles.kernel, ...isoFiles.initramfs]);
}
