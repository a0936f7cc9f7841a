import { BootlayerError } from '../errors.js';

/** A file of which parts are read: what is read of a blob may be all that is downloaded of it. */
export type RangeReader = {
  /** In bytes. */
  readonly size: number;
  /**
   * That many bytes from there, and fewer only where the file ends before. Throws what keeps it from being read: `OutOfReach`,
   * too.
   */
  read(offset: number, length: number): Promise<Buffer>;
};

/** A contiguous part of a file or a blob, in bytes. */
export type FilePart = { readonly offset: number; readonly length: number };

/** Far more than a part would have to be received to have it: its source sends whole files alone. */
export class OutOfReach extends BootlayerError {
  constructor(what: string) {
    super('REGISTRY_UNREACHABLE', `${what} cannot be read in parts: its registry knows no ranges`, {
      remedy: 'use a registry that knows ranges (RFC 9110, 14.2)',
    });
  }
}
