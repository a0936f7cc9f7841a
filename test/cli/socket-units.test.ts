import { expect, it } from 'vitest';
import { parseSocketUnits } from '../../src/cli/socket-units.js';

it('reads which services systemd holds ports for', () => {
  const text = `/run/dbus/system_bus_socket Stream   dbus.socket            dbus.service
kobject-uevent 1            Netlink  systemd-udevd-kernel.socket systemd-udevd.service
0.0.0.0:69                  Datagram bootlayer-tftp.socket  bootlayer.service
[::]:80                     Stream   http.socket            -
*:22                        Stream   ssh.socket             ssh.service
`;
  expect(parseSocketUnits(text)).toEqual([
    { transport: 'udp', port: 69, unit: 'bootlayer-tftp.socket', service: 'bootlayer.service' },
    { transport: 'tcp', port: 80, unit: 'http.socket' },
    { transport: 'tcp', port: 22, unit: 'ssh.socket', service: 'ssh.service' },
  ]);
});
