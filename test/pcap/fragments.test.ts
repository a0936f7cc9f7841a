import { expect, it } from 'vitest';
import { Fragments } from '../../src/pcap/fragments.js';

const PIECE = { from: '192.168.77.1', to: '192.168.77.2', protocol: 17, missing: 0, id: 1, hasMore: true };

it('counts a piece that comes again as long as it is now', () => {
  const fragments = new Fragments();
  fragments.add({ ...PIECE, offset: 0, payload: Buffer.alloc(8, 1) });
  fragments.add({ ...PIECE, offset: 0, payload: Buffer.alloc(16, 2) });
  const whole = fragments.add({ ...PIECE, offset: 16, hasMore: false, payload: Buffer.alloc(8, 3) });
  expect(whole?.payload).toEqual(Buffer.concat([Buffer.alloc(16, 2), Buffer.alloc(8, 3)]));
});
