/** Where a machine stands with its policy, as the API tells it. */
export type ToldStanding = {
  readonly machine: string;
  readonly isDone: boolean;
  readonly done?: { readonly at: string; readonly by: string; readonly boot?: string; readonly as?: string };
  readonly reprovision?: { readonly at: string };
  readonly next?: { readonly image: string; readonly boot?: string };
  readonly releasedAt?: string;
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
