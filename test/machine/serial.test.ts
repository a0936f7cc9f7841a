import { describe, expect, it } from 'vitest';
import { isJunkSerial } from '../../src/machine/serial.js';

describe('isJunkSerial', () => {
  it.each(['To be filled by O.E.M.', 'Default string', ' None ', '0', '00000000', 'xxxx', '....', '123456789'])(
    '%j identifies nothing',
    (serial) => expect(isJunkSerial(serial)).toBe(true),
  );

  it.each(['0012345', 'S1', 'CZ3421XKQ9', 'None1', '1', '11'])('%j identifies a machine', (serial) =>
    expect(isJunkSerial(serial)).toBe(false),
  );
});
