import type { Firmware, MachineFacts } from '../machine/facts.js';
import { isJunkSerial } from '../machine/serial.js';
import { parseIp } from '../net/ip.js';
import { isJunkMac, type MacAddress, parseMac } from '../net/mac.js';
import { isJunkUuid, parseUuid } from '../net/uuid.js';
import { parseArchitecture } from '../oci/platform.js';
import { reportedMemory } from './reported-memory.js';

/** The query of /boot/script as it came: anything at all, any number of times. */
export type ScriptQuery = Readonly<Record<string, unknown>>;

/** SMBIOS strings are 64 bytes by tradition; whatever is longer says nothing about a machine. */
const MAX_TEXT = 256;
const MAX_MACS = 16;

/**
 * What iPXE says of its machine, read tolerantly: a value that is empty, unreadable or junk is as good as not reported,
 * so that a machine with an odd SMBIOS still boots by its MAC.
 */
export function factsFromQuery(query: ScriptQuery, sourceAddress: string): MachineFacts {
  const text = (name: string) => firstText(query[name]);
  const uuid = parsed(text('uuid'), parseUuid);
  const architecture = parsed(text('buildarch') ?? text('arch'), parseArchitecture);
  const firmware = firmwareOf(text('platform'));
  const serial = text('serial');
  const secureBoot = secureBootOf(text('secureboot'));
  const memory = reportedMemory({ memsize: text('memory'), modules: text('modules') });
  const ip = parsed(text('ip'), parseIp) ?? parseIp(sourceAddress);
  return {
    macs: macsOf(query.mac),
    ...(uuid !== undefined && !isJunkUuid(uuid) && { uuid }),
    ...present('serial', serial !== undefined && isJunkSerial(serial) ? undefined : serial),
    ...present('asset', text('asset')),
    ...present('manufacturer', text('manufacturer')),
    ...present('product', text('product')),
    ...present('hostname', text('hostname')),
    ...(ip !== undefined && { ip }),
    ...(architecture !== undefined && { architecture }),
    ...(firmware !== undefined && { firmware }),
    ...(secureBoot !== undefined && { secureBoot }),
    ...(memory !== undefined && { memory }),
    sourceAddress,
  };
}

/** How often this machine asked before, from its own word: it only bounds the machine's own patience. */
export function attemptOf(query: ScriptQuery): number {
  const attempt = Number(firstText(query.attempt) ?? '1');
  return Number.isSafeInteger(attempt) && attempt >= 1 ? attempt : 1;
}

/** A machine may name several of its cards, the one that boots first. */
function macsOf(value: unknown): readonly MacAddress[] {
  const texts: readonly unknown[] = Array.isArray(value) ? value.slice(0, MAX_MACS) : [value];
  const macs = texts.flatMap((text) => parsed(firstText(text), parseMac) ?? []);
  return [...new Set(macs.filter((mac) => !isJunkMac(mac)))];
}

/** `platform=efi` alone leaves open whether the firmware came by PXE or by HTTP Boot. */
function firmwareOf(platform: string | undefined): readonly Firmware[] | undefined {
  if (platform === 'pcbios') return ['bios'];
  return platform === 'efi' ? ['uefi', 'uefi-http'] : undefined;
}

/** The variable of UEFI, which builds of iPXE before the summer of 2023 do not know (UEFI 2.10, 3.3). */
function secureBootOf(said: string | undefined): boolean | undefined {
  return said === '1' || said === '0' ? said === '1' : undefined;
}

function firstText(value: unknown): string | undefined {
  const first: unknown = Array.isArray(value) ? value[0] : value;
  return typeof first === 'string' && first !== '' && first.length <= MAX_TEXT ? first : undefined;
}

function parsed<T>(text: string | undefined, parse: (text: string) => T | undefined): T | undefined {
  return text === undefined ? undefined : parse(text);
}

function present<K extends string>(name: K, value: string | undefined): { [P in K]?: string } {
  return value === undefined ? {} : ({ [name]: value } as { [P in K]: string });
}
