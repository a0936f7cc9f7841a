import type { Clock } from '../clock.js';
import { type IsoFiles, isoFilesName } from '../image/iso-files.js';
import { OutOfReach, type RangeReader } from '../image/range-reader.js';
import type { Descriptor } from '../oci/descriptor.js';
import { RecentMap } from '../recent-map.js';
import { blobRanges, type RangeSource } from './blob-ranges.js';
import type { SlowPlaces } from './slow-places.js';

/** Of each kind, of 64 KiB at most; a site maps fewer images. */
const MOST_KNOWN = 500;
/** What takes longer is given up, and begun anew by who asks next. */
const LONGEST_MILLISECONDS = 20_000;
/** What is doubtful is read again after that: less than a resolution lasts. */
const DOUBTFUL_MILLISECONDS = 50_000;

export type LayerReader<T> = {
  /** `isoFiles`: what is to be started of it, where somebody says that. */
  read(file: RangeReader, isoFiles: IsoFiles | undefined): Promise<T>;
  /** Of what cannot be used: others than those of the image may have answered. */
  isDoubtful(value: T): boolean;
};

type Layer = { readonly descriptor: Descriptor; readonly isoFiles: IsoFiles | undefined };

/** Without a value: that is not to be had from there. `until`: in ticks. */
type Known<T> = { readonly value?: T; readonly until: number };

/**
 * What was read of layers, once each however often it is asked. It is kept by the place as well: what is read is not verified, and
 * nobody's lie is to be another's layer; and by what is to be started of it, for which it was read.
 */
export class LayerReadings<T extends object> {
  readonly #reader: LayerReader<T>;
  readonly #clock: Clock;
  readonly #places: SlowPlaces;
  readonly #known = new RecentMap<string, Known<T>>(MOST_KNOWN);
  readonly #underWay = new Map<string, Promise<T | undefined>>();
  readonly #ending = new Set<AbortController>();

  constructor(reader: LayerReader<T>, { clock, places }: { readonly clock: Clock; readonly places: SlowPlaces }) {
    this.#reader = reader;
    this.#clock = clock;
    this.#places = places;
  }

  /**
   * undefined where it cannot be read, or is not in so many milliseconds: then that goes on, for who asks next. Nobody waits at a
   * place that is slow.
   */
  async of(source: RangeSource, descriptor: Descriptor, patience: number, isoFiles?: IsoFiles): Promise<T | undefined> {
    const name = [descriptor.digest, descriptor.size, source.name, isoFilesName(isoFiles)].join(' ');
    const known = this.#known.get(name);
    if (known !== undefined && this.#clock.ticks() < known.until) return known.value;
    const isSlow = this.#places.isSlow(source.name);
    const running = this.#underWay.get(name) ?? this.#start(name, source, { descriptor, isoFiles });
    if (isSlow || running === undefined) return known?.value;
    const first = await this.#clock.within(patience, running);
    if (first.kind === 'late') this.#places.waitedInVain(source.name, patience);
    return (first.kind === 'done' ? first.value : undefined) ?? known?.value;
  }

  /** Ends what is being read. */
  close(): void {
    for (const ending of this.#ending) ending.abort();
  }

  #start(name: string, source: RangeSource, layer: Layer): Promise<T | undefined> | undefined {
    if (!this.#places.mayBegin(source.name)) return undefined;
    const bounded = this.#places.counted(source.name, this.#bounded(name, source, layer));
    const reading = bounded.finally(() => this.#underWay.delete(name));
    this.#underWay.set(name, reading);
    return reading;
  }

  async #bounded(name: string, source: RangeSource, { descriptor, isoFiles }: Layer): Promise<T | undefined> {
    const ending = new AbortController();
    this.#ending.add(ending);
    try {
      const work = this.#reader.read(blobRanges(source, descriptor, ending.signal), isoFiles);
      const read = await this.#clock.within(LONGEST_MILLISECONDS, work);
      if (read.kind === 'done') this.#keep(name, read.value);
      else ending.abort();
      return read.kind === 'done' ? read.value : undefined;
    } catch (thrown) {
      // Whatever else it is: the layer is asked again, and whoever downloads it whole is told.
      if (thrown instanceof OutOfReach) this.#known.set(name, { until: Number.POSITIVE_INFINITY });
      return undefined;
    } finally {
      this.#ending.delete(ending);
    }
  }

  #keep(name: string, value: T): void {
    const until = this.#reader.isDoubtful(value)
      ? this.#clock.ticks() + DOUBTFUL_MILLISECONDS
      : Number.POSITIVE_INFINITY;
    this.#known.set(name, { value, until });
  }
}
