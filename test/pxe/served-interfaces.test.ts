import { describe, expect, it } from 'vitest';
import { parseSubnet } from '../../src/net/ip.js';
import { decideInterfaces, type HostInterface, type ServedInterfacesInput } from '../../src/pxe/served-interfaces.js';

const subnets = (...texts: readonly string[]) => texts.flatMap((text) => parseSubnet(text) ?? []);
const BR0: HostInterface = { name: 'br0', addresses: ['192.168.77.1'], subnets: subnets('192.168.77.0/24') };
const ETH1: HostInterface = {
  ...{ name: 'eth1', addresses: ['10.1.0.1', '10.1.0.2'], subnets: subnets('10.1.0.0/24', '10.1.0.0/16') },
};
const BARE: HostInterface = { name: 'eth2', addresses: [], subnets: [] };
/** What each of them is, when it is served. */
const servedAs = ({ name, subnets: networks }: HostInterface, address: string) => ({
  name,
  address,
  subnets: networks,
});

const sockets = (...names: readonly string[]): ServedInterfacesInput['inherited'] =>
  new Map(names.map((name, index) => [name, socketsOf(index)]));
const socketsOf = (index: number) => ({
  dhcp: { fd: 3 + 2 * index, isIpv6: false },
  pxe: { fd: 4 + 2 * index, isIpv6: false },
});

const decide = (input: Partial<ServedInterfacesInput>) =>
  decideInterfaces({ wanted: [], advertised: '192.168.77.1', host: [BR0], inherited: new Map(), ...input });

/** Elsewhere there is somebody who would not hear the answers. */
const WARNING =
  'DHCP is answered on br0 alone, and requests that come by eth1 are answered there, too, where nobody hears it: bind the sockets to br0 (bootlayer check prints the systemd units)';

describe('the interfaces that are served', () => {
  it.each<[string, Partial<ServedInterfacesInput>, unknown, readonly string[]]>([
    ['the one that has the advertised address', {}, [servedAs(BR0, '192.168.77.1')], []],
    [
      'the same where machines are told its second address',
      { advertised: '10.1.0.2', host: [ETH1, BARE] },
      [servedAs(ETH1, '10.1.0.2')],
      [],
    ],
    ['the same, with a warning of others', { host: [BR0, ETH1] }, [servedAs(BR0, '192.168.77.1')], [WARNING]],
    [
      'the one that is named, with a warning of others',
      { wanted: ['br0'], advertised: 'boot.lab', host: [ETH1, BR0, BARE] },
      [servedAs(BR0, '192.168.77.1')],
      [WARNING],
    ],
    [
      'the one that is named, though the advertised address is another’s',
      { wanted: ['eth1'], host: [ETH1] },
      [servedAs(ETH1, '10.1.0.1')],
      [],
    ],
    [
      'the one that is named, with a warning where machines there are told the address of another',
      { wanted: ['eth1'], host: [ETH1, BR0] },
      [servedAs(ETH1, '10.1.0.1')],
      [
        WARNING.replaceAll('br0', 'eth0').replaceAll('eth1', 'br0').replaceAll('eth0', 'eth1'),
        '"advertise" is the address of br0, and DHCP is answered on eth1: machines there are told to come to 192.168.77.1',
      ],
    ],
    [
      'the one that is named, by the advertised one of its addresses',
      { wanted: ['eth1'], advertised: '10.1.0.2', host: [ETH1] },
      [servedAs(ETH1, '10.1.0.2')],
      [],
    ],
    [
      'one by sockets that are bound to it: others are not heard',
      { wanted: ['br0'], host: [BR0, ETH1], inherited: sockets('br0') },
      [{ ...servedAs(BR0, '192.168.77.1'), inherited: socketsOf(0) }],
      [],
    ],
    [
      'one by a socket that is bound to it, and sends by its first address whatever is advertised',
      { advertised: '10.1.0.2', host: [ETH1], inherited: sockets('eth1') },
      [{ ...servedAs(ETH1, '10.1.0.1'), inherited: socketsOf(0) }],
      [],
    ],
    [
      'all for which there are sockets',
      { host: [BR0, ETH1], inherited: sockets('eth1', 'br0') },
      [
        { ...servedAs(ETH1, '10.1.0.1'), inherited: socketsOf(0) },
        { ...servedAs(BR0, '192.168.77.1'), inherited: socketsOf(1) },
      ],
      [],
    ],
    ['one that is named twice', { wanted: ['br0', 'br0'] }, [servedAs(BR0, '192.168.77.1')], []],
  ])('are %s', (_, input, interfaces, warnings) =>
    expect(decide(input)).toEqual({ kind: 'served', interfaces, warnings }),
  );

  it('tell of sockets for one that is not among those that are named', () => {
    const decided = decide({ wanted: ['br0'], host: [BR0, ETH1], inherited: sockets('br0', 'eth1') });
    expect(decided).toMatchObject({
      kind: 'served',
      interfaces: [{ name: 'br0' }],
      warnings: ['sockets for DHCP on eth1 are inherited, and dhcp.interfaces does not name it: nobody answers there'],
    });
  });

  it('would be several, each by its first address, with sockets that are bound to them', () => {
    const wanted = ['eth1', 'br0'];
    const withSockets = [servedAs(ETH1, '10.1.0.1'), servedAs(BR0, '192.168.77.1')];
    expect(decide({ wanted, advertised: '10.1.0.2', host: [BR0, ETH1] })).toMatchObject({
      ...{ kind: 'refused', withSockets },
    });
    const some = decide({ wanted, host: [BR0, ETH1], inherited: sockets('br0') });
    expect(some).toMatchObject({ kind: 'refused', reason: expect.stringContaining('(eth1)') as string, withSockets });
    expect(decide({ wanted: ['br0', 'not-there'] })).not.toHaveProperty('withSockets');
  });

  it('are the one where DHCP listens at its address alone, and none where answers would come from another', () => {
    const at = (listen: string, more: Partial<ServedInterfacesInput> = {}) =>
      decide({ host: [BR0, ETH1], listen, ...more });
    expect(at('10.1.0.2')).toMatchObject({ kind: 'served', interfaces: [{ name: 'eth1', address: '10.1.0.2' }] });
    expect(at('10.1.0.2', { wanted: ['eth1'] })).toMatchObject({ interfaces: [{ address: '10.1.0.2' }] });
    expect(at('10.1.0.2', { wanted: ['br0'] })).toMatchObject({
      kind: 'refused',
      remedy: 'set dhcp.listen to 0.0.0.0:67, or to 192.168.77.1:67',
    });
    expect(at('10.9.9.9')).toMatchObject({ kind: 'refused' });
  });

  it.each<[string, Partial<ServedInterfacesInput>, string, string]>([
    [
      'nothing has the advertised address',
      { advertised: '10.9.9.9', host: [BR0, ETH1, BARE] },
      'no interface of this host that is up has the advertised address 10.9.9.9, so that nothing says where to answer DHCP',
      'set dhcp.interfaces to one of br0, eth1, or "advertise" to its address',
    ],
    [
      'a name is advertised',
      { advertised: 'boot.lab' },
      'no interface of this host that is up has the advertised address boot.lab, so that nothing says where to answer DHCP',
      'set dhcp.interfaces to one of br0, or "advertise" to its address',
    ],
    [
      'there is no such interface',
      { wanted: ['br0', 'eth9'], host: [BR0, BARE] },
      'dhcp.interfaces: this host has no interface eth9, or it is down: without a cable, or a bridge with nobody on it',
      'name one of br0',
    ],
    [
      'an inherited socket is for one that is gone',
      { inherited: sockets('eth9') },
      'dhcp.interfaces: this host has no interface eth9, or it is down: without a cable, or a bridge with nobody on it',
      'name one of br0',
    ],
    [
      'the interface has no address',
      { wanted: ['eth2'], host: [BR0, BARE] },
      'the interface eth2 has no IPv4 address that machines could be told',
      'give it one, or leave it out of dhcp.interfaces',
    ],
    [
      'there are several, and no sockets',
      { wanted: ['br0', 'eth1'], host: [BR0, ETH1] },
      'several interfaces are to be served, and a socket does not tell by which of them a broadcast came in (br0, eth1)',
      'let systemd open sockets that are bound to them: bootlayer check prints the units',
    ],
    [
      'there are several, and sockets for one',
      { wanted: ['br0', 'eth1'], host: [BR0, ETH1], inherited: sockets('br0') },
      'several interfaces are to be served, and a socket does not tell by which of them a broadcast came in (eth1)',
      'let systemd open sockets that are bound to them: bootlayer check prints the units',
    ],
    [
      'there is nothing at all',
      { host: [] },
      'no interface of this host that is up has the advertised address 192.168.77.1, so that nothing says where to answer DHCP',
      'bring an interface of this host up, with a link (its cable, its switch), and give it an IPv4 address',
    ],
  ])('are none where %s', (_, input, reason, remedy) =>
    expect(decide(input)).toMatchObject({ kind: 'refused', reason, remedy }),
  );
});
