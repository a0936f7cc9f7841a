import { z } from 'zod';
import { DONE_WHEN, POLICY_MODES } from '../../boot/policy.js';
import type { StandingChange } from '../../boot/standing.js';
import type { Outlook } from '../../booter/outlooks.js';
import { NO_ASSIGNMENT } from '../../booter/preparation.js';
import { toldPolicy } from '../../booter/told-policy.js';
import { formatReference } from '../../oci/reference.js';
import { timeOf } from '../told-step.js';

/** What the policy in force makes of a machine, as the API tells it. */

const time = z.string().describe('RFC 3339');

export const policySchema = z.object({
  mode: z.enum(POLICY_MODES),
  doneWhen: z.enum(DONE_WHEN),
  maxAttempts: z.int().optional(),
  window: z.int().optional().describe('seconds'),
});

export const outlookSchema = z.object({
  policy: policySchema
    .extend({ assignment: z.string() })
    .optional()
    .describe('the one in force; missing where no assignment matches'),
  undecided: z.string().optional().describe('the assignment that what it reports may choose instead'),
  attempts: z.int().optional().describe('how often it was booted within the window of its policy'),
  heldUntil: time.optional().describe('it was booted as often as its policy allows until then'),
  inDoubt: z
    .boolean()
    .describe(
      'whether what the state says of it may lack something, since it was lost, replaced or damaged: ifAsked tells what follows',
    ),
  doubtedSince: time.optional(),
  ifAsked: z
    .object({
      boots: z.enum(['image', 'next', 'local', 'waits', 'nothing']),
      image: z.string().optional(),
      reason: z.string().optional(),
    })
    .describe('what it would be told now, if it is shown to be itself, where it can be'),
});

type Presented = z.output<typeof outlookSchema>;

/** Times as people and machines read them. */
export function presentedOutlook(outlook: Outlook): Presented {
  const { undecided, attempts, heldUntil, doubt } = outlook;
  return {
    ...policyIn(outlook),
    ...(undecided !== undefined && { undecided: undecided.name }),
    ...(attempts !== undefined && { attempts }),
    ...(heldUntil !== undefined && { heldUntil: timeOf(heldUntil) }),
    inDoubt: doubt !== undefined,
    ...(doubt?.kind === 'since' && { doubtedSince: timeOf(doubt.at) }),
    ifAsked: askedNow(outlook),
  };
}

function policyIn({ assignment }: Outlook): Pick<Presented, 'policy'> {
  return assignment === undefined ? {} : { policy: { assignment: assignment.name, ...toldPolicy(assignment.policy) } };
}

function askedNow({ verdict, assignment }: Outlook): Presented['ifAsked'] {
  switch (verdict.kind) {
    case 'image':
      return { boots: 'image', ...(assignment !== undefined && { image: formatReference(assignment.image) }) };
    case 'next':
      return { boots: 'next', image: verdict.next.image };
    case 'local':
      return { boots: 'local', reason: verdict.reason };
    case 'unsure':
      return { boots: 'waits', reason: verdict.reason };
    case 'unmapped':
      return { boots: 'nothing', reason: NO_ASSIGNMENT };
  }
}

/** Why a machine does not boot as whoever changed where it stands will have meant. Pure. `now`: milliseconds since the epoch. */
export function vainBecause(
  { reprovision, release }: StandingChange,
  { assignment, verdict }: Outlook,
  now: number,
): readonly string[] {
  if (!reprovision && release !== true) return [];
  switch (verdict.kind) {
    case 'unmapped':
      return [`it is not booted all the same: ${NO_ASSIGNMENT}`];
    case 'unsure':
      return [`it waits all the same: ${verdict.reason}`];
    case 'local':
      if (verdict.why === 'done' && reprovision && reprovision.at > now) return [];
      return [`it boots its local disk all the same: ${verdict.reason}`];
    case 'image':
      return reprovision && assignment?.policy.mode === 'always'
        ? ['its policy is always: it boots its image anyway']
        : [];
    case 'next':
      return [];
  }
}
