/** A file of which parts are read: what is read of a blob may be all that is downloaded of it. */
export type RangeReader = {
  /** In bytes. */
  readonly size: number;
  /** That many bytes from there, and fewer only where the file ends before. Throws what keeps it from being read. */
  read(offset: number, length: number): Promise<Buffer>;
};

/** A contiguous part of a file, in bytes. */
export type FilePart = { readonly offset: number; readonly length: number };
