import { once } from 'node:events';
import { connect } from 'node:net';
import { expect, it } from 'vitest';
import { createListener } from '../../src/http/app.js';
import { closeListener, listen } from '../../src/http/listen.js';
import { createLog } from '../../src/log.js';
import { type IpAddress, parseIp } from '../../src/net/ip.js';

it('a connection on which nothing came keeps no server from ending, and one on which something is asked is answered', async () => {
  const app = createListener(createLog('silent', { write: () => undefined }));
  let answer: ((text: string) => void) | undefined;
  app.get('/', () => new Promise<string>((resolve) => (answer = resolve)));
  const { port } = await listen(app, { host: parseIp('127.0.0.1') as IpAddress, port: 0 }, 'http.listen');
  const [silent, asking] = [connect(port, '127.0.0.1'), connect(port, '127.0.0.1')];
  await Promise.all([once(silent, 'connect'), once(asking, 'connect')]);
  asking.write('GET / HTTP/1.1\r\nhost: x\r\n\r\n');
  await expect.poll(() => answer).toBeDefined();
  let isEnded = false;
  const ending = closeListener(app).then(() => (isEnded = true));
  await once(silent.resume(), 'close');
  expect(isEnded).toBe(false);
  answer?.('here it is');
  let text = '';
  for await (const chunk of asking.setEncoding('latin1')) text += chunk;
  expect(text).toContain('here it is');
  await ending;
});
