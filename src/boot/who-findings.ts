import type { Finding } from './finding.js';
import type { FoundIn } from './findings.js';

/** Who asks, and whether it is to boot at all. Pure. */
export function whoFindings({ trace }: FoundIn): readonly Finding[] {
  const findings: Finding[] = [];
  const mismatch = trace.last('identity.mismatch');
  if (mismatch !== undefined)
    findings.push({
      ...{ finding: 'identity-doubted', at: mismatch.at },
      evidence: `${mismatch.event.address}: ${mismatch.event.reason}`,
      remedy: 'see who asks there in its name; behind a router or a relay, name that in identity.trustedRelays',
    });
  const contradicted = trace.last('machine.contradicted');
  if (contradicted !== undefined)
    findings.push({
      ...{ finding: 'machine-contradicted', at: contradicted.at },
      evidence: `it is taken for ${contradicted.event.machine} by its ${contradicted.event.knownBy}, and has the ${contradicted.event.others}`,
      remedy: 'correct the records of these machines: each card, UUID and serial number belongs to one',
    });
  const held = trace.last('boot.held');
  if (held !== undefined)
    findings.push({
      ...{ finding: 'attempts-used-up', at: held.at },
      evidence: held.event.reason,
      remedy: 'mend what kept its boots from being done, then "bootlayer machine release" lets it boot again',
    });
  return findings;
}
