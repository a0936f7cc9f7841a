import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:net';

const FIRST = 10_000;
const TRIES = 100;

/**
 * A port of loopback that nobody has, TCP or UDP, for a program that cannot be told to take any: below those that the kernel gives
 * away by itself, since of those the next test's server or connection could get it before the program is up.
 * @returns {Promise<number>}
 */
export async function freePort() {
  const range = readFileSync('/proc/sys/net/ipv4/ip_local_port_range', 'utf8');
  const ephemeral = Number(range.split(/\s+/)[0]);
  // Where those are nearly all, one of them.
  const end = ephemeral > FIRST ? ephemeral : 65_536;
  for (let attempt = 1; attempt <= TRIES; attempt += 1) {
    const port = FIRST + Math.floor(Math.random() * (end - FIRST));
    if (await isFree(port)) return port;
  }
  throw new Error(`no port of ${FIRST} to ${end - 1} is free on 127.0.0.1`);
}

/** @param {number} port */
async function isFree(port) {
  const server = createServer();
  const socket = createSocket('udp4');
  try {
    await once(server.listen(port, '127.0.0.1'), 'listening');
    await once(socket.bind(port, '127.0.0.1'), 'listening');
    return true;
  } catch {
    return false;
  } finally {
    if (server.listening) await new Promise((resolve) => server.close(resolve));
    await new Promise((resolve) => socket.close(() => resolve(undefined)));
  }
}
