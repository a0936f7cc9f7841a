import type { Invitation } from '../booter/invitation.js';
import { NO_ASSIGNMENT } from '../booter/preparation.js';
import { type Answer, answerTo, type Offerings } from './answer.js';
import type { PxeClient } from './client.js';

export const DRAINING = 'the server is about to end';

/** What a machine that asks to be booted is told, by what it is to boot. Pure. */
export function invitedAnswer(invitation: Invitation, client: PxeClient, offerings: Offerings): Answer {
  if (invitation.kind === 'unmapped') return { kind: 'silent', reason: NO_ASSIGNMENT };
  if (invitation.kind === 'draining') return { kind: 'silent', reason: DRAINING };
  // All others have a screen, and a program that leaves them to their disk: UEFI HTTP Boot knows no other no than silence.
  if (invitation.kind === 'local' && client.kind === 'http') return { kind: 'silent', reason: invitation.reason };
  return answerTo(client, offerings);
}
