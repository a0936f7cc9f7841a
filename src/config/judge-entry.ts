import type { z } from 'zod';
import type { Assignment } from '../boot/assignment.js';
import type { EntryDocument } from '../boot/entry.js';
import type { Machine } from '../machine/machine.js';
import { convertMapping } from './convert-mapping.js';
import { deepFreeze } from './freeze.js';
import { problemsOfIssue } from './issue-problems.js';
import { assignmentSchema, machineSchema } from './mapping-schema.js';
import { formatPath, type Problem } from './problem.js';
import { PROVISION_OF_FILES } from './provision-schema.js';
import { ProvisionSets } from './provision-sets.js';
import type { Config } from './schema.js';

/** Something wrong in an entry, and where: `labels.rack`. */
export type EntryProblem = { readonly path: string; readonly message: string };

export type Judged<T> =
  | { readonly kind: 'sound'; readonly value: T }
  | { readonly kind: 'wrong'; readonly problems: readonly EntryProblem[] };

/** What entries that are in no file are joined with. */
type Beside = Pick<Config, 'file' | 'written'>;

/** A machine that is in no file, judged as if it were in the main one. Pure. */
export function judgeMachine(document: EntryDocument, beside: Beside): Judged<Machine> {
  return judge(machineSchema.safeParse(document), (machine) => {
    const { machines, problems } = converted({ machines: [machine], assignments: [] }, beside);
    return { value: machines[0]?.value, problems };
  });
}

/** The same of an assignment: it takes the main file's defaults and provisions, and folders of images are named beside that. Pure. */
export function judgeAssignment(document: EntryDocument, beside: Beside): Judged<Assignment> {
  return judge(assignmentSchema.safeParse(document), (assignment) => {
    if (typeof assignment.provision === 'object') return { value: undefined, problems: [OF_FILES] };
    const { assignments, problems } = converted({ machines: [], assignments: [assignment] }, beside);
    return { value: assignments[0]?.value, problems };
  });
}

const OF_FILES: Problem = { path: ['assignments', 0, 'provision'], message: PROVISION_OF_FILES };

function converted(entries: Parameters<typeof convertMapping>[0][number]['entries'], { file, written }: Beside) {
  const { shared } = written;
  return convertMapping([{ file, entries }], { ...shared, provisions: new ProvisionSets(shared.provisions, file) });
}

function judge<E, T>(
  { data, error }: z.ZodSafeParseResult<E>,
  convert: (entry: E) => { readonly value: T | undefined; readonly problems: readonly Problem[] },
): Judged<T> {
  if (error !== undefined) return wrong(error.issues.flatMap(problemsOfIssue));
  const { value, problems } = convert(data);
  // The first two keys say where in the file it would be.
  if (problems.length > 0) return wrong(problems.map((problem) => ({ ...problem, path: problem.path.slice(2) })));
  return value === undefined ? wrong([]) : { kind: 'sound', value: deepFreeze(value) };
}

function wrong(problems: readonly Problem[]): Judged<never> {
  return { kind: 'wrong', problems: problems.map(({ path, message }) => ({ path: formatPath(path), message })) };
}
