import type { Clock } from '../clock.js';
import type { FetchedDocument, ImageSource, ManifestName } from '../oci/image-source.js';
import { TimedMemory } from './timed-memory.js';

/** How long what a tag names is taken for granted: with what that is resolved to (catalog.ts), a minute. */
const TAG_SECONDS = 5;
const DOCUMENT_SECONDS = 3_600;
/** Times the largest that is kept: 32 MiB. */
const MAX_DOCUMENTS = 500;
/** node-cache cannot weigh its values; larger documents are fetched each time. */
const MAX_CACHED_DOCUMENT_BYTES = 64 * 1024;

/** Indexes and manifests, remembered by digest, and for a moment by tag. */
export class Documents {
  readonly #memory: TimedMemory<FetchedDocument>;

  constructor(clock: Pick<Clock, 'now' | 'ticks'>) {
    this.#memory = new TimedMemory(MAX_DOCUMENTS, clock);
  }

  /** Throws what the source throws. */
  async fetch(source: ImageSource, wanted: ManifestName | undefined): Promise<FetchedDocument> {
    const isPinned = wanted?.kind === 'digest';
    const name = `${source.name}|${isPinned ? wanted.digest : (wanted?.tag ?? '')}`;
    const known = this.#memory.get(name);
    if (known !== undefined) return known;
    const document = await source.fetchDocument(wanted);
    const isSmall = document.bytes.byteLength <= MAX_CACHED_DOCUMENT_BYTES;
    if (isSmall) this.#memory.set(name, document, isPinned ? DOCUMENT_SECONDS : TAG_SECONDS);
    return document;
  }

  close(): void {
    this.#memory.close();
  }
}
