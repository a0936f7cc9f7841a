import { createHash } from 'node:crypto';
import { documentValues } from '../boot/document-values.js';
import type { EventSink } from '../boot/event.js';
import type { HandedOut, KeptCapability } from '../boot/policy-ports.js';
import type { RefusedProvision } from '../boot/provision-event.js';
import type { Clock } from '../clock.js';
import { fewOf } from '../format.js';
import { TokenBuckets } from '../net/token-buckets.js';
import { type Documents, type HandedDocument, NO_DOCUMENTS } from '../provision/documents.js';
import type { Provision } from '../provision/provision.js';
import { RecentMap } from '../recent-map.js';
import type { BootUrls } from './boot-urls.js';
import type { Capabilities, OfBoot } from './capabilities.js';
import { documentUrls } from './document-urls.js';
import { NO_CAPABILITIES } from './placeholder-urls.js';
import { BY_ADDRESS, ProvisionByAddress, type ProvisionByAddressParts, type Whose } from './provision-by-address.js';
import { ProvisionGuesses } from './provision-guesses.js';
import type { Requesters } from './requesters.js';
import type { Standings } from './standings.js';

export type ProvisioningParts = ProvisionByAddressParts & {
  /** Those of the mapping in force. */
  readonly documents: () => Documents;
  readonly capabilities: Pick<Capabilities, 'of' | 'handingOut' | 'look' | 'isOver' | 'spend'>;
  readonly standings: Pick<Standings, 'of'>;
  readonly requesters: Pick<Requesters, 'asking' | 'isAt'>;
  readonly urls: BootUrls;
  readonly events: EventSink;
  readonly clock: Pick<Clock, 'ticks'>;
};

/** Who asks for what. */
export type ProvisionRequest = {
  readonly capability: string;
  readonly path: string;
  readonly address: string;
  /** Only whether it is there: nothing is handed out by that. */
  readonly isHead: boolean;
};

export type Handing =
  | { readonly kind: 'document'; readonly document: HandedDocument }
  /** For whichever reason: who asks is not to learn which. */
  | { readonly kind: 'none' }
  /** The machine's own, and it cannot be written. */
  | { readonly kind: 'broken' }
  /** It guesses. */
  | { readonly kind: 'flooding' };

const MAX_NAMED = 8;

type Verdicts = { readonly of: Documents; readonly known: RecentMap<string, { readonly unready: string | undefined }> };

/** As many machines as boot at a time: each takes a few hundred bytes. */
const MIN_VERDICTS = 4_096;

/** Hands machines their configuration, and nobody else. */
export class Provisioning {
  readonly #parts: ProvisioningParts;
  /** Of refusals: who asks again and again for what is over is not to fill the log, nor the record of a boot. */
  readonly #told = new TokenBuckets({ burst: 20, perSecond: 0.05 });
  readonly #guesses: ProvisionGuesses;
  readonly #byAddress: ProvisionByAddress;
  /** Of the documents in force: whoever cannot be booted asks every few seconds, and the same values make the same documents. */
  #verdicts: Verdicts;

  constructor(parts: ProvisioningParts) {
    this.#parts = parts;
    this.#guesses = new ProvisionGuesses({ events: parts.events, ticks: () => parts.clock.ticks() });
    this.#byAddress = new ProvisionByAddress(parts);
    this.#verdicts = { of: NO_DOCUMENTS, known: new RecentMap(MIN_VERDICTS) };
  }

  /** Why the machine's configuration could not be handed out; undefined when all of it can. */
  unready(whose: Whose, provision: Provision): string | undefined {
    const { urls } = this.#parts;
    const values = documentValues(whose, documentUrls(urls.for(whose.subject.facts.sourceAddress), NO_CAPABILITIES));
    const documents = this.#parts.documents();
    if (this.#verdicts.of !== documents) this.#verdicts = { of: documents, known: new RecentMap(MIN_VERDICTS) };
    // By its digest: labels may be long.
    const asked = createHash('sha256')
      .update(JSON.stringify([provision, values]))
      .digest('base64');
    return this.#verdicts.known.kept(asked, () => ({ unready: documents.unready(provision, values) })).unready;
  }

  /** By which the machine, which is shown to be that, fetches it. Throws DATA_UNUSABLE, DISK_FULL. */
  capability({ subject, assignment, image }: Whose, { life }: Provision, boot: OfBoot): Promise<string> {
    const { facts } = subject;
    const { reference, digest } = image;
    const handsOut = { assignment: assignment.name, address: facts.sourceAddress, facts, image: { reference, digest } };
    return this.#parts.capabilities.handingOut({ ...boot, handsOut, life });
  }

  /** Throws DATA_UNUSABLE, DISK_FULL. */
  async hand(request: ProvisionRequest): Promise<Handing> {
    const { events } = this.#parts;
    const { path: document, address, isHead } = request;
    const found = await this.#lookUp(request);
    if (found.kind !== 'found') {
      // After the look: whoever guesses beside a machine, or on it, is not to keep that from its own.
      const isGuess = found.why === 'unknown' && request.capability !== BY_ADDRESS;
      if (isGuess && this.#guesses.isFlooding(address)) return { kind: 'flooding' };
      if (isGuess) this.#guesses.failed(address);
      this.#refuse(request, found);
      return { kind: found.why === 'broken' ? 'broken' : 'none' };
    }
    if (!isHead) {
      const bytes = found.document.bytes.length;
      events({ event: 'provision.sent', machine: found.kept.machine, address, document, bytes });
    }
    return { kind: 'document', document: found.document };
  }

  async #lookUp(request: ProvisionRequest): Promise<Found> {
    const { capabilities } = this.#parts;
    const { capability, address } = request;
    const own = capability === BY_ADDRESS ? await this.#byAddress.whose(address) : undefined;
    if (own?.kind === 'refused') return refused('unknown', own.reason);
    const given = own === undefined ? capability : await this.capability(own.whose, own.provision, own.boot);
    const kept = await capabilities.look(given);
    if (kept?.handsOut === undefined) return UNKNOWN;
    const { machine, handsOut } = kept;
    // Told of no boot: somebody else would keep it open by asking.
    if (await this.#isForeign(handsOut, address))
      return refused(
        'foreign',
        `it was given to ${machine} at ${handsOut.address}, and no card of that is known there`,
      );
    const found = this.#refusalOf(kept, handsOut) ?? (await this.#find(kept, handsOut, request));
    return found.kind === 'found' ? found : { ...found, machine };
  }

  /** A system may be given another address than its firmware was, by what it calls itself (RFC 2131, 4.2). */
  async #isForeign({ address: own, facts }: HandedOut, address: string): Promise<boolean> {
    const { mapping, requesters } = this.#parts;
    return own !== address && !(await requesters.isAt(mapping().inventory.identify(facts), address));
  }

  async #find(kept: KeptCapability, handsOut: HandedOut, request: ProvisionRequest): Promise<Found> {
    const { capabilities } = this.#parts;
    const { path, isHead } = request;
    const whose = this.#whose(kept, handsOut);
    // Of the same mapping, whatever comes into force in between.
    const documents = this.#parts.documents();
    if (whose?.assignment.provision === undefined) return CHANGED;
    const { provision } = whose.assignment;
    const done = documents.asksForDone(provision) ? await capabilities.of(withoutHandedOut(kept)) : '';
    const urls = documentUrls(this.#parts.urls.for(request.address), { done, provision: request.capability });
    const rendering = documents.render(provision, path, documentValues(whose, urls));
    if (rendering.kind === 'absent') return absent(documents.paths(provision));
    if (rendering.kind === 'refused') return { kind: 'refused', why: 'broken', reason: rendering.reason };
    if (provision.isOnce && !isHead && !(await capabilities.spend(kept, path))) return SPENT;
    return { kind: 'found', kept, document: rendering.document };
  }

  #refusalOf(kept: KeptCapability, handsOut: HandedOut): Refusal | undefined {
    const { capabilities, standings } = this.#parts;
    if (capabilities.isOver(kept)) return EXPIRED;
    if (handsOut.isSuperseded === true) return SUPERSEDED;
    const done = standings.of(kept.keys)?.done;
    return done !== undefined && done.at >= kept.beganAt ? DONE : undefined;
  }

  /** As the mapping in force has them; undefined where it is another machine's now, or nobody's. */
  #whose({ machine }: KeptCapability, { assignment: name, facts, image }: HandedOut): Whose | undefined {
    const { inventory, byName } = this.#parts.mapping();
    const subject = inventory.identify(facts);
    const assignment = byName.get(name);
    if (subject.name !== machine || assignment === undefined || assignment.outOfForce !== undefined) return undefined;
    return { subject, assignment, image };
  }

  #refuse({ path: document, address }: ProvisionRequest, { machine, why, reason }: Refusal): void {
    const { clock } = this.#parts;
    if (!this.#told.take(address, clock.ticks())) return;
    const whose = machine === undefined ? {} : { machine };
    this.#parts.events({ event: 'provision.refused', ...whose, address, document, why, reason });
  }
}

type Refusal = {
  readonly kind: 'refused';
  readonly why: RefusedProvision;
  readonly reason: string;
  /** Whose it would have been, where its own boot asked. */
  readonly machine?: string;
};
type Found = Refusal | { readonly kind: 'found'; readonly kept: KeptCapability; readonly document: HandedDocument };

const refused = (why: Refusal['why'], reason: string): Refusal => ({ kind: 'refused', why, reason });
const UNKNOWN = refused('unknown', 'nobody was given that');
const EXPIRED = refused('expired', 'its time is over: see life in provision');
const SUPERSEDED = refused('superseded', 'the machine has begun another boot since');
const DONE = refused('done', 'its boot is done');
const CHANGED = refused(
  'changed',
  'its assignment is gone or hands nothing out any more, or the machine has another name',
);
const SPENT = refused('spent', 'it was handed out already, and once is set in provision');
const absent = (paths: readonly string[]) =>
  refused('absent', `its assignment has no such document: it hands out ${fewOf(paths, MAX_NAMED)}`);

/** What the capability by which the boot is reported as done is kept with. */
function withoutHandedOut({
  handsOut: _handsOut,
  hash: _hash,
  expiresAt: _expiresAt,
  ...boot
}: KeptCapability): OfBoot {
  return boot;
}
