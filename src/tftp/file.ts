/** What is sent, which may still be arriving. Whoever opens it closes it. */
export interface TftpFile {
  /** Bytes. */
  readonly size: number;
  /** How many from `position` on can be read now; waits until there are some. */
  available(position: number, signal?: AbortSignal): Promise<number>;
  /** Reads up to `target.length` bytes at `position` and answers how many. */
  read(target: Uint8Array, position: number): Promise<number>;
  close(): Promise<void>;
}

/** Of what is in memory. */
export function fileOf(contents: Buffer): TftpFile {
  return {
    size: contents.length,
    available: async (position) => Math.max(0, contents.length - position),
    read: async (target, position) => contents.copy(target, 0, position),
    close: async () => undefined,
  };
}
