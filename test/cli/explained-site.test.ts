import { expect, it } from 'vitest';
import { siteOf } from '../../src/cli/explained-site.js';
import { describeError } from '../../src/errors.js';
import { parseSubnet } from '../../src/net/ip.js';
import { read } from '../fixtures/configuration-texts.js';

function refused(text: string, subnet: string): string {
  try {
    siteOf(read(text).config, { subnet: parseSubnet(subnet) ?? expect.fail() });
  } catch (thrown) {
    return describeError(thrown);
  }
  return '';
}

it('is in none but the subnets in which addresses are given', () => {
  const text =
    'advertise: 192.168.77.1\ndhcp: { mode: server, subnets: [{ subnet: 192.168.77.0/24 }, { subnet: 10.1.0.0/16 }] }';
  expect(refused(text, '10.9.0.0/16')).toBe(
    'this server gives no addresses in 10.9.0.0/16; name one of dhcp.subnets: 192.168.77.0/24, 10.1.0.0/16',
  );
  expect(refused(text, '10.1.0.0/16')).toBe('');
  expect(refused('dhcp: { mode: proxy }', '10.1.0.0/16')).toContain('; dhcp.mode is to be server for it');
});
