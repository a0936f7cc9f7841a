/** A source slower than this is given up, so that one that trickles does not keep a place in line for ever. */
const LEAST = { milliseconds: 60_000, bytes: 64 * 1024 };
/** The same while another has not been asked, which may be faster: machines wait. */
const LEAST_OF_MANY = { milliseconds: 10_000, bytes: 1024 * 1024 };

/**
 * Whether a source makes headway, asked with every piece that arrives: an empty one says that it passes over what is there
 * already. Only the time that was waited for it counts.
 */
export class Pace {
  #waited = 0;
  #received = 0;

  isTooSlow(bytes: number, milliseconds: number, { hasOther }: { readonly hasOther: boolean }): boolean {
    this.#received += bytes;
    this.#waited += milliseconds;
    const least = hasOther ? LEAST_OF_MANY : LEAST;
    if (this.#waited < least.milliseconds && bytes > 0) return false;
    const isTooSlow = bytes > 0 && this.#received < least.bytes;
    this.#received = 0;
    this.#waited = 0;
    return isTooSlow;
  }
}
