import { setImmediate } from 'node:timers/promises';
import type { Assignment } from '../boot/assignment.js';
import { type DocumentUrls, documentValues } from '../boot/document-values.js';
import { counted, fewOf } from '../format.js';
import type { Machine } from '../machine/machine.js';
import { parseDigest } from '../oci/digest.js';
import { formatReference } from '../oci/reference.js';
import type { Documents } from '../provision/documents.js';
import type { Provision } from '../provision/provision.js';
import type { BootUrls } from './boot-urls.js';
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
const MAX_NAMED = 5;
const MAX_WARNINGS = 20;

/**
 * Machines whose documents cannot be written, by what the records say of them; what machines report of themselves is taken for
 * known. The same is said once. Never throws.
 */
export async function findDocumentWarnings({ mapping, documents, urls }: DocumentParts): Promise<readonly string[]> {
  const found = new Map<string, Set<string>>();
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
    for (const assignment of filled) {
      const reason = documents.unready(assignment.provision, valuesOf(machine, assignment, given));
      if (reason !== undefined) found.set(reason, (found.get(reason) ?? new Set()).add(machine.name));
    }
  }
  return warningsOf(found, beyond);
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

function warningsOf(found: ReadonlyMap<string, ReadonlySet<string>>, beyond: number): readonly string[] {
  const all = [...found].map(
    ([reason, names]) => `what is handed out cannot be written for ${fewOf([...names], MAX_NAMED)}: ${reason}`,
  );
  return [
    ...all.slice(0, MAX_WARNINGS),
    ...(all.length > MAX_WARNINGS ? [`and ${all.length - MAX_WARNINGS} more of what is handed out`] : []),
    ...(beyond > 0
      ? [
          `documents were written for ${MAX_MACHINES} machines as a test, and not for ${counted(beyond, 'more machine')}`,
        ]
      : []),
  ];
}
