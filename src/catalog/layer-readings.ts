import type { Clock } from '../clock.js';
import { OutOfReach, type RangeReader } from '../image/range-reader.js';
import type { Descriptor } from '../oci/descriptor.js';
import { RecentMap } from '../recent-map.js';
import { blobRanges, type RangeSource } from './blob-ranges.js';

/** Of each kind; a site maps fewer images. */
const MOST_KNOWN = 2_000;
/** What takes longer is given up, and begun anew by who asks next. */
const LONGEST_MILLISECONDS = 20_000;

/**
 * What was read of layers, once each however often it is asked. It is kept by the place as well: what is read is not verified, and
 * nobody's lie is to be another's layer.
 */
export class LayerReadings<T extends object> {
  readonly #read: (file: RangeReader) => Promise<T>;
  readonly #clock: Clock;
  /** Without a value: that is not to be had from there. */
  readonly #known = new RecentMap<string, { readonly value?: T }>(MOST_KNOWN);
  readonly #underWay = new Map<string, Promise<T | undefined>>();
  readonly #ending = new Set<AbortController>();

  constructor(read: (file: RangeReader) => Promise<T>, clock: Clock) {
    this.#read = read;
    this.#clock = clock;
  }

  /** undefined where it cannot be read, or is not in so many milliseconds: then that goes on, for who asks next. */
  async of(source: RangeSource, descriptor: Descriptor, patience: number): Promise<T | undefined> {
    const name = `${descriptor.digest} ${descriptor.size} ${source.name}`;
    const known = this.#known.get(name);
    if (known !== undefined) return known.value;
    const first = await this.#clock.within(patience, this.#underWay.get(name) ?? this.#start(name, source, descriptor));
    return first.kind === 'done' ? first.value : undefined;
  }

  /** Ends what is being read. */
  close(): void {
    for (const ending of this.#ending) ending.abort();
  }

  #start(name: string, source: RangeSource, descriptor: Descriptor): Promise<T | undefined> {
    const reading = this.#bounded(name, source, descriptor).finally(() => this.#underWay.delete(name));
    this.#underWay.set(name, reading);
    return reading;
  }

  async #bounded(name: string, source: RangeSource, descriptor: Descriptor): Promise<T | undefined> {
    const ending = new AbortController();
    this.#ending.add(ending);
    try {
      const work = this.#read(blobRanges(source, descriptor, ending.signal));
      const read = await this.#clock.within(LONGEST_MILLISECONDS, work);
      if (read.kind === 'done') this.#known.set(name, read);
      else ending.abort();
      return read.kind === 'done' ? read.value : undefined;
    } catch (thrown) {
      // Whatever else it is: the layer is asked again, and whoever downloads it whole is told.
      if (thrown instanceof OutOfReach) this.#known.set(name, {});
      return undefined;
    } finally {
      this.#ending.delete(ending);
    }
  }
}
