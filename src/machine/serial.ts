/** What boards without a serial number of their own report in its place (dmidecode output of many makers), in lower case. */
const PLACEHOLDERS: ReadonlySet<string> = new Set([
  ...['to be filled by o.e.m.', 'default string', 'system serial number', 'chassis serial number', 'serial number'],
  ...['not specified', 'not applicable', 'not available', 'n/a', 'none', 'null', 'unknown', 'oem', 'o.e.m.'],
  ...['empty', 'invalid', 'ssn12345678901234567', '123456789', '0123456789', '1234567890', 'xxxxxxxxxxx'],
]);

/** A serial number that many machines share: it identifies nothing. */
export function isJunkSerial(serial: string): boolean {
  const bare = serial.trim().toLowerCase();
  return PLACEHOLDERS.has(bare) || /^([0x.* -])\1*$/.test(bare) || bare === '';
}
