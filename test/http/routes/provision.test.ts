import { afterEach, describe, expect, it } from 'vitest';
import type { Handing, ProvisionRequest } from '../../../src/booter/provisioning.js';
import { BootlayerError } from '../../../src/errors.js';
import { createListener } from '../../../src/http/app.js';
import { provisionRoutes } from '../../../src/http/routes/provision.js';
import { createLog } from '../../../src/log.js';

const asked: ProvisionRequest[] = [];
const logged: string[] = [];
afterEach(() => {
  asked.length = 0;
  logged.length = 0;
});

function listener(hand: () => Promise<Handing>) {
  const app = createListener(createLog('debug', { write: (line) => void logged.push(line) }));
  provisionRoutes(app, {
    hand: (request) => {
      asked.push(request);
      return hand();
    },
  });
  return app;
}

const URL = '/provision/secret-capability/seed/user-data';
const document = {
  path: 'seed/user-data',
  contentType: 'text/yaml',
  bytes: Buffer.from('#cloud-config\nname: Äpfel\n'),
};
const answered = (handing: Handing) => listener(async () => handing);

describe('/provision', () => {
  it('hands the document out with its exact length, to be kept by nobody', async () => {
    const { statusCode, headers, body } = await answered({ kind: 'document', document }).inject({ url: URL });
    expect([statusCode, body]).toEqual([200, String(document.bytes)]);
    expect(headers).toMatchObject({
      ...{ 'content-type': 'text/yaml', 'content-length': String(document.bytes.length) },
      ...{ 'cache-control': 'no-store' },
    });
    expect(asked).toEqual([
      { capability: 'secret-capability', path: 'seed/user-data', address: '127.0.0.1', isHead: false },
    ]);
  });

  it('hands bytes out as they are', async () => {
    const bytes = new Uint8Array([0x1f, 0x8b, 0, 0xff]);
    const { rawPayload, headers } = await answered({ kind: 'document', document: { ...document, bytes } }).inject({
      url: URL,
    });
    expect([rawPayload, headers['content-length']]).toEqual([Buffer.from(bytes), '4']);
  });

  it('says how long it is, and hands nothing out by that', async () => {
    const { statusCode, headers, body } = await answered({ kind: 'document', document }).inject({
      ...{ method: 'HEAD', url: URL },
    });
    expect([statusCode, body, headers['content-length']]).toEqual([200, '', String(document.bytes.length)]);
    expect(asked).toMatchObject([{ isHead: true }]);
  });

  it('answers who is not to have it as if there were nothing', async () => {
    const { statusCode, headers, payload } = await answered({ kind: 'none' }).inject({ url: URL });
    expect([statusCode, headers['cache-control']]).toEqual([404, 'no-store']);
    expect(JSON.parse(payload)).toEqual({ error: { code: 'NOT_FOUND', message: 'there is no such document' } });
  });

  it.each<[Handing, number]>([
    [{ kind: 'broken' }, 500],
    [{ kind: 'flooding' }, 429],
  ])('answers what is %j', async (handing, status) => {
    const { statusCode, payload } = await answered(handing).inject({ url: URL });
    expect(statusCode).toBe(status);
    expect(payload).not.toContain('secret-capability');
    expect(logged.join('')).not.toContain('secret-capability');
  });

  it('writes no word of it to the log, whatever goes wrong', async () => {
    const app = listener(() => Promise.reject(new BootlayerError('DISK_FULL', 'no room')));
    const { statusCode } = await app.inject({ url: URL });
    expect(statusCode).toBe(507);
    expect(logged.join('')).toContain('"url":"/provision/…/seed/user-data"');
    expect(logged.join('')).not.toContain('secret-capability');
  });

  it('takes no other method', async () => {
    const app = answered({ kind: 'document', document });
    for (const method of ['POST', 'PUT', 'DELETE'] as const) {
      const { statusCode, headers, payload } = await app.inject({ method, url: URL });
      expect([statusCode, headers['allow']]).toEqual([405, 'GET, HEAD']);
      expect(payload).not.toContain('secret-capability');
    }
    expect(asked).toEqual([]);
  });
});
