import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import { scanOptions } from '../../src/dhcp/options.js';
import { plainOptions, rawPacket } from '../fixtures/dhcp.js';

type Fields = { readonly sname?: string; readonly file?: string };

const scan = (options: string, fields: Fields = {}) => {
  const scanned = scanOptions(rawPacket(options, fields));
  if (scanned.kind === 'malformed') return scanned.reason;
  return Object.fromEntries([...scanned.options].map(([code, value]) => [code, value.toString('hex')]));
};

describe('scanOptions', () => {
  it.each<[string, string, Record<number, string>]>([
    ['nothing', '', {}],
    ['END alone', 'ff', {}],
    ['options as they are', '350101 0c026162 ff', { 53: '01', 12: '6162' }],
    ['PAD anywhere', '00 350101 0000 0c026162 00 ff 00', { 53: '01', 12: '6162' }],
    ['what END is missing behind', '350101 0c026162', { 53: '01', 12: '6162' }],
    ['PAD to the end', '350101 000000', { 53: '01' }],
    ['nothing behind END', '350101 ff 0c026162 0cff', { 53: '01' }],
    ['options without a value', '5000 350101 ff', { 80: '', 53: '01' }],
    ['pieces in their order', '4302 6162 350101 4301 63 4300 4302 6465 ff', { 67: '6162636465', 53: '01' }],
    ['codes and lengths inside of values as values', '2b04 ff000c05 350101 ff', { 43: 'ff000c05', 53: '01' }],
  ])('reads %s', (_, bytes, options) => expect(scan(bytes)).toEqual(options));

  it.each([
    ['0c', 12],
    ['350101 0c', 12],
    ['350101 0c01', 12],
    ['350101 0c0361 62', 12],
    ['350101 36ff c0a84d01 ff', 54],
  ])('refuses what is cut off: %s', (bytes, code) => expect(scan(bytes)).toBe(`its option ${code} is cut off`));

  it('remembers the order in which they came first', () => {
    const scanned = scanOptions(rawPacket('4301 61 350101 0c01 62 350102 4301 63 ff'));
    expect(scanned.kind === 'options' && [...scanned.options.keys()]).toEqual([67, 53, 12]);
  });
});

describe('overload', () => {
  const file = '4302 6162 ff 4301 7a';
  const sname = '00 4301 63 0c01 64';
  const hex = (text: string) => text.replaceAll(' ', '');
  const fields = { file: hex(file), sname: hex(sname) };

  it.each<[string, string, Record<number, string>]>([
    ['file', '340101 350101 ff', { 53: '01', 67: '6162' }],
    ['sname', '340102 350101 ff', { 53: '01', 67: '63', 12: '64' }],
    ['file, then sname', '350101 340103 ff', { 53: '01', 67: '616263', 12: '64' }],
    ['both, behind what comes first', '4301 7a 340103', { 67: '7a616263', 12: '64' }],
    ['neither, for 0', '340100 350101', { 53: '01' }],
    ['neither, for what is no value of it', '340104 350101', { 53: '01' }],
    ['neither, for what has the bits and more', '340107 350101', { 53: '01' }],
    ['neither, for two bytes', '34020101 350101', { 53: '01' }],
    ['neither, for none', '3400 350101', { 53: '01' }],
    ['what the first says, for two', '340101 350101 340102', { 53: '01', 67: '6162' }],
    ['neither, where END comes before', '350101 ff 340103', { 53: '01' }],
  ])('reads %s', (_, bytes, options) => expect(scan(bytes, fields)).toEqual(options));

  it('does not go on from one field to another', () => {
    const inFile = { file: hex('340102 0c0161 ff'), sname: hex('0c0162 ff') };
    expect(scan('340101 ff', inFile)).toEqual({ 12: '61' });
  });

  it('refuses what a field cuts off, and not what fills it', () => {
    const filling = `0c3e${'61'.repeat(62)}`;
    expect(scan('340102', { sname: filling })).toEqual({ 12: '61'.repeat(62) });
    expect(scan('340102', { sname: `00${filling}`.slice(0, 128) })).toBe('its option 12 is cut off');
    expect(scan('340101', { file: `${'00'.repeat(127)}0c` })).toBe('its option 12 is cut off');
  });

  it('says which fields hold options, whose texts are none', () => {
    expect(scanOptions(rawPacket('340101'))).toMatchObject({ inFile: true, inSname: false });
    expect(scanOptions(rawPacket('340102'))).toMatchObject({ inFile: false, inSname: true });
    expect(scanOptions(rawPacket('340103'))).toMatchObject({ inFile: true, inSname: true });
    expect(scanOptions(rawPacket('ff'))).toMatchObject({ inFile: false, inSname: false });
  });
});

describe('any options', () => {
  it('are what a plainer reading says', () => {
    fc.assert(
      fc.property(area(600), area(128), area(64), (main, file, sname) => {
        const bytes = rawPacket(main, { file: file.slice(0, 256), sname: sname.slice(0, 128) });
        const scanned = scanOptions(bytes);
        expect(scanned.kind === 'options' ? scanned.options : undefined).toEqual(plainOptions(bytes));
      }),
      { numRuns: 1_000 },
    );
  });

  it('are views of the packet, unless they came in pieces', () => {
    const bytes = rawPacket('0c026162 4301 61 4301 62');
    const scanned = scanOptions(bytes);
    bytes.fill(0x7a, 240);
    expect(scanned.kind === 'options' && scanned.options).toEqual(
      new Map([
        [12, Buffer.from('zz')],
        [67, Buffer.from('ab')],
      ]),
    );
  });

  it('are joined once, however many pieces there are', () => {
    const bytes = rawPacket('0100'.repeat(32_000));
    const concat = vi.spyOn(Buffer, 'concat');
    const scanned = scanOptions(bytes);
    expect(concat).toHaveBeenCalledTimes(1);
    concat.mockRestore();
    expect(scanned.kind === 'options' && scanned.options).toEqual(new Map([[1, Buffer.alloc(0)]]));
  });
});

/** Options, or nearly so, in hex: few codes, so that some come again, and 52 is among them. */
function area(maxBytes: number): fc.Arbitrary<string> {
  const value = fc.uint8Array({ maxLength: 20 }).map((bytes) => Buffer.from(bytes).toString('hex'));
  const option = fc
    .tuple(fc.constantFrom('01', '0c', '34', '35', '43', 'fe'), value)
    .map(([code, hex]) => `${code}${(hex.length / 2).toString(16).padStart(2, '0')}${hex}`);
  const overload = fc.constantFrom('340101', '340102', '340103', '340104');
  const odd = fc.constantFrom('00', '0000', 'ff', '0c', '0cff');
  const part = fc.oneof({ weight: 6, arbitrary: option }, { weight: 2, arbitrary: overload }, odd);
  return fc.array(part, { maxLength: 12 }).map((parts) => parts.join('').slice(0, 2 * maxBytes));
}
