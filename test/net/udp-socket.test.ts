import { describe, expect, it, onTestFinished } from 'vitest';
import { openUdpPort } from '../../src/net/udp-socket.js';

async function port(address: string) {
  const opened = await openUdpPort({ address, port: 0 });
  onTestFinished(() => opened.close().catch(() => undefined));
  return opened;
}

describe('a UDP port', () => {
  it.each(['127.0.0.1', '::1'])('of %s sends and receives', async (address) => {
    const [one, other] = [await port(address), await port(address)];
    const received: string[] = [];
    other.receive((bytes, from) => received.push(`${bytes.toString()} ${from.address} ${from.port}`));
    one.send(Buffer.from('hello'), other.local);
    one.send(Buffer.alloc(0), other.local);
    await expect.poll(() => received).toEqual([`hello ${address} ${one.local.port}`, ` ${address} ${one.local.port}`]);
  });

  it('that is taken is the system’s error', async () => {
    const { local } = await port('127.0.0.1');
    await expect(openUdpPort(local)).rejects.toMatchObject({ code: 'EADDRINUSE' });
  });

  it('takes what the system does not send for lost', async () => {
    const one = await port('127.0.0.1');
    one.send(Buffer.alloc(70_000), one.local);
    one.send(Buffer.from('x'), { address: '255.255.255.255', port: 9 });
    const received: string[] = [];
    one.receive((bytes) => received.push(bytes.toString()));
    one.send(Buffer.from('still there'), one.local);
    await expect.poll(() => received).toEqual(['still there']);
  });
});
