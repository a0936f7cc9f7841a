import { spawn } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { createServer } from 'node:net';

/**
 * Starts a command with sockets that are open already, as systemd does for a service (sd_listen_fds(3)):
 * `node activation.js tftp=127.0.0.1@69 http=::1@80 dhcp-br0=0.0.0.0@67 -- command`. It ends as the command does. The last is
 * bound to the interface that it names, too (BindToDevice=, systemd.socket(5)).
 */
const dashes = process.argv.indexOf('--');
const asked = process.argv.slice(2, dashes).map((one) => {
  const [, name = '', card, address = '', port] = /^(\w+(?:-(.+?))?)=(.+)@(\d+)$/.exec(one) ?? [];
  return { name, card, address, port: Number(port) };
});

/** Node cannot bind a socket to an interface; perl, which every Debian has, can: it adds them to those that it inherits. */
const BINDER = `
  use Socket;
  $^F = 255;
  my @kept;
  while ((my $one = shift) ne '--') {
    my ($card, $address, $port) = split /,/, $one;
    socket(my $socket, PF_INET, SOCK_DGRAM, 0) or die "socket: $!";
    setsockopt($socket, SOL_SOCKET, 25, $card) or die "$card: $!";
    bind($socket, sockaddr_in($port, inet_aton($address))) or die "$one: $!";
    push @kept, $socket;
  }
  exec @ARGV or die "exec: $!";
`;
const ofCards = asked.filter(({ card }) => card !== undefined);
const others = asked.filter(({ card }) => card === undefined);
const binder = ['perl', '-e', BINDER, ...ofCards.map(({ card, address, port }) => `${card},${address},${port}`), '--'];

const sockets = await Promise.all(others.map(opened));

// The process id is known to the command alone.
const command = ['sh', '-c', 'export LISTEN_PID=$$; exec "$@"', 'sh', ...process.argv.slice(dashes + 1)];
const names = [...others, ...ofCards].map(({ name }) => name);
const opener = ofCards.length === 0 ? [] : binder;
const child = spawn('setpriv', ['--pdeathsig', 'SIGTERM', '--', ...opener, ...command], {
  stdio: ['ignore', 'inherit', 'inherit', ...sockets.map(descriptorOf)],
  env: { ...process.env, LISTEN_FDS: String(names.length), LISTEN_FDNAMES: names.join(':') },
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
