import { describe, expect, it } from 'vitest';
import { ASSIGNMENT, read, refusal } from '../fixtures/configuration-texts.js';

describe('environment variables', () => {
  it('override scalars, and may be the only place that says them', () => {
    const { config } = read('http: { listen: "0.0.0.0:1" }', {
      BOOTLAYER_HTTP_LISTEN: '127.0.0.1:2',
      BOOTLAYER_API_LISTEN: '127.0.0.1:3',
      BOOTLAYER_DATA: 'here',
      BOOTLAYER_DEFAULT_REGISTRY: 'LAB:5000',
    });
    expect([config.http.listen.port, config.api.listen.port, config.data]).toEqual([2, 3, '/etc/bootlayer/here']);
  });

  it('override what lies deeper, and what is true or false', () => {
    const { config } = read('http: { trustedProxies: 127.0.0.1 }', {
      BOOTLAYER_HTTP_ACCEL_REDIRECT: '/cache/',
      BOOTLAYER_IDENTITY_VERIFY: 'false',
    });
    expect([config.http.accelRedirect, config.identity.verify]).toEqual(['/cache/', false]);
  });

  it('are named when they are wrong', () => {
    expect(refusal('', { BOOTLAYER_HTTP_LISTEN: 'x' })).toMatch(
      /^BOOTLAYER_HTTP_LISTEN: http\.listen: "x" is not address:port/,
    );
    expect(refusal('', { BOOTLAYER_TFTP_MAX_BLOCK_SIZE: '7' })).toMatch(
      /^BOOTLAYER_TFTP_MAX_BLOCK_SIZE: tftp\.maxBlockSize: must be a whole number/,
    );
    expect(refusal('', { BOOTLAYER_HTTP_TLS_CERT: '/x' })).toMatch(/http\.tls\.key: is missing$/);
  });

  it('are not taken for a key with dots', () => {
    expect(refusal('http.listen: 5', { BOOTLAYER_HTTP_LISTEN: '127.0.0.1:0' })).toMatch(
      /^\/etc\/bootlayer\/bootlayer\.yaml:1:1: http\.listen: unknown key/,
    );
  });

  it('that are unknown are warnings, since orchestrators inject some', () => {
    const { warnings } = read(`${ASSIGNMENT} }]`, {
      BOOTLAYER_PORT_8080_TCP: 'x',
      BOOTLAYER_HTTP_LISTN: 'y',
      OTHER: 'z',
    });
    expect(warnings).toEqual([
      'BOOTLAYER_HTTP_LISTN is no setting and was ignored; did you mean BOOTLAYER_HTTP_LISTEN?',
      'BOOTLAYER_PORT_8080_TCP is no setting and was ignored',
    ]);
  });
});
