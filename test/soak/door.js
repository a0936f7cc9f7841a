/**
 * A way into a network of its own: `node door.js SOCKET PORT` inside it hands everything that comes to a Unix socket, which all networks of a
 * host share, on to a port of loopback there.
 */
import { connect, createServer } from 'node:net';

const [socket = '', port = ''] = process.argv.slice(2);
const door = createServer({ allowHalfOpen: true }, (outside) => {
  const inside = connect({ port: Number(port), host: '127.0.0.1', allowHalfOpen: true });
  for (const [one, other] of [
    [outside, inside],
    [inside, outside],
  ]) {
    one?.on('error', () => other?.destroy());
    one?.on('close', () => other?.destroy());
  }
  outside.pipe(inside).pipe(outside);
});
door.listen(socket, () => process.stdout.write('open\n'));
