import { describe, expect, it } from 'vitest';
import { proxiesFrom } from '../../src/oci/proxy.js';

const ENV = { HTTP_PROXY: 'http://plain:3128', https_proxy: 'secure:3129' };
const ask = (url: string, no_proxy = '', env: Record<string, string> = ENV) =>
  proxiesFrom({ ...env, no_proxy })(new URL(url))?.href;

describe('proxiesFrom', () => {
  it('goes by the scheme of what is asked', () => {
    expect([ask('http://registry.lab/'), ask('https://registry.lab/')]).toEqual([
      'http://plain:3128/',
      'http://secure:3129/',
    ]);
    expect(ask('https://registry.lab/', '', {})).toBeUndefined();
    expect(ask('https://registry.lab/', '', { https_proxy: '', HTTPS_PROXY: 'https://p' })).toBe('https://p/');
  });

  it.each([
    ['*', 'registry.lab'],
    ['registry.lab', 'registry.lab'],
    ['registry.lab', 'a.registry.lab'],
    ['.lab', 'registry.lab'],
    ['*.lab', 'registry.lab'],
    ['LAB', 'registry.lab'],
    ['other, registry.lab', 'registry.lab'],
    ['registry.lab:443', 'registry.lab'],
    ['registry.lab:5000', 'registry.lab:5000'],
    ['10.0.0.0/8', '10.1.2.3:5000'],
    ['10.1.2.3', '10.1.2.3'],
    ['fd00::/8', '[fd00::1]'],
    ['[fd00::1]', '[fd00::1]'],
  ])('leaves it out for %s: %s', (list, host) => expect(ask(`https://${host}/`, list)).toBeUndefined());

  it.each([
    ['registry.la', 'registry.lab'],
    ['gistry.lab', 'registry.lab'],
    ['registry.lab:5000', 'registry.lab'],
    ['10.0.0.0/8', '11.1.2.3'],
    ['10.0.0.0/8', 'registry.lab'],
    ['.', 'registry.lab'],
  ])('takes it in spite of %s: %s', (list, host) => expect(ask(`https://${host}/`, list)).toBe('http://secure:3129/'));

  it.each(['localhost:5000', 'a.localhost', '127.0.0.1', '127.1.2.3:5000', '[::1]:5000'])(
    'never sends what is for this host, %s, elsewhere',
    (host) => expect(ask(`https://${host}/`)).toBeUndefined(),
  );

  it.each(['socks5://user:secret@p', 'http://', 'a b', 'http://us%er:secret@p'])(
    'refuses %j, and does not repeat it',
    (proxy) => {
      expect(() => proxiesFrom({ HTTPS_PROXY: proxy })).toThrow(
        /^the environment's HTTPS_PROXY is no URL of an HTTP proxy$/,
      );
    },
  );
});
