import { describe, expect, it } from 'vitest';
import { readRelayAgent } from '../../src/dhcp/relay-agent.js';

const read = (digits: string) => readRelayAgent(Buffer.from(digits.replaceAll(' ', ''), 'hex'));
const NOTHING = {
  linkSelection: undefined,
  serverIdOverride: undefined,
  circuitId: undefined,
  remoteId: undefined,
};

describe('readRelayAgent', () => {
  it('reads where the client is, and as whom it is answered', () => {
    expect(
      read(`0108 ${Buffer.from('ge-0/0/1').toString('hex')} 0206 aabbccddeeff 0504 c0a84d00 0b04 0a000001`),
    ).toEqual({
      linkSelection: '192.168.77.0',
      serverIdOverride: '10.0.0.1',
      circuitId: 'ge-0/0/1',
      remoteId: '0xaabbccddeeff',
    });
  });

  it('is harmless to whoever reads it', () => {
    expect(read('0105 1b5b324a0a 0200')).toEqual({ ...NOTHING, circuitId: '0x1b5b324a0a', remoteId: undefined });
  });

  it.each([
    ['61'.repeat(64), 'a'.repeat(64)],
    ['61'.repeat(65), `${'a'.repeat(64)}...`],
    ['00'.repeat(255), `0x${'00'.repeat(64)}...`],
  ])('shows so much of it: %s', (digits, shown) => {
    const length = (digits.length / 2).toString(16).padStart(2, '0');
    expect(read(`02${length}${digits}`)).toEqual({ ...NOTHING, remoteId: shown });
  });

  it('takes no address from what is none', () => {
    expect(read('0503 c0a84d 0b05 0a00000100')).toEqual(NOTHING);
    expect(read('0504 c0a8')).toEqual(NOTHING);
    expect(read('')).toEqual(NOTHING);
  });

  it('is none where no relay says anything', () => expect(readRelayAgent(undefined)).toBeUndefined());
});
