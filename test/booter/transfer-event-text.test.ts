import { expect, it } from 'vitest';
import type { ArtifactTransfer } from '../../src/boot/event.js';
import { describeTransfer } from '../../src/booter/transfer-event-text.js';
import { digestOf } from '../../src/oci/digest.js';

const OF = { machine: 'node-01', address: '10.0.2.15', protocol: 'http', role: 'iso' } as const;
const transfer = (more: Partial<ArtifactTransfer> = {}) => ({ ...OF, digest: digestOf(Buffer.from('iso')), ...more });
const result = { bytes: 2 * 1024 * 1024, seconds: 3.2 };
const disc = transfer({ isDisc: true });

it.each([
  [{ event: 'artifact.started', ...transfer() } as const, 'node-01 fetches the iso'],
  [{ event: 'artifact.started', ...disc } as const, 'node-01 reads the iso'],
  [
    { event: 'artifact.sent', ...transfer({ range: '7-9' }), ...result } as const,
    'node-01 has the iso (bytes 7-9), 2.0 MiB in 3.20 s',
  ],
  [
    { event: 'artifact.sent', ...disc, ...result, reads: 950 } as const,
    'node-01 has read the iso as a disc, 2.0 MiB in 3.20 s by 950 reads',
  ],
  [
    { event: 'artifact.sent', ...disc, ...result, reads: 1 } as const,
    'node-01 has read the iso as a disc, 2.0 MiB in 3.20 s by 1 read',
  ],
  [
    { event: 'artifact.aborted', ...disc, ...result, reads: 2, reason: 'the client is gone' } as const,
    'node-01 broke off reading the iso as a disc, 2.0 MiB in 3.20 s by 2 reads: the client is gone',
  ],
])('tells of what goes to a machine: %#', (event, text) => expect(describeTransfer(event)).toBe(text));
