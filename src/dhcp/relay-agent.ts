import type { IpAddress } from '../net/ip.js';
import { ip4 } from './option-values.js';
import { readSuboptions } from './suboptions.js';

/**
 * What a relay says in option 82. It is read only: an answer has the option byte for byte as it came (RFC 3046, 2.2). Only what
 * came over a relay, with its giaddr, may be believed, since any client can send the same.
 */
export type RelayAgent = {
  /** The subnet of the client, where giaddr is not in it (RFC 3527). */
  readonly linkSelection: IpAddress | undefined;
  /** What is to be the server identifier, so that renewals come over the relay too (RFC 5107). */
  readonly serverIdOverride: IpAddress | undefined;
  /** For logs: where the client is plugged in, and which relay said so (RFC 3046, 3.1 and 3.2). */
  readonly circuitId: string | undefined;
  readonly remoteId: string | undefined;
};

const SUBOPTION = { circuitId: 1, remoteId: 2, linkSelection: 5, serverIdOverride: 11 } as const;

/** undefined where no relay says anything. */
export function readRelayAgent(value: Buffer | undefined): RelayAgent | undefined {
  if (value === undefined) return undefined;
  const suboptions = readSuboptions(value);
  return {
    linkSelection: ip4(suboptions.get(SUBOPTION.linkSelection)),
    serverIdOverride: ip4(suboptions.get(SUBOPTION.serverIdOverride)),
    circuitId: readable(suboptions.get(SUBOPTION.circuitId)),
    remoteId: readable(suboptions.get(SUBOPTION.remoteId)),
  };
}

/** Bytes of an id that are shown: nobody's log is to be filled by what a relay may say. */
const MAX_SHOWN = 64;

/** The text that it is (`ge-0/0/1`), or `0x` and hex digits, since many switches send numbers; `...` behind what is cut. */
function readable(value: Buffer | undefined): string | undefined {
  if (value === undefined || value.length === 0) return undefined;
  const shown = value.subarray(0, MAX_SHOWN);
  const isText = shown.every((byte) => byte >= 0x20 && byte <= 0x7e);
  const text = isText ? shown.toString('latin1') : `0x${shown.toString('hex')}`;
  return value.length > MAX_SHOWN ? `${text}...` : text;
}
