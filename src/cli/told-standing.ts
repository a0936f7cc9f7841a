import { formatDuration } from '../format.js';

/** Where a machine stands with its policy, as the API tells it. */
export type ToldStanding = {
  readonly machine: string;
  readonly isDone: boolean;
  readonly done?: { readonly at: string; readonly by: string; readonly boot?: string; readonly as?: string };
  readonly reprovision?: { readonly at: string };
  readonly next?: { readonly image: string; readonly boot?: string };
  readonly releasedAt?: string;
  readonly policy?: ToldPolicy & { readonly assignment: string };
  readonly undecided?: string;
  readonly attempts?: number;
  readonly heldUntil?: string;
  readonly inDoubt?: boolean;
  readonly doubtedSince?: string;
  readonly ifAsked?: { readonly boots: string; readonly image?: string; readonly reason?: string };
  /** What somebody may not have meant. */
  readonly warnings?: readonly string[];
};

/** `window`: seconds. */
export type ToldPolicy = {
  readonly mode: string;
  readonly doneWhen: string;
  readonly maxAttempts?: number;
  readonly window?: number;
};

export function isStanding(answer: unknown): answer is ToldStanding {
  return typeof (answer as Partial<ToldStanding> | undefined)?.isDone === 'boolean';
}

/** In a sentence. */
export function describeStanding({ isDone, done, reprovision, next, releasedAt }: ToldStanding): string {
  const by = { report: 'by its own word', start: 'by its start', operator: 'by an operator' }[done?.by ?? ''] ?? '';
  const parts = [
    done === undefined
      ? 'not known to be done'
      : `done at ${done.at} ${by}${done.as === undefined ? '' : `, as ${done.as}`}`,
    ...(reprovision === undefined
      ? []
      : [`to be installed anew ${isDone ? `from ${reprovision.at} on` : 'at its next boot'}`]),
    ...(next === undefined
      ? []
      : [`boots ${next.image} next${next.boot === undefined ? '' : `, which boot ${next.boot} has got`}`]),
    ...(releasedAt === undefined ? [] : [`attempts before ${releasedAt} do not count`]),
  ];
  return parts.join('; ');
}

/** What its policy makes of it, a line for each thing. */
export function outlookLines(standing: ToldStanding): readonly string[] {
  const { policy, undecided, heldUntil, inDoubt, doubtedSince, ifAsked } = standing;
  // Of an older server.
  if (ifAsked === undefined) return [];
  return [
    policy === undefined ? 'policy: none, since no assignment matches it' : `policy: ${policyText(policy)}`,
    ...(undecided === undefined ? [] : [`what it reports when it asks may choose assignment ${undecided} instead`]),
    ...attemptLines(standing),
    ...(heldUntil === undefined ? [] : [`held until ${heldUntil}, or bootlayer machine release ${standing.machine}`]),
    ...(inDoubt === true
      ? [`the state is in doubt${doubtedSince === undefined ? '' : ` since ${doubtedSince}`}: bootlayer state show`]
      : []),
    `if it asked now: ${askedText(ifAsked)}`,
  ];
}

/** `once, done when it reports (assignment workers)` */
function policyText({ mode, doneWhen, assignment }: NonNullable<ToldStanding['policy']>): string {
  const done = doneWhen === 'started' ? 'done when it has started' : 'done when it reports';
  return `${mode}${mode === 'once' ? `, ${done}` : ''} (assignment ${assignment})`;
}

function attemptLines({ policy, attempts }: ToldStanding): readonly string[] {
  if (policy?.maxAttempts === undefined || attempts === undefined) return [];
  const { maxAttempts, window = 0 } = policy;
  return [`attempts: ${attempts} of ${maxAttempts} within ${formatDuration(window * 1000)}`];
}

function askedText({ boots, image = '', reason = '' }: NonNullable<ToldStanding['ifAsked']>): string {
  switch (boots) {
    case 'image':
      return `it boots ${image}`;
    case 'next':
      return `it boots ${image}, this once`;
    case 'local':
      return `it boots its local disk: ${reason}`;
    case 'waits':
      return `it waits: ${reason}`;
    default:
      return `it is not booted: ${reason}`;
  }
}
