import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { inheritedSockets } from '../src/inherited.js';
import { parseEndpoint } from '../src/net/endpoint.js';

const DEPLOY = fileURLToPath(new URL('../deploy/', import.meta.url));

/** The values of a key of a systemd unit. */
function unit(name: string) {
  const text = readFileSync(`${DEPLOY}${name}`, 'utf8');
  return (key: string) => [...text.matchAll(new RegExp(`^${key}=(.*)$`, 'gm'))].map(([, value = '']) => value);
}

const PORTS: Readonly<Record<string, number>> = { tftp: 69, http: 8080, https: 8443 };
const sockets = readdirSync(DEPLOY).filter((name) => name.endsWith('.socket'));

describe('the systemd units', () => {
  it('are a server and its sockets', () => {
    expect(sockets).toEqual(['bootlayer-http.socket', 'bootlayer-https.socket', 'bootlayer-tftp.socket']);
    const service = unit('bootlayer.service');
    expect(service('ExecStart')).toEqual([expect.stringMatching(/main\.js serve -c /)]);
    expect(service('AmbientCapabilities')).toEqual(['CAP_NET_BIND_SERVICE']);
  });

  it.each(sockets)('%s opens a port, and names it as the server knows it', (name) => {
    const socket = unit(name);
    const [kind = ''] = socket('FileDescriptorName');
    const parts = { env: { LISTEN_PID: '7', LISTEN_FDS: '1', LISTEN_FDNAMES: kind }, pid: 7, isIpv6: () => false };
    expect(inheritedSockets(parts)).toMatchObject({ [kind]: [expect.anything()] });
    const listen = kind === 'tftp' ? 'ListenDatagram' : 'ListenStream';
    expect(socket(listen).map((text) => parseEndpoint(text)?.port)).toEqual([PORTS[kind]]);
    expect(socket('Service').map((service) => existsSync(`${DEPLOY}${service}`))).toEqual([true]);
  });
});
