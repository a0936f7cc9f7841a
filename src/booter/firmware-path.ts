import type { MachineFacts } from '../machine/facts.js';
import { parseIp } from '../net/ip.js';
import { isJunkMac, type MacAddress, parseMac } from '../net/mac.js';
import { isJunkUuid, parseUuid, type Uuid } from '../net/uuid.js';
import { parseArchitecture } from '../oci/platform.js';

/** What the path says of the machine whose firmware asks. */
export type FirmwareAsks = { readonly mac?: MacAddress; readonly uuid?: Uuid; readonly architecture: string };

type Said = Record<'architecture' | 'mac' | 'uuid', string>;

const NOTHING = '-';

/** As a router is told of it. */
export const FIRMWARE_ROUTE = '/uefi/:architecture/:mac/:uuid/boot.efi';
const PATH = /^uefi\/(?<architecture>[^/]+)\/(?<mac>[^/]+)\/(?<uuid>[^/]+)\/boot\.efi$/;

/** Where the firmware of a machine finds what it starts: it goes by the end of the name, and not every one takes a query. */
export function firmwarePath({ mac, uuid, architecture }: FirmwareAsks): string {
  const parts = [architecture, mac?.replaceAll(':', '-') ?? NOTHING, uuid ?? NOTHING];
  return `/uefi/${parts.join('/')}/boot.efi`;
}

/** The same of such a path, without the slash that it begins with; undefined for anything else. */
export function parseFirmwarePath(path: string): FirmwareAsks | undefined {
  const groups = PATH.exec(path)?.groups as Said | undefined;
  return groups && readFirmwarePath(groups);
}

/** What the folders of such a path say, or anything else: a part that cannot be read is as good as not there. */
export function readFirmwarePath({ architecture, mac, uuid }: Said): FirmwareAsks | undefined {
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
