/** What stands against a way: the image has no such layers, or has them and the client cannot start them. */
export type Obstacle = {
  readonly kind: 'missing' | 'refused';
  readonly reason: string;
  /** What an operator can do about it, in a few words. */
  readonly remedy?: string;
};

/** As people read it. Pure. */
export function withRemedy({ reason, remedy }: Pick<Obstacle, 'reason' | 'remedy'>): string {
  return remedy === undefined ? reason : `${reason}: ${remedy}`;
}

/** `other`: what else image build is to be given. Pure. */
export function againstArchitecture(
  what: string,
  held: string | undefined,
  wanted: string,
  other = 'one',
): Obstacle | undefined {
  return held === undefined || held === wanted
    ? undefined
    : refused(`${what} is for ${held}, and the machine is ${wanted}`, `give image build ${other} for ${wanted}`);
}

export function missing(reason: string, remedy: string): Obstacle {
  return { kind: 'missing', reason, remedy };
}

export function refused(reason: string, remedy?: string): Obstacle {
  return { kind: 'refused', reason, ...(remedy !== undefined && { remedy }) };
}
