import { once } from 'node:events';
import { connect } from 'node:net';
import fc from 'fast-check';
import { expect, it, onTestFinished } from 'vitest';
import { writeConfiguration } from '../fixtures/configuration.js';
import { temporaryFolder } from '../fixtures/folder.js';
import { type LogLine, startServer } from '../setup/server.js';

/** Nothing that comes from the network ends or hangs the process. */

const token = fc.constantFrom(
  ...[
    'GET',
    'HEAD',
    'PUT',
    ' ',
    '/',
    '//',
    '/boot.ipxe',
    '/boot/script?',
    '/blobs/sha256/',
    'a'.repeat(64),
    '/x',
    '%00',
    '%zz',
    '..',
  ],
  ...[
    'mac=',
    '&uuid=',
    '${x}',
    '&&',
    '#',
    ' HTTP/1.1',
    ' HTTP/0.9',
    '\r\n',
    '\n',
    '\r\n\r\n',
    'Host: x',
    'Range: bytes=0-',
    '-5,3-',
  ],
  ...[
    'If-Match: "',
    'Content-Length: 9',
    'Transfer-Encoding: chunked',
    'Connection: close',
    'Expect: 100-continue',
    '\0',
    '\xff',
  ],
);
const request = fc.array(fc.oneof({ weight: 8, arbitrary: token }, fc.string()), { maxLength: 20 });
const query = fc.dictionary(
  fc.constantFrom('mac', 'uuid', 'serial', 'buildarch', 'platform', 'ip', 'attempt'),
  fc.string(),
);

/** What the server says to these bytes before it or we hang up. */
async function say(port: number, text: string): Promise<void> {
  const socket = connect({ host: '127.0.0.1', port });
  socket.on('error', () => undefined);
  socket.setTimeout(200, () => socket.destroy());
  socket.end(Buffer.from(text, 'latin1'));
  socket.resume();
  await once(socket, 'close');
}

it('survives whatever is said to it', async () => {
  const log: LogLine[] = [];
  const config = await writeConfiguration(await temporaryFolder(), {
    assignments: ['{ name: all, match: {}, image: "oci:nothing:1" }'],
  });
  const server = await startServer(config, { onLog: (line) => log.push(line) });
  onTestFinished(async () => void (await server.stop()));
  const port = Number(server.http.split(':').at(-1));
  await fc.assert(
    fc.asyncProperty(fc.array(request, { minLength: 20, maxLength: 20 }), async (requests) => {
      await Promise.all(requests.map((parts) => say(port, parts.join(''))));
      expect((await fetch(`http://${server.http}/healthz`)).status).toBe(200);
    }),
    { numRuns: 100 },
  );
  await fc.assert(
    fc.asyncProperty(query, async (fields) => {
      const script = await (
        await fetch(`http://${server.http}/boot/script?${new URLSearchParams(fields).toString()}`)
      ).text();
      expect(script.startsWith('#!ipxe\n')).toBe(true);
      for (const line of script.split('\n').filter((text) => text.startsWith('echo'))) {
        expect(line).not.toMatch(/\$\{|[^\x20-\x7e]|(^|\s)(&&|\|\||;|#\S*)(\s|$)/);
      }
    }),
    { numRuns: 2_000 },
  );
  expect(log.filter(({ level }) => Number(level) >= 50)).toEqual([]);
});
