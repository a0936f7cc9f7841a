import type { EntryKind } from '../boot/entry.js';
import type { Clock } from '../clock.js';
import { BootlayerError, type ErrorCode, publicMessage, publicRemedy } from '../errors.js';
import { formatDuration } from '../format.js';
import { formatReference } from '../oci/reference.js';
import type { ImageDesk } from './image-desk.js';
import { type KnownDoubtsParts, knownDoubts } from './known-doubts.js';
import type { Mapping } from './mapping.js';

/** Whoever changed it waits for so long. */
const PATIENCE_MILLISECONDS = 5_000;

export type EntryDoubtsParts = KnownDoubtsParts & {
  readonly desk: Pick<ImageDesk, 'resolve'>;
  /** The one in force. */
  readonly mapping: () => Mapping;
  readonly clock: Pick<Clock, 'within'>;
};

/** What somebody may not have meant with what was changed just now: it counts all the same. */
export class EntryDoubts {
  readonly #parts: EntryDoubtsParts;

  constructor(parts: EntryDoubtsParts) {
    this.#parts = parts;
  }

  /** Of an entry that is in force. Never rejects. */
  async ofEntry(kind: EntryKind, name: string): Promise<readonly string[]> {
    const mapping = this.#parts.mapping();
    const assignment = kind === 'assignment' ? mapping.byName.get(name) : undefined;
    const ofImage = assignment === undefined ? [] : await this.ofImage(formatReference(assignment.image));
    return [...ofImage, ...(await knownDoubts({ kind, name }, mapping, this.#parts))];
  }

  /** Why a mapped image cannot be had. Never rejects. */
  async ofImage(reference: string): Promise<readonly string[]> {
    const { desk, clock } = this.#parts;
    try {
      const asked = await clock.within(PATIENCE_MILLISECONDS, desk.resolve(reference));
      if (asked.kind === 'done')
        return asked.value.problems.map(({ code, message }) => unavailable(reference, { code, why: message }));
      const patience = formatDuration(PATIENCE_MILLISECONDS);
      return [`whether ${reference} can be had is not known: its source has not answered within ${patience}`];
    } catch (thrown) {
      const error = BootlayerError.from(thrown);
      const remedy = publicRemedy(error);
      const why = `${publicMessage(error)}${remedy === undefined ? '' : `; ${remedy}`}`;
      return [unavailable(reference, { code: error.code, why })];
    }
  }
}

/** An image that is there, and not for these machines, says so itself, with what it is for. */
function unavailable(reference: string, { code, why }: { readonly code: ErrorCode; readonly why: string }): string {
  return code === 'IMAGE_NO_PLATFORM' ? why : `${reference} cannot be had now: ${why}`;
}
