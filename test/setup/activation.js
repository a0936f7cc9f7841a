import { spawn } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { createServer } from 'node:net';

/**
 * Starts a command with sockets that are open already, as systemd does for a service (sd_listen_fds(3)):
 * `node activation.js tftp=127.0.0.1@69 http=::1@80 -- command`. It ends as the command does.
 */
const dashes = process.argv.indexOf('--');
const wanted = process.argv.slice(2, dashes).map((one) => {
  const [, name = '', address = '', port] = /^(\w+)=(.+)@(\d+)$/.exec(one) ?? [];
  return { name, address, port: Number(port) };
});

const sockets = await Promise.all(wanted.map(opened));

// The process id is known to the command alone.
const command = ['sh', '-c', 'export LISTEN_PID=$$; exec "$@"', 'sh', ...process.argv.slice(dashes + 1)];
const child = spawn('setpriv', ['--pdeathsig', 'SIGTERM', '--', ...command], {
  stdio: ['ignore', 'inherit', 'inherit', ...sockets.map(descriptorOf)],
  env: { ...process.env, LISTEN_FDS: String(wanted.length), LISTEN_FDNAMES: wanted.map(({ name }) => name).join(':') },
});
// What comes is the command's.
for (const socket of sockets) socket.close();
process.on('SIGTERM', () => child.kill('SIGTERM'));
const [code] = await once(child, 'close');
process.exit(code ?? 1);

/** @param {{ name: string, address: string, port: number }} wanted */
async function opened({ name, address, port }) {
  const isIpv6 = address.includes(':');
  const socket = name === 'tftp' ? createSocket({ type: isIpv6 ? 'udp6' : 'udp4', ipv6Only: isIpv6 }) : createServer();
  const listening = once(socket, 'listening');
  if ('bind' in socket) socket.bind(port, address);
  else socket.listen(port, address);
  await listening;
  return socket;
}

/** Node shows it nowhere else. @param {object} socket */
function descriptorOf(socket) {
  return /** @type {{ _handle: { fd: number } }} */ (socket)._handle.fd;
}
