import { describe, expect, it } from 'vitest';
import { createListener } from '../../../src/http/app.js';
import { bootRoutes } from '../../../src/http/routes/boot.js';
import { healthRoutes } from '../../../src/http/routes/health.js';
import { metricsRoutes } from '../../../src/http/routes/metrics.js';
import { createLog } from '../../../src/log.js';
import { createMetrics } from '../../../src/metrics.js';
import { testBooter } from '../../fixtures/booter.js';
import { MAC } from '../../fixtures/mappings.js';

function listener({ ready = true } = {}) {
  const { booter } = testBooter();
  const app = createListener(createLog('silent', { write: () => undefined }));
  bootRoutes(app, booter);
  healthRoutes(app, () => ready);
  metricsRoutes(app, createMetrics(), async () => undefined);
  return app;
}

describe('the boot listener', () => {
  it('answers scripts with their exact length, as text, never to be kept', async () => {
    const response = await listener().inject(`/boot/script?mac=${MAC}&buildarch=x86_64`);
    expect(response.statusCode).toBe(200);
    expect(response.headers).toMatchObject({
      'content-type': 'text/plain',
      'cache-control': 'no-store',
      'content-length': String(response.rawPayload.length),
    });
    expect(response.headers['transfer-encoding']).toBeUndefined();
    expect(response.payload.startsWith('#!ipxe\n')).toBe(true);
  });

  it('never looks at the Host header, from which EDK2 leaves the port out', async () => {
    const response = await listener().inject({ url: '/boot.ipxe', headers: { host: 'evil.example' } });
    expect(response.payload).toContain('http://10.0.2.2:8080/boot/script?');
    expect(response.payload).not.toContain('evil');
  });

  it('takes doubled slashes', async () => {
    expect((await listener().inject('//boot.ipxe')).statusCode).toBe(200);
  });

  it.each([
    '/boot/script?mac=%zz&mac=2&uuid[a]=b&__proto__=1',
    `/boot/script?serial=${'x'.repeat(4000)}`,
    '/boot/script',
  ])('answers %s with a script, whatever it means', async (url) =>
    expect((await listener().inject(url)).payload.startsWith('#!ipxe\n')).toBe(true),
  );

  it('says what it is, and whether it may be sent machines', async () => {
    expect((await listener({ ready: false }).inject('/healthz')).statusCode).toBe(200);
    expect((await listener({ ready: false }).inject('/readyz')).statusCode).toBe(503);
    expect((await listener().inject('/readyz')).statusCode).toBe(200);
    expect((await listener().inject('/metrics')).payload).toContain('bootlayer_scripts_total');
  });

  it('explains errors in JSON of a known length', async () => {
    const response = await listener().inject({ method: 'POST', url: '/boot.ipxe' });
    expect(response.statusCode).toBe(404);
    expect(response.json()).toEqual({ error: { code: 'NOT_FOUND', message: 'there is nothing at POST /boot.ipxe' } });
    expect(response.headers['content-length']).toBe(String(response.rawPayload.length));
  });
});
