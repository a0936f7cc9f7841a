import { setImmediate } from 'node:timers/promises';
import type { Assignment } from '../boot/assignment.js';
import { type DocumentUrls, documentValues } from '../boot/document-values.js';
import { counted } from '../format.js';
import type { Machine } from '../machine/machine.js';
import { parseDigest } from '../oci/digest.js';
import { formatReference } from '../oci/reference.js';
import type { Documents } from '../provision/documents.js';
import type { Provision } from '../provision/provision.js';
import type { BootUrls } from './boot-urls.js';
import type { UnbootableMachine } from './check-report.js';
import { reporting } from './check-target.js';
import { documentUrls } from './document-urls.js';
import { possibleAssignments } from './mapped-wishes.js';
import type { Mapping } from './mapping.js';
import { NO_CAPABILITIES } from './placeholder-urls.js';

export type DocumentParts = {
  readonly mapping: Mapping;
  readonly documents: Documents;
  readonly urls: BootUrls;
};

/** A small document takes a fraction of a millisecond: with these, `check` takes some seconds more on a busy machine. */
const MAX_MACHINES = 10_000;

export type DocumentsCheck = {
  /** Those for which they cannot be written, once for each reason. */
  readonly machines: readonly UnbootableMachine[];
  readonly warnings: readonly string[];
};

/** By what the records say of machines; what those report of themselves is taken for known. Never throws. */
export async function checkDocuments({ mapping, documents, urls }: DocumentParts): Promise<DocumentsCheck> {
  const machines: UnbootableMachine[] = [];
  const given = documentUrls(urls, NO_CAPABILITIES);
  let left = MAX_MACHINES;
  let beyond = 0;
  for (const [position, machine] of mapping.machines.entries()) {
    // There may be a hundred thousand.
    if (position % 100 === 99) await setImmediate();
    const filled = possibleAssignments(machine, mapping.index).filter(isFilledIn);
    if (filled.length === 0) continue;
    left -= 1;
    if (left < 0) {
      beyond += 1;
      continue;
    }
    const reasons = filled.flatMap(
      (assignment) => documents.unready(assignment.provision, valuesOf(machine, assignment, given)) ?? [],
    );
    machines.push(...[...new Set(reasons)].map((reason) => ({ machine: machine.name, reason })));
  }
  return { machines, warnings: beyond === 0 ? [] : [unseen(beyond)] };
}

type Filled = Assignment & { readonly provision: Provision };

/** What is handed out as it is can be handed to anybody. */
function isFilledIn(assignment: Assignment): assignment is Filled {
  const { boot, provision } = assignment;
  return boot !== 'local' && provision !== undefined && provision.documents.some(({ isTemplate }) => isTemplate);
}

function valuesOf(machine: Machine, assignment: Assignment, urls: DocumentUrls) {
  const facts = { ...REPORTED, architecture: machine.architecture ?? REPORTED.architecture };
  const subject = { name: machine.name, machine, contradictions: [], mayBeKnown: false, facts };
  const image = { reference: formatReference(assignment.image), digest: SOME_DIGEST };
  return documentValues({ subject, assignment, image }, urls);
}

const REPORTED = { ...reporting({ macs: [], sourceAddress: '' }), architecture: 'amd64' };
/** Registries need not be asked for what a document looks like. */
const SOME_DIGEST = parseDigest(`sha256:${'0'.repeat(64)}`);

function unseen(machines: number): string {
  return `documents were written for ${MAX_MACHINES} machines as a test, and not for ${counted(machines, 'more machine')}`;
}
