import type { MachineFacts } from '../machine/facts.js';
import { parseIp } from '../net/ip.js';
import { isJunkMac, type MacAddress, parseMac } from '../net/mac.js';
import { isJunkUuid, parseUuid, type Uuid } from '../net/uuid.js';
import { parseArchitecture } from '../oci/platform.js';

/** What the path says of the machine whose firmware asks. */
export type FirmwareAsks = { readonly mac?: MacAddress; readonly uuid?: Uuid; readonly architecture: string };

const NOTHING = '-';

/** Where the firmware of a machine finds what it starts: it goes by the end of the name, and not every one takes a query. */
export function firmwarePath({ mac, uuid, architecture }: FirmwareAsks): string {
  const parts = [architecture, mac?.replaceAll(':', '-') ?? NOTHING, uuid ?? NOTHING];
  return `/uefi/${parts.join('/')}/boot.efi`;
}

/** What such a path says, or anything else: a part that cannot be read is as good as not there. */
export function readFirmwarePath({
  architecture,
  mac,
  uuid,
}: Record<'architecture' | 'mac' | 'uuid', string>): FirmwareAsks | undefined {
  const [goArchitecture, readMac, readUuid] = [parseArchitecture(architecture), parseMac(mac), parseUuid(uuid)];
  if (goArchitecture === undefined) return undefined;
  return {
    ...(readMac !== undefined && { mac: readMac }),
    ...(readUuid !== undefined && { uuid: readUuid }),
    architecture: goArchitecture,
  };
}

/** What machines are judged by, of what the path says that UEFI HTTP Boot was told to ask for. */
export function factsFromFirmware({ mac, uuid, architecture }: FirmwareAsks, sourceAddress: string): MachineFacts {
  const ip = parseIp(sourceAddress);
  return {
    macs: mac === undefined || isJunkMac(mac) ? [] : [mac],
    ...(uuid !== undefined && !isJunkUuid(uuid) && { uuid }),
    ...(ip !== undefined && { ip }),
    architecture,
    firmware: ['uefi-http'],
    sourceAddress,
  };
}
