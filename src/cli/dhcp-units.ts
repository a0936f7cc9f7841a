import { PORT } from '../dhcp/ports.js';
import { ALL_IP4 } from '../net/endpoint.js';

/** systemd's, of the sockets of one interface: a file's name, and what is in it. */
export type Unit = { readonly file: string; readonly text: string };

const PORTS = { dhcp: PORT.server, pxe: PORT.bootServer } as const;

/** So that the server can tell by which of several interfaces a request came in (systemd.socket(5)). Pure. */
export function dhcpUnits(interfaces: readonly string[]): readonly Unit[] {
  return interfaces.flatMap((name) => (['dhcp', 'pxe'] as const).map((kind) => unitOf(kind, name)));
}

function unitOf(kind: keyof typeof PORTS, name: string): Unit {
  const lines = [
    '[Unit]',
    `Description=Bootlayer's port ${PORTS[kind]} on ${name}`,
    '',
    '[Socket]',
    `ListenDatagram=${ALL_IP4}:${PORTS[kind]}`,
    `BindToDevice=${name}`,
    'Broadcast=true',
    `FileDescriptorName=${kind}-${name}`,
    'Service=bootlayer.service',
    '',
    '[Install]',
    'WantedBy=sockets.target',
  ];
  return { file: `bootlayer-${kind}-${name}.socket`, text: `${lines.join('\n')}\n` };
}
